"""Muon's updates are those that NumPy makes of the published formulas, and as orthogonal as they are said to be."""

import keras
import numpy as np
import pytest

from lowres.networks.training.muon import Muon, orthogonalised

RATE, DECAY = 0.1, 0.05
SHAPE = (3, 3, 4, 6)


def drawn(shape, seed):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def iterated(matrix):
    """Jordan 2024: x <- a x + b (x x^T) x + c (x x^T)^2 x three times, in float64."""
    x = matrix.astype(np.float64) / np.linalg.norm(matrix)
    for _ in range(3):
        square = x @ x.T
        x = 3.4445 * x - 4.7750 * square @ x + 2.0315 * square @ square @ x
    return x


@pytest.mark.parametrize("shape", [(5, 12), (12, 5), (7, 7)])
def test_a_matrix_keeps_its_directions_and_loses_its_lengths(shape):
    matrix = drawn(shape, 1)
    found = keras.ops.convert_to_numpy(orthogonalised(keras.ops.convert_to_tensor(matrix)))
    assert found.dtype == np.float32
    # Products in bfloat16 have eight bits.
    np.testing.assert_allclose(found, iterated(matrix), atol=0.08)
    left, lengths, right = np.linalg.svd(matrix, full_matrices=False)
    inner = left.T @ found @ right.T
    np.testing.assert_allclose(inner - np.diag(np.diag(inner)), 0, atol=0.05)
    large = lengths > lengths.max() / 2
    assert (np.diag(inner)[large] > 0.5).all()
    assert (np.diag(inner) < 1.4).all()


def built(variables, **options):
    optimizer = Muon(RATE, momentum=0.85, nesterov=True, **options)
    optimizer.build(variables)
    return optimizer


def updated(variables, optimizer, rounds):
    for gradients in rounds:
        optimizer.apply([keras.ops.convert_to_tensor(one) for one in gradients], variables)
    return [np.array(keras.ops.convert_to_numpy(one.value)) for one in variables]


def test_a_kernel_is_kept_at_one_length_and_moved_by_an_orthogonal_step():
    start, gradients = drawn(SHAPE, 2), [drawn(SHAPE, seed) for seed in (3, 4)]
    kernel = keras.Variable(start, name="kernel")
    (found,) = updated([kernel], built([kernel]), [[one] for one in gradients])
    expected, momentum = start.astype(np.float64), np.zeros(SHAPE)
    for gradient in gradients:
        momentum = 0.6 * momentum + gradient
        ahead = (gradient + 0.6 * momentum).reshape(-1, SHAPE[-1])
        expected = expected * np.sqrt(SHAPE[-1]) / np.linalg.norm(expected)
        expected = expected - RATE * iterated(ahead.T).T.reshape(SHAPE)
    np.testing.assert_allclose(found, expected, atol=0.01)


@pytest.mark.parametrize("shape", [(6,), (4, 3), (3, 3, 4, 1), (3, 3, 1, 4)])
def test_all_else_is_moved_by_nesterov_momentum(shape):
    start, gradients = drawn(shape, 5), [drawn(shape, seed) for seed in (6, 7)]
    variable = keras.Variable(start, name="other")
    (found,) = updated([variable], built([variable]), [[one] for one in gradients])
    expected, velocity = start.astype(np.float64), np.zeros(shape)
    for gradient in gradients:
        velocity = 0.85 * velocity - RATE * gradient
        expected = expected + 0.85 * velocity - RATE * gradient
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_decay_is_of_what_is_no_kernel():
    kernel, offset = keras.Variable(drawn(SHAPE, 8), name="kernel"), keras.Variable(drawn((6,), 9), name="beta")
    before = np.array(keras.ops.convert_to_numpy(offset.value))
    optimizer = built([kernel, offset], weight_decay=DECAY)
    still = [np.zeros(SHAPE, np.float32), np.zeros(6, np.float32)]
    kernel_after, offset_after = updated([kernel, offset], optimizer, [still])
    np.testing.assert_allclose(offset_after, before * (1 - RATE * DECAY), rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(kernel_after), np.sqrt(SHAPE[-1]), rtol=1e-5)
