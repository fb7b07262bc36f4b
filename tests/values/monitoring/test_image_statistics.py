"""Every figure of a picture against Pillow, SciPy, colorsys or a case worked by hand."""

import colorsys

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import laplace

from lowres.errors import DataError
from lowres.values.monitoring.image_statistics import STATISTICS, image_statistics


@pytest.fixture
def pixels():
    return np.random.default_rng(3).integers(0, 256, (5, 9, 7, 3), dtype=np.uint8)


def flat(*colour):
    return np.full((1, 4, 6, 3), colour, np.uint8)


def test_brightness_and_contrast_are_those_of_pillow_to_its_rounding(pixels):
    found = image_statistics(pixels)
    greys = [np.asarray(Image.fromarray(one).convert("L"), np.float64) / 255 for one in pixels]
    np.testing.assert_allclose(found["brightness"], [grey.mean() for grey in greys], atol=0.5 / 255)
    np.testing.assert_allclose(found["contrast"], [grey.std() for grey in greys], atol=0.5 / 255)


def test_sharpness_is_the_variance_of_scipys_laplacian_inside_the_rim(pixels):
    luma = pixels @ np.array([0.299, 0.587, 0.114]) / 255
    wanted = [laplace(one)[1:-1, 1:-1].var() for one in luma]
    np.testing.assert_allclose(image_statistics(pixels)["sharpness"], wanted, rtol=1e-4)


def test_saturation_is_that_of_colorsys(pixels):
    wanted = [np.mean([colorsys.rgb_to_hsv(*(row / 255))[1] for row in one.reshape(-1, 3)]) for one in pixels]
    np.testing.assert_allclose(image_statistics(pixels)["saturation"], wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("picture", "greyness", "clipped"),
    [
        (flat(0, 0, 0), 1, 1),
        (flat(255, 255, 255), 1, 1),
        (flat(255, 0, 0), 0, 0),
        (flat(100, 108, 104), 1, 0),
        (flat(100, 109, 104), 0, 0),
    ],
)
def test_grey_and_clipped_pixels_by_hand(picture, greyness, clipped):
    picture = np.concatenate([picture, flat(10, 200, 90)], axis=1)
    found = image_statistics(picture)
    assert (found["greyness"][0], found["clipped"][0]) == (greyness / 2, clipped / 2)


def test_sizes_are_those_the_pictures_came_in(pixels):
    found = image_statistics(pixels, np.array([[640, 480]] * 5))
    assert (found["width"].tolist(), found["height"].tolist()) == ([640] * 5, [480] * 5)
    own = image_statistics(pixels)
    assert (own["width"][0], own["height"][0]) == (7, 9)


def test_many_pictures_are_looked_at_as_each_alone(pixels, monkeypatch):
    monkeypatch.setattr("lowres.values.monitoring.image_statistics._PIXELS_AT_ONCE", 130)
    together = image_statistics(pixels)
    assert tuple(together) == STATISTICS
    for name, column in together.items():
        alone = [image_statistics(one[None])[name][0] for one in pixels]
        np.testing.assert_allclose(column, alone, rtol=1e-6)
        assert column.dtype == np.float32


def test_the_smallest_pictures_and_none_at_all_have_figures():
    assert image_statistics(np.zeros((1, 1, 2, 3), np.uint8))["sharpness"][0] == 0
    assert len(image_statistics(np.zeros((0, 4, 4, 3), np.uint8))["contrast"]) == 0


def test_what_is_no_picture_is_refused(pixels):
    with pytest.raises(DataError, match=r"expected uint8 pixels \[n, height, width, 3\], got float64"):
        image_statistics(pixels / 255)
    with pytest.raises(DataError, match=r"expected sizes \[5, 2\].*got \[4, 2\]"):
        image_statistics(pixels, np.ones((4, 2)))
