"""Pictures moved, turned, zoomed and sheared: what falls outside is filled with the picture's mirror image."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def turn_and_zoom(turns: NDArray[np.float64], zooms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return matrices for `warp`, `[n, 2, 3]`: rotation by `turns` of a full turn, and zoom out by the factor `zooms`.

    The sense of both is that of Keras: a positive turn is what RandomRotation does with a positive factor, and a zoom
    of 1.1 is RandomZoom's 0.1 (the picture becomes smaller).
    """
    # math, not numpy: numpy's vector sine may differ in its last bit between processors.
    angles = (turns * (2 * math.pi)).tolist()
    cosines = np.array([math.cos(angle) for angle in angles]) * zooms
    sines = np.array([math.sin(angle) for angle in angles]) * zooms
    nothing = np.zeros(len(zooms))
    return np.stack([np.stack([cosines, -sines, nothing], 1), np.stack([sines, cosines, nothing], 1)], 1)


def shift(pixels: Pixels, right: NDArray[np.int64], down: NDArray[np.int64]) -> Pixels:
    """Return each picture moved by whole pixels, uint8 `[n, height, width, 3]`; negative moves go left and up."""
    far = int(max(np.abs(right).max(initial=0), np.abs(down).max(initial=0)))
    if far == 0:
        return pixels
    padded = np.pad(pixels, ((0, 0), (far, far), (far, far), (0, 0)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, pixels.shape[1:3], axis=(1, 2))
    chosen = windows.transpose(0, 1, 2, 4, 5, 3)[np.arange(len(pixels)), far - down, far - right]
    return np.ascontiguousarray(chosen)


def moved(pixels: Pixels, far: int) -> Pixels:
    """Return every picture moved by the same whole pixels right and down; edges are mirrored."""
    moves = np.full(len(pixels), far, np.int64)
    return shift(pixels, moves, moves)


def warp(pixels: Pixels, matrices: NDArray[np.float64]) -> Pixels:
    """Return each picture resampled bilinearly, uint8 `[n, height, width, 3]`, rounded to the nearest.

    matrices `[n, 2, 3]`: for an output pixel `(x, y)`, counted in pixels from the middle, `[a b c; d e f]` reads the
    input at `(a x + b y + c, d x + e y + f)` from the middle. Beyond an edge the picture is mirrored, the edge pixel
    repeated (scipy's and Keras' "reflect").
    """
    n, height, width, _ = pixels.shape
    row, below, down = _neighbours(matrices[:, 1], height, width, height)
    column, after, right = _neighbours(matrices[:, 0], height, width, width)
    first = np.arange(n)[:, None, None] * (height * width)
    row, below = first + row * width, first + below * width
    words = _words(pixels)
    top = _between(_colours(words, row + column), _colours(words, row + after), right)
    bottom = _between(_colours(words, below + column), _colours(words, below + after), right)
    return np.asarray(_between(top, bottom, down) + np.float32(0.5)).astype(np.uint8)[..., :3]


def _neighbours(
    coefficients: NDArray[np.float64], height: int, width: int, size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Both source lines an output pixel lies between, `[n, height, width]`, and how far it is on its way to the second.

    `size` is the number of source lines: of columns for x, of rows for y.
    """
    x = np.arange(width, dtype=np.float32) - np.float32((width - 1) / 2)
    y = np.arange(height, dtype=np.float32) - np.float32((height - 1) / 2)
    by_x, by_y, moved = (coefficients[:, part, None, None].astype(np.float32) for part in range(3))
    place = (by_y * y[:, None] + (moved + np.float32((size - 1) / 2))) + by_x * x
    line = np.floor(place)
    fraction = (place - line)[..., None]
    low, high = int(line.min()), int(line.max()) + 1
    mirrored = np.arange(low, high + 1) % (2 * size)
    mirrored = np.minimum(mirrored, 2 * size - 1 - mirrored)
    index = line.astype(np.int64) - low
    return mirrored[index], mirrored[1:][index], fraction


def _words(pixels: Pixels) -> NDArray[np.uint32]:
    """One 32-bit word a pixel, flat: a pixel is then fetched at once, not colour by colour."""
    padded = np.zeros((*pixels.shape[:3], 4), dtype=np.uint8)
    padded[..., :3] = pixels
    return padded.view(np.uint32).reshape(-1)


def _colours(words: NDArray[np.uint32], index: NDArray[np.int64]) -> NDArray[np.float32]:
    return words.take(index)[..., None].view(np.uint8).astype(np.float32)


def _between(
    start: NDArray[np.float32], end: NDArray[np.float32], fraction: NDArray[np.float32]
) -> NDArray[np.float32]:
    end -= start
    end *= fraction
    end += start
    return end
