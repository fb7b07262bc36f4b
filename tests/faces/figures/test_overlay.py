"""Tiny pictures are magnified pixel by pixel, and colour in an overlay is heat alone."""

import numpy as np
import pytest

from lowres.faces.figures.overlay import heat_colours, magnified, overlay


@pytest.mark.parametrize(("side", "factor"), [(8, 12), (32, 3), (28, 3), (48, 2)])
def test_tiny_pictures_keep_their_pixels(side, factor):
    picture = np.random.default_rng(0).integers(0, 256, size=(side, side, 3), dtype=np.uint8)
    np.testing.assert_array_equal(magnified(picture, 96), np.kron(picture, np.ones((factor, factor, 1), np.uint8)))


@pytest.mark.parametrize(("shape", "expected"), [((64, 64), (96, 96)), ((200, 100), (96, 48)), ((1, 500), (1, 96))])
def test_larger_pictures_fit_the_side_and_keep_their_shape(shape, expected):
    picture = np.full((*shape, 3), 77, dtype=np.uint8)
    result = magnified(picture, 96)
    assert result.dtype == np.uint8
    assert result.shape == (*expected, 3)
    assert (result == 77).all()


def test_heat_grows_lighter_all_the_way():
    colours = heat_colours(np.linspace(0, 1, 101))
    linear = np.where(colours / 255 <= 0.04045, colours / 255 / 12.92, ((colours / 255 + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > 0).all()


def test_the_hot_spot_is_where_the_map_has_it():
    grey = np.full((8, 8, 3), 90, dtype=np.uint8)
    heat = np.zeros((4, 4), dtype=np.float32)
    heat[0, 3] = 1
    result = overlay(grey, heat, 64).astype(int)
    assert result.shape == (64, 64, 3)
    brightness = result.sum(axis=2)
    row, column = np.unravel_index(brightness.argmax(), brightness.shape)
    assert row < 16
    assert column >= 48
    # The far corners have no heat and are alike.
    np.testing.assert_array_equal(result[63, 0], result[63, 20])


def test_the_pictures_own_colours_do_not_pass_for_heat():
    red, green = np.zeros((2, 8, 8, 3), dtype=np.uint8)
    red[..., 0], green[..., 1] = 255, 130
    cold = np.zeros((7, 7), dtype=np.float32)
    difference = overlay(red, cold, 64).astype(int) - overlay(green, cold, 64).astype(int)
    # Both are equally light (0.299 * 255 and 0.587 * 130), so in grey they are the same but for rounding.
    assert np.abs(difference).max() <= 1
