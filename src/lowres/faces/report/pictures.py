"""Pictures written into the page itself, so the report is one file that can be sent."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lowres.faces.figures.overlay import heat_colours, heat_cover, magnified
from lowres.values.explaining.explanation import resize_map

_TINY_PIXELS = 64
_LARGE_PIXELS = 128
# The browser smooths what lies between: more fields cost bytes and show nothing new.
_HEAT_FIELDS_PER_FIELD, _MOST_HEAT_PIXELS = 4, 48
_HEAT_LEVELS = 64


@dataclass(frozen=True)
class InlinePicture:
    """A picture as a data URI with its size in pixels; tiny ones are to be enlarged pixel by pixel."""

    uri: str
    width: int
    height: int
    is_tiny: bool


def inline_picture(pixels: NDArray[np.uint8]) -> InlinePicture:
    """Return a picture uint8 `[h, w, 3]` for the page: up to 64 pixels as it is, larger ones as JPEG of at most 128."""
    is_tiny = max(pixels.shape[:2]) <= _TINY_PIXELS
    if not is_tiny and max(pixels.shape[:2]) > _LARGE_PIXELS:
        pixels = magnified(pixels, _LARGE_PIXELS)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    content = _encoded(image, "png", optimize=True) if is_tiny else _encoded(image, "jpeg", quality=82, optimize=True)
    return InlinePicture(content, pixels.shape[1], pixels.shape[0], is_tiny)


def inline_heat(heat: NDArray[np.float32]) -> InlinePicture:
    """Return a heat map `[rows, columns]` from 0 to 1 as a see-through picture that the page stretches over another.

    It covers as `figures.overlay` does, in 64 steps; a few hundred bytes.
    """
    factor = max(1, min(_HEAT_FIELDS_PER_FIELD, _MOST_HEAT_PIXELS // max(heat.shape)))
    height, width = (side * factor for side in heat.shape)
    warm = np.clip(resize_map(heat[None], height, width)[0], 0, 1)
    levels = np.linspace(0, 1, _HEAT_LEVELS)
    picture = Image.fromarray(np.rint(warm * (_HEAT_LEVELS - 1)).astype(np.uint8), "P")
    picture.putpalette(np.rint(heat_colours(levels)).astype(np.uint8).tobytes())
    see_through = np.rint(255 * heat_cover(levels)).astype(np.uint8).tobytes()
    content = _encoded(picture, "png", optimize=True, transparency=see_through)
    return InlinePicture(content, width, height, is_tiny=False)


def _encoded(image: Image.Image, kind: str, **choices: Any) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **choices)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
