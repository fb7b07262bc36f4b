"""Resizing gives Pillow's pixels, on enlarging and on shrinking."""

import keras
import numpy as np
import pytest
from PIL import Image

from lowres.networks.resizing import resampling_matrix, resize

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


@pytest.mark.parametrize("interpolation", FILTERS)
@pytest.mark.parametrize(("shape", "target"), [((8, 8), 21), ((9, 13), 24), ((40, 24), 16), ((5, 16), 16)])
def test_pixels_are_those_of_pillow(interpolation: str, shape: tuple[int, int], target: int) -> None:
    image = np.random.default_rng(1).uniform(0, 255, (2, *shape, 3)).astype(np.float32)
    inputs = keras.Input((*shape, 3))
    found = keras.Model(inputs, resize(inputs, target, interpolation)).predict_on_batch(image)
    for picture, result in zip(image, found, strict=True):
        for channel in range(3):
            drawn = Image.fromarray(picture[..., channel], mode=None)
            expected = np.asarray(drawn.resize((target, target), FILTERS[interpolation]))
            np.testing.assert_allclose(result[..., channel], expected, atol=2e-3)


def test_a_matrix_keeps_the_mean_of_every_pixel() -> None:
    for source, target in ((8, 32), (32, 8), (31, 32)):
        np.testing.assert_allclose(resampling_matrix(source, target, "bicubic").sum(axis=1), 1.0, atol=1e-6)


def test_nothing_is_added_where_the_size_fits() -> None:
    inputs = keras.Input((16, 16, 3))
    assert resize(inputs, 16, "bicubic") is inputs
