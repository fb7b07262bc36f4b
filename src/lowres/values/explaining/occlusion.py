"""Occlusion: cover a part of the picture and see how far the score falls; slow, and needs nothing but scores."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

# As many places along a side, and a patch that reaches over its neighbours halfway.
PLACES = 8
_REACH = 1.0


def occlusion_views(pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Yield the pictures `[n, h, w, 3]` 64 times, each time with another patch covered, row by row.

    The patches' centres lie on an 8 x 8 grid over the picture, each a quarter of its sides, cut off at the border, and
    of each picture's mean colour. Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014,
    section 4.2. A map of the falls, `[n, 8, 8]`, covers the picture as any other map does.
    """
    cover = np.rint(pixels.mean(axis=(1, 2), keepdims=True)).astype(np.uint8)
    rows, columns = (_spans(side) for side in pixels.shape[1:3])
    for top, bottom in rows:
        for left, right in columns:
            view = pixels.copy()
            view[:, top:bottom, left:right] = cover
            yield view


def _spans(side: int) -> list[tuple[int, int]]:
    places = min(PLACES, side)
    step = side / places
    centres = (np.arange(places) + 0.5) * step
    starts = np.rint(centres - _REACH * step).astype(int).clip(0)
    ends = np.rint(centres + _REACH * step).astype(int).clip(None, side)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def occlusion_shape(height: int, width: int) -> tuple[int, int]:
    """Return the rows and columns of the map: 8 x 8, or the pixels of a picture smaller than that."""
    return min(PLACES, height), min(PLACES, width)
