"""Pictures in the page: small ones exact, large ones small enough to send."""

import base64
import io

import numpy as np
from PIL import Image

from lowres.faces.figures.overlay import overlay
from lowres.faces.report.pictures import inline_heat, inline_picture


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


def test_heat_covers_a_picture_as_the_figure_has_it(pixels_of):
    pixels = np.full((16, 16, 3), 60, dtype=np.uint8)
    heat = np.random.default_rng(0).uniform(size=(4, 4)).astype(np.float32)
    picture = inline_heat(heat)
    assert (picture.width, picture.height) == (16, 16)
    with Image.open(io.BytesIO(content(picture))) as found:
        red_green_blue_cover = np.asarray(found.convert("RGBA")).astype(float)
    cover = red_green_blue_cover[..., 3:] / 255
    over = (1 - cover) * pixels + cover * red_green_blue_cover[..., :3]
    # In 64 steps of heat, so off by a 128th of it at most.
    assert np.abs(over - overlay(pixels, heat, 16)).max() < 6


def test_heat_is_small_enough_to_be_shown_hundreds_of_times():
    assert len(inline_heat(np.random.default_rng(0).uniform(size=(7, 7)).astype(np.float32)).uri) < 1500


def test_a_fine_map_keeps_its_fields():
    assert inline_heat(np.ones((60, 40), dtype=np.float32)).width == 40
