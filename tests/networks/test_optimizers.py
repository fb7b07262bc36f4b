"""One update of every optimizer, and the average of weights, against NumPy by hand."""

import keras
import numpy as np
import pytest

from lowres.networks.optimizers import WeightAverage, build_optimizer
from lowres.values.recipe_sections import FineTuning

RATE, SCALE = 0.1, 0.5


def variables():
    """A block of a kernel and a bias, and a head of one kernel."""
    named = (("kernel", [1.0, -2.0]), ("bias", [0.5]), ("kernel", [3.0]))
    return [keras.Variable(np.array(value, np.float32), name=name) for name, value in named]


GRADIENTS = [np.array([0.4, -0.2], np.float32), np.array([0.1], np.float32), np.array([-0.3], np.float32)]


def updated(**choices):
    """The values after one update at rate 0.1, the block's rate halved."""
    kernel, bias, head = variables()
    tuning = FineTuning(learning_rate=RATE, **choices)
    optimizer = build_optimizer(tuning, [(kernel, bias), (head,)], (SCALE, 1.0), 1)
    optimizer.apply([keras.ops.convert_to_tensor(one) for one in GRADIENTS], [kernel, bias, head])
    return [keras.ops.convert_to_numpy(one.value) for one in (kernel, bias, head)]


def adam_step(gradient, rate):
    """Kingma and Ba 2015, algorithm 1, the first step: both moments are the gradient's own, once unbiased."""
    return rate * gradient / (np.abs(gradient) + 1e-7)


@pytest.mark.parametrize("decay", [0.0, 0.2])
def test_adamw_scales_the_rate_and_the_decay_by_block_and_decays_kernels_only(decay):
    kernel, bias, head = updated(optimizer="adamw", weight_decay=decay)
    begin = [keras.ops.convert_to_numpy(one.value) for one in variables()]
    expected = begin[0] * (1 - RATE * SCALE * decay) - adam_step(GRADIENTS[0], RATE * SCALE)
    np.testing.assert_allclose(kernel, expected, rtol=1e-4)
    np.testing.assert_allclose(bias, begin[1] - adam_step(GRADIENTS[1], RATE * SCALE), rtol=1e-4)
    np.testing.assert_allclose(head, begin[2] * (1 - RATE * decay) - adam_step(GRADIENTS[2], RATE), rtol=1e-4)


def test_adam_takes_no_decay():
    with_decay, without = updated(optimizer="adam", weight_decay=0.2), updated(optimizer="adam")
    for one, other in zip(with_decay, without, strict=True):
        np.testing.assert_array_equal(one, other)


def test_sgd_is_nesterovs():
    kernel, _, head = updated(optimizer="sgd")
    # Velocity -rate g, then the step 0.9 velocity - rate g.
    np.testing.assert_allclose(kernel, [1.0, -2.0] - 1.9 * RATE * SCALE * GRADIENTS[0], rtol=1e-5)
    np.testing.assert_allclose(head, [3.0] - 1.9 * RATE * GRADIENTS[2], rtol=1e-5)


def test_a_long_gradient_is_cut_to_its_length():
    length = np.sqrt(sum(float(np.square(one).sum()) for one in GRADIENTS))
    kernel, _, _ = updated(optimizer="sgd", gradient_clip_norm=0.1)
    np.testing.assert_allclose(kernel, [1.0, -2.0] - 1.9 * RATE * SCALE * GRADIENTS[0] * 0.1 / length, rtol=1e-4)


def test_the_average_is_the_formula_and_not_the_weights_themselves():
    weights = keras.Variable(np.array([1.0, 5.0], np.float32))
    average = WeightAverage([weights], share=0.6)
    expected = np.array([1.0, 5.0])
    for update, value in enumerate(([2.0, 4.0], [0.0, 0.0], [8.0, -1.0], [3.0, 3.0], [9.0, 9.0]), start=1):
        weights.assign(value)
        average.update(update)
        share = min(0.6, (1 + update) / (10 + update))
        expected = share * expected + (1 - share) * np.array(value)
    found = keras.ops.convert_to_numpy(average.averages[0])
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert np.abs(found - [9.0, 9.0]).max() > 1


def test_the_average_takes_the_weights_place_for_a_while_and_for_good():
    weights = keras.Variable(np.array([1.0], np.float32))
    average = WeightAverage([weights], share=0.5)
    weights.assign([3.0])
    with average:
        assert float(weights.value[0]) == 1.0
    assert float(weights.value[0]) == 3.0
    average.take_over()
    assert float(weights.value[0]) == 1.0
    # What trains on from there leaves the average alone.
    weights.assign([7.0])
    assert float(keras.ops.convert_to_numpy(average.averages[0])[0]) == 1.0
