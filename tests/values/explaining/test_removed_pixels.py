"""What is taken away is what the map ranks first, what stands in its place is as said; worked by hand and by SciPy."""

import numpy as np
import pytest
from scipy import ndimage

from lowres.values.explaining.noisy_imputation import imputed
from lowres.values.explaining.removed_pixels import (
    blurred,
    enlarged,
    field_means,
    fields_of,
    flat_colour,
    highest,
    importance_ranks,
    lowest,
    replaced,
)

RANDOM = np.random.default_rng(2)
PIXELS = RANDOM.integers(0, 256, (3, 8, 6, 3), dtype=np.uint8)


def test_ranks_follow_the_map():
    maps = np.array([[[0.1, 0.9], [-3.0, 0.5]]], np.float32)
    assert importance_ranks(maps, (2, 2), seed=0).tolist() == [[[2, 0], [3, 1]]]


def test_equals_are_ranked_by_lot():
    ranks = [importance_ranks(np.zeros((40, 4, 4), np.float32), (4, 4), seed) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(ranks[0], ranks[1])
    assert not np.array_equal(ranks[0], ranks[2])
    assert sorted(ranks[0][0].ravel().tolist()) == list(range(16))
    # By lot no place is favoured: each place's mean rank is near 7.5.
    assert abs(ranks[0].mean(axis=0) - 7.5).max() < 3


def test_a_fraction_is_taken_from_either_end():
    ranks = np.arange(8).reshape(1, 2, 4)
    assert highest(ranks, 0.25).ravel().tolist() == [True] * 2 + [False] * 6
    assert lowest(ranks, 0.25).ravel().tolist() == [False] * 6 + [True] * 2
    assert highest(ranks, 1.0).all()
    assert lowest(ranks, 1.0).all()
    assert not highest(ranks, 0.0).any()


def test_replaced_pixels_are_the_substitutes_and_others_stay():
    is_removed = np.zeros((3, 8, 6), bool)
    is_removed[:, 2, 3] = True
    found = replaced(PIXELS, is_removed, flat_colour(PIXELS))
    np.testing.assert_array_equal(found[:, 2, 3], np.tile(np.rint(PIXELS.reshape(-1, 3).mean(axis=0)), (3, 1)))
    assert (found != PIXELS).any(axis=3).sum() <= 3


def test_the_blur_is_scipys_picture_by_picture_and_channel_by_channel():
    for picture, soft in zip(PIXELS, blurred(PIXELS), strict=True):
        expected = [ndimage.gaussian_filter(picture[..., c].astype(float), 6 / 8, mode="nearest") for c in range(3)]
        assert np.abs(soft - np.stack(expected, axis=2)).max() <= 0.51


@pytest.mark.parametrize(
    ("size", "expected"), [((32, 32), (32, 32)), ((48, 20), (48, 20)), ((224, 100), (45, 20)), ((49, 7), (25, 4))]
)
def test_large_pictures_are_taken_apart_into_fields(size, expected):
    assert fields_of(*size) == expected


def test_fields_cover_their_pixels():
    pixels = np.arange(2 * 50 * 3, dtype=np.float64).reshape(1, 50, 2, 3).astype(np.uint8)
    means = field_means(pixels)
    assert means.shape == (1, 25, 1, 3)
    np.testing.assert_allclose(means[0, 3, 0], pixels[0, 6:8].reshape(-1, 3).mean(axis=0))
    assert enlarged(means, 50, 2).shape == pixels.shape
    np.testing.assert_array_equal(enlarged(means, 50, 2)[0, 7, 1], means[0, 3, 0])


def without_noise(monkeypatch):
    monkeypatch.setattr("lowres.values.explaining.noisy_imputation.IMPUTATION_NOISE", 0.0)


def test_one_missing_pixel_is_the_weighted_mean_of_its_eight_neighbours(monkeypatch):
    without_noise(monkeypatch)
    is_removed = np.zeros((3, 8, 6), bool)
    is_removed[:, 4, 3] = True
    found = imputed(PIXELS, is_removed, 0, np.arange(3))
    around = PIXELS[:, 3:6, 2:5].astype(float)
    weights = np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]]) / 12
    np.testing.assert_allclose(found[:, 4, 3], np.einsum("nhwc,hw->nc", around, weights), atol=0.51)
    np.testing.assert_array_equal(found[~is_removed], PIXELS[~is_removed])


def test_a_corner_has_three_neighbours(monkeypatch):
    without_noise(monkeypatch)
    is_removed = np.zeros((3, 8, 6), bool)
    is_removed[:, 0, 0] = True
    near = PIXELS.astype(float)
    expected = (near[:, 0, 1] / 6 + near[:, 1, 0] / 6 + near[:, 1, 1] / 12) / (5 / 12)
    np.testing.assert_allclose(imputed(PIXELS, is_removed, 0, np.arange(3))[:, 0, 0], expected, atol=0.51)


def test_many_missing_pixels_all_hold_the_equation(monkeypatch):
    """On a ramp every pixel inside is the mean of its neighbours, so the solution is the ramp itself."""
    without_noise(monkeypatch)
    ramp = np.broadcast_to((np.arange(8)[:, None] * 20 + np.arange(6) * 10)[None, ..., None], (1, 8, 6, 3))
    is_removed = np.zeros((1, 8, 6), bool)
    is_removed[:, 1:7, 1:5] = True
    np.testing.assert_array_equal(imputed(ramp.astype(np.uint8), is_removed, 0, np.arange(1)), ramp)


def test_what_is_filled_in_is_noisy_by_a_hundredth_of_the_range():
    grey = np.full((1, 40, 40, 3), 100, np.uint8)
    is_removed = np.ones((1, 40, 40), bool)
    is_removed[:, 0, 0] = False
    first, again, other = (imputed(grey, is_removed, 0, np.array([number])) for number in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    # Rounding adds 1/12 to the variance.
    assert abs(first.std() - np.sqrt(2.55**2 + 1 / 12)) < 0.15
    assert abs(first.mean() - 100) < 0.2


def test_with_nothing_removed_or_all_of_it(monkeypatch):
    without_noise(monkeypatch)
    nothing = np.zeros((3, 8, 6), bool)
    np.testing.assert_array_equal(imputed(PIXELS, nothing, 0, np.arange(3)), PIXELS)
    found = imputed(PIXELS, ~nothing, 0, np.arange(3))
    np.testing.assert_array_equal(found[:, 0, 0], np.rint(PIXELS.mean(axis=(1, 2))))
    assert (found == found[:, :1, :1]).all()
