"""Figures of a picture that need no network: size, brightness, contrast, sharpness, saturation, greyness, clipping.

One function for what is served and for the validation images it is compared with, so that a difference between the two
is one of the pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import DataError

Statistics = Mapping[str, NDArray[np.float32]]
# Width and height are those of the picture as it came; all others are of the pixels the network is shown.
STATISTICS = ("width", "height", "brightness", "contrast", "sharpness", "saturation", "greyness", "clipped")
# ITU-R BT.601, as Pillow and OpenCV turn pictures grey.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# JPEG moves the colours of a grey picture about so far.
_GREY_SPREAD = 8
# Float32 copies of this many pixels are in memory at once.
_PIXELS_AT_ONCE = 4_000_000


def image_statistics(pixels: NDArray[np.uint8], sizes: NDArray[Any] | None = None) -> dict[str, NDArray[np.float32]]:
    """Return the `STATISTICS` of uint8 `[n, height, width, 3]`, float32 `[n]` each.

    sizes: width and height of each picture before it was brought to these pixels, `[n, 2]`; the pixels' own where left
    out. brightness: mean luma, 0 to 1. contrast: standard deviation of the luma, 0 to 0.5. sharpness: variance of the
    luma's Laplacian (Pech-Pacheco et al. 2000), the picture's rim left out, 0 for pictures below 3 x 3. saturation:
    mean of HSV's S, 0 to 1. greyness: share of pixels whose channels lie within 8 steps. clipped: share of pixels that
    are all black (0, 0, 0) or all white (255, 255, 255).
    Refused with DataError: pixels of another shape or type, sizes of another number.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3:
        raise DataError(f"expected uint8 pixels [n, height, width, 3], got {pixels.dtype} {list(pixels.shape)}")
    n, height, width, _ = pixels.shape
    if sizes is None:
        sizes = np.tile([width, height], (n, 1))
    if np.shape(sizes) != (n, 2):
        raise DataError(f"expected sizes [{n}, 2], a width and a height a picture, got {list(np.shape(sizes))}")
    found = {name: np.zeros(n, np.float32) for name in STATISTICS}
    found["width"][:], found["height"][:] = np.asarray(sizes, np.float32).reshape(n, 2).T
    step = max(1, _PIXELS_AT_ONCE // max(1, height * width))
    for start in range(0, n, step):
        rows = slice(start, start + step)
        for name, values in _of_some(pixels[rows]).items():
            found[name][rows] = values
    return found


def _of_some(pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.floating[Any]]]:
    n = len(pixels)
    luma = (pixels.astype(np.float32) @ _LUMA) / np.float32(255)
    # Colour by colour: NumPy's own maximum along an axis of three is several times slower.
    red, green, blue = (pixels[..., colour] for colour in range(3))
    highest, lowest = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    spread = highest - lowest
    saturation = np.divide(spread, highest, out=np.zeros(spread.shape, np.float32), where=highest > 0)
    flat = luma.reshape(n, -1)
    return {
        "brightness": flat.mean(axis=1),
        "contrast": flat.std(axis=1),
        "sharpness": _laplacian_variance(luma),
        "saturation": saturation.reshape(n, -1).mean(axis=1),
        "greyness": (spread <= _GREY_SPREAD).reshape(n, -1).mean(axis=1),
        "clipped": ((highest == 0) | (lowest == 255)).reshape(n, -1).mean(axis=1),
    }


def _laplacian_variance(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    if min(luma.shape[1:]) < 3:
        return np.zeros(len(luma), np.float32)
    inner = luma[:, 1:-1, 1:-1]
    sides = luma[:, :-2, 1:-1] + luma[:, 2:, 1:-1] + luma[:, 1:-1, :-2] + luma[:, 1:-1, 2:]
    return np.asarray((sides - 4 * inner).reshape(len(luma), -1).var(axis=1))
