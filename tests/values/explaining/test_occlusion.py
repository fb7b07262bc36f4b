"""Patches lie evenly over the picture and cover a quarter of each side; small pictures are covered pixel by pixel."""

import numpy as np
import pytest

from lowres.values.explaining.occlusion import occlusion_shape, occlusion_views


def test_each_view_covers_its_patch_with_the_mean_colour():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    views = list(occlusion_views(pixels))
    assert len(views) == 64
    assert occlusion_shape(32, 32) == (8, 8)
    # The third patch of the second row: its centre is (6, 10), it reaches 4 pixels each way.
    expected = pixels.copy()
    expected[:, 2:10, 6:14] = np.rint(pixels.mean(axis=(1, 2)))[:, None, None]
    np.testing.assert_array_equal(views[8 + 2], expected)


def test_the_border_cuts_patches_off_and_no_pixel_is_left_out():
    pixels = np.full((1, 30, 20, 3), 200, np.uint8)
    pixels[:, ::2] = 10
    covered = np.stack([(view != pixels).any(axis=3)[0] for view in occlusion_views(pixels)])
    assert covered.any(axis=0).all()
    assert covered[0].sum() < covered[9].sum()


@pytest.mark.parametrize(("size", "expected"), [((4, 20), (4, 8)), ((3, 3), (3, 3)), ((8, 8), (8, 8))])
def test_small_pictures_have_a_place_a_pixel(size, expected):
    pixels = np.zeros((1, *size, 3), np.uint8)
    assert occlusion_shape(*size) == expected
    assert len(list(occlusion_views(pixels))) == expected[0] * expected[1]
