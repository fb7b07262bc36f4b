"""Pictures with some of their pixels taken away, the most important first or the least, and what stands for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.values.explaining.explanation import Maps, resize_map
from lowres.values.keyed_random import keyed_fractions

Pixels = NDArray[np.uint8]
# Deviation of the blur as a fraction of the shorter side. Petsiuk et al. take 5 of 224 pixels, which at 32 pixels
# leaves a picture that networks still read; this leaves its colours.
BLUR_DEVIATION = 1 / 8
# More fields than this along a side cost minutes and tell nothing new of maps of 5 x 5 or 10 x 10.
MOST_FIELDS = 48


def fields_of(height: int, width: int) -> tuple[int, int]:
    """Return how many rows and columns of square fields a picture is taken apart into: its pixels, up to 48 a side."""
    side = _field_side(height, width)
    return -(-height // side), -(-width // side)


def importance_ranks(maps: Maps, picture: tuple[int, int], seed: int) -> NDArray[np.int64]:
    """Return `[n, rows, columns]` of the fields of a picture, 0 where the map, stretched over it, is highest.

    Equals are ranked by lot from the seed, so that an empty map is a random one and not one that favours the top.
    """
    shape = fields_of(*picture)
    stretched = resize_map(maps, *shape).reshape(len(maps), -1)
    images, places = np.arange(len(maps))[:, None], np.arange(shape[0] * shape[1])[None]
    order = np.lexsort((keyed_fractions(seed, images, places), -stretched), axis=1)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.broadcast_to(places, order.shape), axis=1)
    return ranks.reshape(len(maps), *shape)


def highest(ranks: NDArray[np.int64], fraction: float) -> NDArray[np.bool_]:
    """Return which fields are among that fraction of the most important ones."""
    return np.asarray(ranks < round(fraction * ranks[0].size))


def lowest(ranks: NDArray[np.int64], fraction: float) -> NDArray[np.bool_]:
    """Return which fields are among that fraction of the least important ones."""
    return np.asarray(ranks >= ranks[0].size - round(fraction * ranks[0].size))


def replaced(pixels: Pixels, is_removed: NDArray[np.bool_], substitute: Pixels) -> Pixels:
    """Return the pictures with the removed fields `[n, rows, columns]` taken from the substitute."""
    return np.where(enlarged(is_removed, *pixels.shape[1:3])[..., None], substitute, pixels).astype(np.uint8)


def enlarged(fields: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Return what stands for each field `[n, rows, columns, ...]` at each of its pixels."""
    side = _field_side(height, width)
    return np.repeat(np.repeat(fields, side, axis=1), side, axis=2)[:, :height, :width]


def field_means(pixels: Pixels) -> NDArray[np.float64]:
    """Return the mean colour of each field, float64 `[n, rows, columns, 3]`."""
    n, height, width, channels = pixels.shape
    side, (rows, columns) = _field_side(height, width), fields_of(height, width)
    padding = (0, 0), (0, rows * side - height), (0, columns * side - width), (0, 0)
    whole = np.pad(pixels, padding, mode="edge").reshape(n, rows, side, columns, side, channels)
    return np.asarray(whole.mean(axis=(2, 4), dtype=np.float64))


def flat_colour(pixels: Pixels) -> Pixels:
    """Return pictures of one colour, the mean of all of them: what deletion puts in the place of a pixel."""
    mean = np.rint(pixels.mean(axis=(0, 1, 2), dtype=np.float64)).astype(np.uint8)
    return np.broadcast_to(mean, pixels.shape)


def blurred(pixels: Pixels) -> Pixels:
    """Return the pictures behind a Gaussian blur (`BLUR_DEVIATION`), borders repeated: what insertion begins with."""
    from scipy import ndimage

    deviation = BLUR_DEVIATION * min(pixels.shape[1:3])
    soft = ndimage.gaussian_filter(pixels.astype(np.float32), (0, deviation, deviation, 0), mode="nearest")
    return np.asarray(np.rint(soft).clip(0, 255), dtype=np.uint8)


def _field_side(height: int, width: int) -> int:
    return -(-max(height, width) // MOST_FIELDS)
