"""Resizing as two constant matrices: the same pixels on every backend, in every engine and in every export.

A resize is linear and separable, so rows and columns are one matrix each. Framework resize layers differ between
backends, and `ResizeBicubic` converts neither to OpenVINO nor to LiteRT's built-in operations (docs/decisions/0005).
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

_KEYS_A = -0.5
RESIZING_LAYERS = ROWS_LAYER, COLUMNS_LAYER = "resize_rows", "resize_columns"


def resize(pixels: Any, target_pixels: int, interpolation: str) -> Any:
    """Return the float32 tensor `[n, target_pixels, target_pixels, c]` resized from `[n, height, width, c]`.

    Uses two frozen built-in `EinsumDense` layers named `resize_rows` and `resize_columns`; none where the size fits.
    """
    _, height, width, channels = pixels.shape
    if height != target_pixels:
        rows = _matrix_layer("nhwc,hp->npwc", (target_pixels, width, channels), ROWS_LAYER)
        pixels = rows(pixels)
        rows.set_weights([resampling_matrix(height, target_pixels, interpolation).T])
    if width != target_pixels:
        columns = _matrix_layer("nhwc,wp->nhpc", (target_pixels, target_pixels, channels), COLUMNS_LAYER)
        pixels = columns(pixels)
        columns.set_weights([resampling_matrix(width, target_pixels, interpolation).T])
    return pixels


def resampling_matrix(source: int, target: int, interpolation: str) -> NDArray[np.float32]:
    """Return `[target, source]` weights, rows summing to one, half-pixel centres, antialiased when shrinking.

    "bilinear" is the triangle filter, "bicubic" Keys' cubic convolution (1981) with a = -0.5: Pillow's `resize` and,
    when enlarging, TensorFlow's `tf.image.resize`.
    """
    kernel, reach = {"bilinear": (_triangle, 1.0), "bicubic": (_keys_cubic, 2.0)}[interpolation]
    scale = source / target
    stretch = max(scale, 1.0)
    centres = (np.arange(target) + 0.5) * scale
    distances = (np.arange(source)[None, :] + 0.5 - centres[:, None]) / stretch
    weights = np.where(np.abs(distances) < reach, kernel(distances), 0.0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def _matrix_layer(equation: str, output_shape: tuple[int, ...], name: str) -> keras.Layer:
    return keras.layers.EinsumDense(equation, output_shape, trainable=False, name=name)


def _triangle(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(0.0, 1.0 - np.abs(x))


def _keys_cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.abs(x)
    near = ((_KEYS_A + 2) * x - (_KEYS_A + 3)) * x * x + 1
    far = _KEYS_A * (((x - 5) * x + 8) * x - 4)
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))
