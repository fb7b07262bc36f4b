"""What a request sends as pictures, brought to the pixels a model takes: files, or numbers in nested lists."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowres.errors import RequestRefused, RequestTooLarge
from lowres.faces.serving.limits import Limits
from lowres.faces.serving.served_model import ServedModel
from lowres.files.pictures.picture_file import UNREADABLE, decode_sent_picture, why_unreadable

Pixels = NDArray[np.uint8]
HIGHEST = 255


class Sent(NamedTuple):
    """What a request sent as pictures.

    pixels: as the model takes them, uint8 `[n, height, width, 3]`. sizes: width and height that each came in, `[n, 2]`.
    """

    pixels: Pixels
    sizes: NDArray[np.int64]


def file_pixels(model: ServedModel, content: bytes, limits: Limits, where: str = "the body") -> Sent:
    """Return a picture file, prepared as the study's own pictures were.

    Refused with RequestRefused: bytes that are no readable picture; with RequestTooLarge: too many pixels.
    """
    try:
        pixels, size = decode_sent_picture(content, model.size, model.fit, limits.pixels)
    except UNREADABLE as error:
        raise RequestRefused(
            f"expected a JPEG, PNG, WebP, BMP, GIF or TIFF in {where}, got {len(content)} bytes that are none that can "
            f"be read ({why_unreadable(error)}); send the file as it is"
        ) from error
    return Sent(pixels[None], np.array([size], np.int64))


def encoded_bytes(value: Any, where: str) -> bytes:
    """Return the bytes in `{"b64": "..."}`; refused with RequestRefused: something else, or no base64."""
    text = value.get("b64") if isinstance(value, dict) else None
    if not isinstance(text, str):
        raise RequestRefused(f'expected {{"b64": "..."}} in {where}, got {_kind(value)}; send the file in base64')
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestRefused(f"expected base64 in {where}, got text that is none ({error}); encode it again") from error


def number_pixels(model: ServedModel, values: Any, limits: Limits, where: str) -> Sent:
    """Return nested lists of numbers as pixels.

    Refused with RequestRefused: another shape, ragged lists, fractions, and numbers outside 0 to 255: pixels go in as
    they come out of the file, and are scaled inside the network.
    """
    refuse_crowd(len(values) if isinstance(values, list) else 1, limits)
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError) as error:
        raise RequestRefused(f"expected {_wanted(model)} in {where}, got ragged lists; send every row whole") from error
    return checked_pixels(model, array, where)


def checked_pixels(model: ServedModel, array: NDArray[Any], where: str) -> Sent:
    """Return numbers of any type as pixels; refused as `number_pixels` refuses."""
    pixels = _whole_pixels(model, array, where)
    return Sent(pixels, np.tile(np.array(model.size, np.int64), (len(pixels), 1)))


def _whole_pixels(model: ServedModel, array: NDArray[Any], where: str) -> Pixels:
    wanted = model.pixel_shape
    if array.dtype.kind not in "uif" or array.shape[1:] != wanted or array.ndim != 4 or len(array) == 0:
        found = f"shape {list(array.shape)}" if array.dtype.kind in "uif" else "something that is no numbers"
        raise RequestRefused(
            f"expected {_wanted(model)} in {where}, got {found}; to have a picture of another size brought to it, send "
            'its file as {"b64": "..."}'
        )
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if not np.isfinite(array).all() or array.min() < 0 or array.max() > HIGHEST:
        raise RequestRefused(
            f"expected numbers from 0 to {HIGHEST} in {where}, got {array.min():g} to {array.max():g}; send pixels as "
            "they come out of the file"
        )
    pixels = array.astype(np.uint8)
    if array.dtype.kind == "f" and ((pixels != array).any() or 0 < array.max() <= 1):
        raise RequestRefused(
            f"expected whole numbers from 0 to {HIGHEST} in {where}, got fractions up to {array.max():g}; send pixels "
            "unscaled, the network scales them itself"
        )
    return pixels


def refuse_crowd(count: int, limits: Limits) -> None:
    """Refuse with RequestTooLarge more pictures than one request may hold, with RequestRefused none."""
    if count == 0:
        raise RequestRefused("expected at least one picture, got none; send one")
    if count > limits.pictures:
        raise RequestTooLarge(
            f"expected at most {limits.pictures} pictures in one request, got {count}; send them in several"
        )


def joined(pictures: Sequence[Sent]) -> Sent:
    """Return pictures as one."""
    if len(pictures) == 1:
        return pictures[0]
    return Sent(*(np.concatenate(parts) for parts in zip(*pictures, strict=True)))


def _wanted(model: ServedModel) -> str:
    height, width, channels = model.pixel_shape
    return f"pixels of shape [n, {height}, {width}, {channels}]"


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return f"an object of {', '.join(sorted(map(str, value))[:4]) or 'nothing'}"
    return {list: "a list", str: "text", bool: "true or false", type(None): "null"}.get(type(value), "a number")
