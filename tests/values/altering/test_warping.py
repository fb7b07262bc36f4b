"""Moved and turned pictures against NumPy, SciPy and Keras."""

import numpy as np
import pytest
from scipy import ndimage

from lowres.values.altering.warping import shift, turn_and_zoom, warp


def pictures(n=6, height=11, width=14, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, height, width, 3), dtype=np.uint8)


def by_scipy(picture, matrix):
    """One picture, in double precision: scipy counts rows first and from the corner."""
    (a, b, c), (d, e, f) = matrix
    linear = np.array([[e, d], [b, a]])
    middle = (np.array(picture.shape[:2]) - 1) / 2
    offset = middle + [f, c] - linear @ middle
    colours = [
        ndimage.affine_transform(picture[..., part].astype(float), linear, offset, order=1, mode="reflect")
        for part in range(3)
    ]
    return np.stack(colours, axis=-1)


@pytest.mark.parametrize("size", [(11, 14), (32, 32), (3, 40), (1, 1)])
def test_warp_is_scipys_affine_transform(size):
    given = pictures(8, *size)
    random = np.random.default_rng(1)
    matrices = turn_and_zoom(random.uniform(-0.5, 0.5, 8), random.uniform(0.3, 1.9, 8))
    matrices[4:] += random.normal(size=(4, 2, 3)) * [0.3, 0.3, 30]
    expected = np.stack([by_scipy(*pair) for pair in zip(given, matrices, strict=True)])
    # Half a step for rounding, and single precision.
    assert np.abs(warp(given, matrices) - expected).max() < 0.52


def test_warp_that_moves_nothing_changes_nothing():
    given = pictures()
    np.testing.assert_array_equal(warp(given, turn_and_zoom(np.zeros(6), np.ones(6))), given)


def test_quarter_and_half_turns_are_exact_and_go_the_way_of_keras():
    given = pictures(3, 9, 9)
    turned = warp(given, turn_and_zoom(np.array([0.25, 0.5, -0.25]), np.ones(3)))
    for row, quarters in enumerate((1, 2, -1)):
        np.testing.assert_array_equal(turned[row], np.rot90(given[row], quarters))


@pytest.mark.parametrize(("turn", "zoom"), [(0.1, 1.0), (-0.07, 1.0), (0.0, 1.1), (0.0, 0.8)])
def test_warp_is_keras_random_rotation_and_zoom(turn, zoom):
    import keras

    given = pictures(2, 16, 16)
    layer = (
        keras.layers.RandomRotation((turn, turn))
        if turn
        else keras.layers.RandomZoom((zoom - 1, zoom - 1), dtype="float32")
    )
    expected = keras.ops.convert_to_numpy(layer(given.astype(np.float32), training=True))
    assert np.abs(warp(given, turn_and_zoom(np.full(2, turn), np.full(2, zoom))) - expected).max() < 0.55


def test_shift_by_hand():
    row = np.repeat(np.array([[10, 20, 30]], dtype=np.uint8)[..., None], 3, axis=2)
    given = np.stack([row] * 4)
    moved = shift(given, np.array([0, 1, -1, 3]), np.zeros(4, dtype=int))[..., 0]
    assert moved[:, 0].tolist() == [[10, 20, 30], [10, 10, 20], [20, 30, 30], [30, 20, 10]]


def test_shift_is_a_warp_by_whole_pixels():
    given = pictures(20)
    random = np.random.default_rng(2)
    right, down = random.integers(-6, 7, (2, 20))
    matrices = np.tile(np.eye(2, 3), (20, 1, 1))
    matrices[:, :, 2] = -np.stack([right, down], axis=1)
    np.testing.assert_array_equal(shift(given, right, down), warp(given, matrices))


def test_shift_by_nothing():
    given = pictures(2)
    np.testing.assert_array_equal(shift(given, np.zeros(2, dtype=int), np.zeros(2, dtype=int)), given)
