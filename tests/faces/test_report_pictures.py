"""Pictures in the page: small ones exact, large ones small enough to send."""

import base64

import numpy as np

from lowres.faces.cases import Case
from lowres.faces.figures.overlay import overlay
from lowres.faces.report_pictures import inline_heat, inline_picture, inline_png


def content(picture):
    return base64.b64decode(picture.uri.partition(",")[2])


def test_small_pictures_are_exact(pixels_of):
    pixels = np.random.default_rng(0).integers(0, 256, size=(32, 20, 3), dtype=np.uint8)
    picture = inline_picture(pixels)
    assert picture.uri.startswith("data:image/png;base64,")
    assert (picture.width, picture.height, picture.is_tiny) == (20, 32, True)
    np.testing.assert_array_equal(pixels_of(content(picture)), pixels)


def test_large_pictures_are_brought_down(pixels_of):
    pixels = np.full((1000, 500, 3), 90, dtype=np.uint8)
    picture = inline_picture(pixels)
    assert picture.uri.startswith("data:image/jpeg;base64,")
    assert (picture.width, picture.height, picture.is_tiny) == (64, 128, False)
    assert np.abs(pixels_of(content(picture)).astype(int) - 90).max() <= 2


def test_pictures_between_keep_their_size():
    assert inline_picture(np.zeros((100, 90, 3), dtype=np.uint8)).height == 100


def test_heat_lies_over_the_picture(pixels_of):
    pixels = np.full((8, 8, 3), 60, dtype=np.uint8)
    heat = np.zeros((4, 4), dtype=np.float32)
    heat[1, 1] = 1
    picture = inline_heat(Case("a", pixels, "x", "x", 0.5, heat))
    assert (picture.width, picture.height) == (128, 128)
    expected = overlay(pixels, heat, 128).astype(int)
    # JPEG is not exact; its mean error on so smooth a picture is.
    assert np.abs(pixels_of(content(picture)).astype(int) - expected).mean() < 2


def test_without_a_map_there_is_no_heat():
    assert inline_heat(Case("a", np.zeros((8, 8, 3), dtype=np.uint8), "x", "x", 0.5)) is None


def test_a_finished_png_goes_in_as_it_is():
    picture = inline_png(b"\x89PNG and so on", 30, 20)
    assert content(picture) == b"\x89PNG and so on"
    assert (picture.width, picture.height, picture.is_tiny) == (30, 20, False)
