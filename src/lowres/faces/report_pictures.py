"""Pictures written into the page itself, so the report is one file that can be sent."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lowres.faces.cases import Case
from lowres.faces.figures.overlay import magnified, overlay

_TINY_PIXELS = 64
_LARGE_PIXELS = 128
_HEAT_PIXELS = 128


@dataclass(frozen=True)
class InlinePicture:
    """A picture as a data URI with its size in pixels; tiny ones are to be enlarged pixel by pixel."""

    uri: str
    width: int
    height: int
    is_tiny: bool


def inline_png(png: bytes, width: int, height: int) -> InlinePicture:
    """Return a finished PNG for the page."""
    return InlinePicture(_uri(png, "png"), width, height, is_tiny=False)


def inline_picture(pixels: NDArray[np.uint8]) -> InlinePicture:
    """Return a picture uint8 `[h, w, 3]` for the page: up to 64 pixels as it is, larger ones as JPEG of at most 128."""
    is_tiny = max(pixels.shape[:2]) <= _TINY_PIXELS
    if not is_tiny and max(pixels.shape[:2]) > _LARGE_PIXELS:
        pixels = magnified(pixels, _LARGE_PIXELS)
    content = _encoded(pixels, "png", optimize=True) if is_tiny else _encoded(pixels, "jpeg", quality=82, optimize=True)
    return InlinePicture(content, pixels.shape[1], pixels.shape[0], is_tiny)


def inline_heat(case: Case) -> InlinePicture | None:
    """Return the picture under its heat map for the page; None where it has none."""
    if case.heat is None:
        return None
    pixels = overlay(case.pixels, case.heat, _HEAT_PIXELS)
    # Full colour resolution: here the colour is the message.
    content = _encoded(pixels, "jpeg", quality=88, subsampling=0, optimize=True)
    return InlinePicture(content, pixels.shape[1], pixels.shape[0], is_tiny=False)


def _encoded(pixels: NDArray[np.uint8], kind: str, **choices: int) -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, kind, **choices)
    return _uri(buffer.getvalue(), kind)


def _uri(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
