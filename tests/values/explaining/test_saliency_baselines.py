"""Baselines are what they are called: SciPy's Sobel, a blob in the middle, noise that is the seed's."""

import numpy as np
from scipy import ndimage

from lowres.values.explaining.saliency_baselines import BASELINES, baseline_maps, centre_maps, edge_maps, random_maps

PIXELS = np.random.default_rng(3).integers(0, 256, (4, 9, 12, 3), dtype=np.uint8)


def test_edges_are_scipys_sobel_of_the_grey_picture():
    grey = PIXELS @ np.array([0.299, 0.587, 0.114])
    expected = [np.hypot(*(ndimage.sobel(one, axis, mode="nearest") for axis in (0, 1))) for one in grey]
    np.testing.assert_allclose(edge_maps(PIXELS), expected, rtol=1e-5)


def test_an_edge_is_found_where_it_is():
    pixels = np.zeros((1, 6, 6, 3), np.uint8)
    pixels[:, :, 3:] = 255
    assert np.flatnonzero(edge_maps(pixels)[0, 2]).tolist() == [2, 3]


def test_the_blob_is_highest_in_the_middle_and_falls_as_a_gaussian():
    (blob,) = centre_maps(1, (9, 5))
    assert np.unravel_index(blob.argmax(), blob.shape) == (4, 2)
    # A quarter of 9 pixels is one deviation: at 2.25 pixels from the middle it would be exp(-1/2); at 2, this:
    np.testing.assert_allclose(blob[6, 2] / blob[4, 2], np.exp(-((2 / 2.25) ** 2) / 2), rtol=1e-5)
    np.testing.assert_allclose(blob, blob[::-1, ::-1])


def test_noise_is_even_and_the_seeds():
    maps = random_maps(200, (5, 5), seed=1)
    assert abs(maps.mean() - 0.5) < 0.02
    np.testing.assert_array_equal(maps[:3], random_maps(3, (5, 5), seed=1))
    assert not np.allclose(maps[:3], random_maps(3, (5, 5), seed=2))
    assert not np.allclose(maps[0], maps[1])


def test_each_has_a_map_an_image():
    maps = baseline_maps(PIXELS, (3, 4), seed=0)
    assert tuple(maps) == BASELINES
    assert [one.shape for one in maps.values()] == [(4, 3, 4), (4, 9, 12), (4, 9, 12)]
