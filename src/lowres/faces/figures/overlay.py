"""Pictures made ready to be looked at: tiny ones magnified crisply, heat laid over them. Arrays in, arrays out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lowres.values.explaining.explanation import resize_map

# From cold to hot; the lightness rises all the way, so it reads in grey and for every kind of colour blindness.
HEAT_COLOURS = ("#2d1160", "#7b2382", "#d6456c", "#fb8861", "#ffe24d")


def magnified(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return uint8 `[h, w, 3]` whose longer side is at most `side`.

    Pictures at most half that size are enlarged by a whole number, pixel by pixel, so they stay crisp; others are
    resampled to it.
    """
    height, width = pixels.shape[:2]
    factor = side // max(height, width)
    if factor >= 2:
        return np.asarray(np.repeat(np.repeat(pixels, factor, axis=0), factor, axis=1))
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.BOX
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize(size, method))


def heat_colours(heat: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return RGB from 0 to 255, `[..., 3]`, for heat from 0 to 1."""
    anchors = np.array([[int(code[at : at + 2], 16) for at in (1, 3, 5)] for code in HEAT_COLOURS], dtype=np.float64)
    spots = np.linspace(0, 1, len(anchors))
    return np.stack([np.interp(heat, spots, anchors[:, channel]) for channel in range(3)], axis=-1)


def heat_cover(heat: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return how much of the picture the colour covers, a fraction, for heat from 0 to 1."""
    return np.asarray(0.2 + 0.5 * np.asarray(heat, dtype=np.float64))


def overlay(pixels: NDArray[np.uint8], heat: NDArray[np.float32], side: int) -> NDArray[np.uint8]:
    """Return the picture, magnified and grey, under its heat map `[rows, columns]` from 0 to 1, stretched over it.

    The hotter a spot, the more colour covers it; where there is no heat the picture shows through, darkened.
    """
    picture = magnified(pixels, side).astype(np.float64)
    warm = np.clip(resize_map(heat[None], *picture.shape[:2])[0], 0, 1).astype(np.float64)
    # In grey, so that a colour in the result is always heat and never the picture's own.
    grey = (picture @ np.array([0.299, 0.587, 0.114]))[..., None]
    cover = heat_cover(warm)[..., None]
    return np.asarray(np.rint((1 - cover) * grey + cover * heat_colours(warm)), dtype=np.uint8)
