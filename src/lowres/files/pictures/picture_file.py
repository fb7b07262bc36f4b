"""One picture file as uint8 RGB: upright, opaque, 8 bits deep, brought to the canvas all pictures share."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from lowres.errors import RequestTooLarge

Fit = Literal["squash", "crop", "pad"]
Size = tuple[int, int]

_HIGHEST_16_BIT = 65535
_ORIENTATION_TAG = 0x0112
# The kinds whose suffixes class folders are read by; a sender may name no other of Pillow's fifty readers.
SENT_KINDS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
# A progressive JPEG is decoded once a scan; ten are customary, hundreds are made to cost minutes.
_MOST_SCANS = 64
_SCAN = b"\xff\xda"
# Orientations 5 to 8 lie on their side, so width and height change places.
_LYING = {5, 6, 7, 8}
# Pillow may shrink by whole pixels first down to this many times the target: much quicker, the same to the eye.
_REDUCING_GAP = 3.0

UNREADABLE = (
    OSError, SyntaxError, ValueError, TypeError, EOFError, LookupError, OverflowError, RuntimeError,
    struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Keep Pillow's warnings about odd but readable files to itself; to be entered outside the decoding threads."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\..*")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield


def why_unreadable(error: BaseException) -> str:
    """Return what one of UNREADABLE says, without the address of whatever could not be read."""
    return str(error).split(" <")[0] or type(error).__name__


def writable_name(name: str) -> str:
    """Return a file name that is no UTF-8 with its odd bytes spelt out, so that tables and reports can hold it."""
    return name.encode("utf-8", "backslashreplace").decode()


def picture_size(path: Path) -> Size:
    """Return width and height in pixels as seen upright, from the file's header alone; raises one of UNREADABLE."""
    with Image.open(path) as image:
        return _upright_size(image)


def decode_picture(path: Path, size: Size, fit: Fit) -> NDArray[np.uint8]:
    """Return the picture as uint8 `[height, width, 3]` of the `(width, height)` asked for; raises one of UNREADABLE.

    EXIF rotation is applied, transparency is laid over white, 16-bit grey is scaled to 8 bits by its full range, of
    several frames the first is taken. Floating-point and 32-bit pixels are refused: their range is not known.
    """
    with Image.open(path) as image:
        return _brought_to(image, size, fit)


def decode_sent_picture(content: bytes, size: Size, fit: Fit, most_pixels: int) -> tuple[NDArray[np.uint8], Size]:
    """Return the picture in these bytes as `decode_picture` returns a file's, and the size it came in, upright.

    Raises one of UNREADABLE. Nothing is decoded before its header has said that it holds at most `most_pixels`; JPEG,
    PNG, WebP, BMP, GIF and TIFF only. Refused with RequestTooLarge: more pixels, or a JPEG of more than 64 scans.
    """
    try:
        opened = Image.open(io.BytesIO(content), formats=SENT_KINDS)
    except Image.DecompressionBombError as error:
        # So many that Pillow itself does not open it.
        raise RequestTooLarge(
            f"expected a picture of at most {most_pixels:,} pixels, got many times that in its header; "
            "send a smaller one"
        ) from error
    with opened as image:
        if image.width * image.height > most_pixels:
            raise RequestTooLarge(
                f"expected a picture of at most {most_pixels:,} pixels, got {image.width} x {image.height} in its "
                "header; send a smaller one"
            )
        if image.format == "JPEG" and content.count(_SCAN) > _MOST_SCANS:
            raise RequestTooLarge(
                f"expected a JPEG of at most {_MOST_SCANS} scans, got {content.count(_SCAN)}; save it again"
            )
        came_in = _upright_size(image)
        return _brought_to(image, size, fit), came_in


def _upright_size(image: Image.Image) -> Size:
    lies = image.getexif().get(_ORIENTATION_TAG) in _LYING
    return (image.height, image.width) if lies else image.size


def _brought_to(image: Image.Image, size: Size, fit: Fit) -> NDArray[np.uint8]:
    # JPEG decodes straight to an eighth, quarter or half of its size; twice the canvas keeps the detail.
    image.draft(None, (2 * max(size), 2 * max(size)))
    return to_canvas(to_rgb(ImageOps.exif_transpose(image)), size, fit)


def to_rgb(image: Image.Image) -> Image.Image:
    """Return an image of mode RGB, whatever mode it came in; raises ValueError for pixels of unknown range."""
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers; save it with 8 or 16 bits a channel")
    if image.mode.startswith("I"):
        return _from_deep_grey(image)
    if image.has_transparency_data:
        return _over_white(image.convert("RGBA"))
    return image.convert("RGB")


def to_canvas(image: Image.Image, size: Size, fit: Fit) -> NDArray[np.uint8]:
    """Return an RGB image as uint8 of exactly `(width, height)`, resampled with an antialiased bicubic filter."""
    if image.size == size:
        fitted = image
    elif fit == "squash":
        fitted = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=_REDUCING_GAP)
    elif fit == "crop":
        box = _middle_box(image.size, size)
        fitted = image.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=_REDUCING_GAP)
    else:
        fitted = _padded(image, size)
    return np.asarray(fitted, dtype=np.uint8)


def _from_deep_grey(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.int64)
    if values.size and (values.min() < 0 or values.max() > _HIGHEST_16_BIT):
        raise ValueError("its pixels have 32 bits; save it with 8 or 16 bits a channel")
    # 65535 / 255 = 257 exactly, so black stays 0 and white becomes 255.
    return Image.fromarray(np.rint(values / 257).astype(np.uint8)).convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image).convert("RGB")


def _middle_box(size: Size, target: Size) -> tuple[float, float, float, float]:
    scale = min(size[0] / target[0], size[1] / target[1])
    width, height = target[0] * scale, target[1] * scale
    left, top = (size[0] - width) / 2, (size[1] - height) / 2
    return left, top, left + width, top + height


def _padded(image: Image.Image, size: Size) -> Image.Image:
    scale = min(size[0] / image.width, size[1] / image.height)
    width, height = (max(1, round(side * scale)) for side in image.size)
    inner = image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=_REDUCING_GAP)
    mean = tuple(int(value) for value in np.rint(np.asarray(inner).mean(axis=(0, 1))))
    canvas = Image.new("RGB", size, mean)
    canvas.paste(inner, ((size[0] - width) // 2, (size[1] - height) // 2))
    return canvas
