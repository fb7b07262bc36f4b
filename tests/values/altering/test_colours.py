"""Every colour change is Pillow's, to one step of 255 where rounding differs."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from lowres.values.altering import colours

N = 12


@pytest.fixture
def pictures():
    """Noise, dark noise, pictures of few values, one flat, and one whose red is flat."""
    random = np.random.default_rng(0)
    given = random.integers(0, 256, (N, 10, 13, 3), dtype=np.uint8)
    given[2:4] //= 5
    given[4:6] = given[4:6] // 64 * 40 + 30
    given[6] = 77
    given[7, ..., 0] = 200
    return given


@pytest.fixture
def factors():
    return np.linspace(0.0, 2.4, N)


def with_pillow(pictures, change, *values):
    columns = zip(pictures, *values, strict=True)
    return np.stack([np.asarray(change(Image.fromarray(picture), *more)) for picture, *more in columns])


def farthest(left, right):
    return np.abs(left.astype(int) - right.astype(int)).max()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (colours.brighten, ImageEnhance.Brightness),
        (colours.set_contrast, ImageEnhance.Contrast),
        (colours.saturate, ImageEnhance.Color),
        (colours.sharpen, ImageEnhance.Sharpness),
    ],
)
def test_enhancements(pictures, factors, ours, theirs):
    expected = with_pillow(pictures, lambda picture, factor: theirs(picture).enhance(factor), factors)
    given = pictures.copy()
    # Pillow cuts fractions off where we round; sharpening multiplies the last step of the smooth picture too.
    assert farthest(ours(given, factors), expected) <= (2 if ours is colours.sharpen else 1)
    np.testing.assert_array_equal(given, pictures)
    np.testing.assert_array_equal(ours(given, np.ones(N)), pictures)


def test_sharpening_leaves_tiny_pictures():
    given = np.arange(24, dtype=np.uint8).reshape(1, 2, 4, 3)
    np.testing.assert_array_equal(colours.sharpen(given, np.array([1.9])), given)


def test_posterize(pictures):
    bits = np.arange(N) % 8 + 1
    expected = with_pillow(pictures, lambda picture, kept: ImageOps.posterize(picture, int(kept)), bits)
    np.testing.assert_array_equal(colours.posterize(pictures, bits), expected)


def test_solarize(pictures):
    thresholds = np.linspace(0, 256, N).astype(np.int64)
    expected = with_pillow(pictures, lambda picture, limit: ImageOps.solarize(picture, int(limit)), thresholds)
    np.testing.assert_array_equal(colours.solarize(pictures, thresholds), expected)
    np.testing.assert_array_equal(colours.solarize(pictures, np.full(N, 256)), pictures)


def test_autocontrast(pictures):
    expected = with_pillow(pictures, ImageOps.autocontrast)
    assert farthest(colours.stretch_contrast(pictures), expected) == 0


@pytest.mark.parametrize("size", [(10, 13), (40, 50)])
def test_equalize(pictures, size):
    large = np.concatenate(
        [
            np.tile(pictures, (1, 5, 5, 1))[:, : size[0], : size[1]],
            pictures.repeat(5, 1).repeat(5, 2)[:, : size[0], : size[1]],
        ]
    )
    np.testing.assert_array_equal(colours.equalize(large), with_pillow(large, ImageOps.equalize))


def test_mean_colours(pictures):
    exact = pictures.reshape(N, -1, 3).mean(axis=1)
    assert np.abs(colours.mean_colours(pictures) - exact).max() <= 0.5 + 1e-9
    assert colours.mean_colours(pictures)[6].tolist() == [77, 77, 77]
