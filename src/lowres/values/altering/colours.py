"""Pictures with other colours: brighter, greyer, sharper, coarser; each function as Pillow's, on many at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Factors = NDArray[np.float64]

# Weights of red, green and blue in Pillow's grey, in 65,536ths (ITU-R 601).
_GREY = (19595, 38470, 7471)


def brighten(pixels: Pixels, factors: Factors) -> Pixels:
    """Return each picture times its factor, uint8 `[n, height, width, 3]`; 0 is black, 1 changes nothing."""
    return _blended(np.zeros((1, 1, 1, 1), dtype=np.float32), pixels, factors)


def set_contrast(pixels: Pixels, factors: Factors) -> Pixels:
    """Return each picture with its distance from its own mean grey times the factor; 0 is grey, 1 changes nothing."""
    grey = _greys(pixels)
    # Whole sums: exact, so that a picture's mean does not depend on how many others it is computed with.
    mean = np.floor(grey.sum(axis=(1, 2), dtype=np.int64) / grey[0].size + 0.5)
    return _blended(mean.astype(np.float32)[:, None, None, None], pixels, factors)


def saturate(pixels: Pixels, factors: Factors) -> Pixels:
    """Return each picture with its distance from its grey version times the factor; 0 is grey, 1 changes nothing."""
    return _blended(_greys(pixels).astype(np.float32)[..., None], pixels, factors)


def sharpen(pixels: Pixels, factors: Factors) -> Pixels:
    """Return each picture with its distance from a smoothed version times the factor; 0 is smooth; edges stay."""
    wide = pixels.astype(np.int32)
    smooth = wide.copy()
    if min(pixels.shape[1:3]) > 2:
        rows = wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]
        sums = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:] + 4 * wide[:, 1:-1, 1:-1]
        smooth[:, 1:-1, 1:-1] = (2 * sums + 13) // 26
    return _blended(smooth.astype(np.float32), pixels, factors)


def posterize(pixels: Pixels, bits: NDArray[np.int64]) -> Pixels:
    """Return each picture with only the highest `bits` of its 8 bits kept."""
    masks = (256 - (1 << (8 - bits))).astype(np.uint8)
    return pixels & masks[:, None, None, None]


def solarize(pixels: Pixels, thresholds: NDArray[np.int64]) -> Pixels:
    """Return each picture with all values from its threshold on inverted; 256 changes nothing."""
    return np.where(pixels >= thresholds[:, None, None, None], 255 - pixels, pixels)


def stretch_contrast(pixels: Pixels) -> Pixels:
    """Return each colour of each picture stretched over 0-255; a colour of one value stays (Pillow's autocontrast)."""
    low = pixels.min(axis=(1, 2), keepdims=True).astype(np.float64)
    high = pixels.max(axis=(1, 2), keepdims=True).astype(np.float64)
    is_flat = high <= low
    scale = 255.0 / np.where(is_flat, 1.0, high - low)
    stretched = np.clip(pixels * scale - low * scale, 0, 255).astype(np.uint8)
    return np.where(is_flat, pixels, stretched)


def equalize(pixels: Pixels) -> Pixels:
    """Return each colour of each picture with its values spread evenly over 0-255 (Pillow's equalize)."""
    n = len(pixels)
    # One histogram a picture and colour: each has 256 numbers of its own to count in.
    first = (np.arange(n)[:, None] * 3 + np.arange(3)) * 256
    places = pixels + first[:, None, None, :]
    counts = np.bincount(places.reshape(-1), minlength=n * 768).reshape(n * 3, 256)
    last = 255 - (counts[:, ::-1] > 0).argmax(axis=1)
    step = (counts.sum(axis=1) - counts[np.arange(n * 3), last]) // 255
    below = np.cumsum(counts, axis=1) - counts
    table = (step[:, None] // 2 + below) // np.maximum(step, 1)[:, None]
    table = np.where(step[:, None] > 0, np.minimum(table, 255), np.arange(256))
    return np.asarray(table.astype(np.uint8).reshape(-1).take(places))


def mean_colours(pixels: Pixels) -> Pixels:
    """Return the mean colour of each picture, uint8 `[n, 3]`, rounded to the nearest."""
    sums = pixels.sum(axis=(1, 2), dtype=np.int64)
    size = pixels.shape[1] * pixels.shape[2]
    means: NDArray[np.int64] = (2 * sums + size) // (2 * size)
    return means.astype(np.uint8)


def _greys(pixels: Pixels) -> NDArray[np.int32]:
    red, green, blue = (pixels[..., part].astype(np.int32) * weight for part, weight in enumerate(_GREY))
    grey: NDArray[np.int32] = (red + green + blue + 32768) >> 16
    return grey


def _blended(plain: NDArray[np.float32], pixels: Pixels, factors: Factors) -> Pixels:
    values = pixels.astype(np.float32) - plain
    values *= factors.astype(np.float32)[:, None, None, None]
    values += plain + np.float32(0.5)
    return np.asarray(np.clip(values, 0, 255)).astype(np.uint8)
