"""Whole JPEG and PNG files as pixels, inside a TensorFlow graph, as near to what lowres reads as can be.

Transparency is laid over white and other sizes are brought to the study's as its own pictures were, by the same
antialiased bicubic filter. A rotation noted in EXIF is not applied: TensorFlow has no operation that reads it.
"""

from __future__ import annotations

from typing import Any

import tensorflow

_JPEG_BEGINS = b"\xff\xd8\xff"


def decoded_pictures(encoded: Any, size: tuple[int, int], fit: str) -> Any:
    """Return uint8 `[n, height, width, 3]` of a string tensor `[n]`; size: height, width; fit: squash, crop or pad."""
    shape = tensorflow.TensorSpec((*size, 3), "uint8")
    return tensorflow.map_fn(lambda one: _to_size(_decoded(one), size, fit), encoded, fn_output_signature=shape)


def _decoded(encoded: Any) -> Any:
    """Float32 `[h, w, 3]`, whole numbers."""
    is_jpeg = tensorflow.strings.substr(encoded, 0, 3) == _JPEG_BEGINS
    # The slow transform is the one Pillow takes; the quick one is off by up to a few levels.
    return tensorflow.cond(
        is_jpeg,
        lambda: tensorflow.cast(
            tensorflow.io.decode_jpeg(encoded, channels=3, dct_method="INTEGER_ACCURATE"), "float32"
        ),
        lambda: _over_white(tensorflow.io.decode_png(encoded, channels=4)),
    )


def _over_white(pixels: Any) -> Any:
    pixels = tensorflow.cast(pixels, "float32")
    opacity = pixels[..., 3:] / 255
    return tensorflow.round(pixels[..., :3] * opacity + 255 * (1 - opacity))


def _to_size(picture: Any, size: tuple[int, int], fit: str) -> Any:
    """Uint8 of exactly this size; one that has it already keeps its pixels."""
    found = tensorflow.cast(tensorflow.shape(picture)[:2], "float32")
    target = tensorflow.constant(size, "float32")
    ratio = target / found
    if fit == "squash":
        fitted = _scaled(picture, size, ratio, tensorflow.zeros(2))
    elif fit == "crop":
        scale = tensorflow.reduce_max(ratio) * tensorflow.ones(2)
        fitted = _scaled(picture, size, scale, (target - found * scale) / 2)
    else:
        fitted = _padded(picture, size, ratio)
    return tensorflow.ensure_shape(fitted, (*size, 3))


def _scaled(picture: Any, size: Any, scale: Any, translation: Any) -> Any:
    resized = tensorflow.raw_ops.ScaleAndTranslate(
        images=picture[None], size=size, scale=scale, translation=translation, kernel_type="keyscubic", antialias=True
    )[0]
    return tensorflow.cast(tensorflow.clip_by_value(tensorflow.round(resized), 0, 255), "uint8")


def _padded(picture: Any, size: tuple[int, int], ratio: Any) -> Any:
    found = tensorflow.cast(tensorflow.shape(picture)[:2], "float32")
    inner = tensorflow.maximum(1.0, tensorflow.round(found * tensorflow.reduce_min(ratio)))
    whole = tensorflow.cast(inner, "int32")
    resized = tensorflow.cast(_scaled(picture, whole, inner / found, tensorflow.zeros(2)), "float32")
    mean = tensorflow.round(tensorflow.reduce_mean(resized, axis=(0, 1)))
    before = (tensorflow.constant(size) - whole) // 2
    after = tensorflow.constant(size) - whole - before
    room = tensorflow.stack([before, after], axis=1)
    # Padded as what differs from the mean, since padding takes one number for all channels.
    padded = tensorflow.pad(resized - mean, tensorflow.concat([room, [[0, 0]]], axis=0)) + mean
    return tensorflow.cast(padded, "uint8")
