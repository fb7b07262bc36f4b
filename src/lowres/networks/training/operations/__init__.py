"""What a network in training does between its convolutions, with sums in float32: one file a backend, chosen here."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import keras

from lowres.networks.precision import products_beat_convolutions


class Normalised(NamedTuple):
    """values: of the input's shape and type. mean, variance: float32 `[channels]`, the variance divided by n."""

    values: Any
    mean: Any
    variance: Any


def normalised(inputs: Any, scale: Any, offset: Any, epsilon: float) -> Normalised:
    """Return inputs `[n, h, w, channels]`, of any float type, at mean 0 and variance 1, scaled and offset.

    scale, offset: float32 `[channels]`. Sums are in float32 (Ioffe and Szegedy 2015, algorithm 1).
    """
    return Normalised(*_room().normalised(inputs, scale, offset, epsilon))


def gelu(inputs: Any) -> Any:
    """Return x times the share of a normal distribution below x (Hendrycks and Gimpel 2016), of the input's type."""
    return _room().gelu(inputs)


def convolution(
    inputs: Any, kernel: Any, strides: tuple[int, ...], padding: str, dilation_rate: tuple[int, ...] = (1, 1)
) -> Any:
    """Return inputs `[n, h, w, in]` convolved with `[height, width, in, out]`, of their type.

    On TensorFlow gradients are made of matrix products where those are quicker.
    """
    precision = keras.backend.standardize_dtype(inputs.dtype)
    if products_beat_convolutions(precision):
        from lowres.networks.training.operations import kernel_gradients

        is_plain = set(dilation_rate) == {1} and inputs.shape[-1] == kernel.shape[-2]
        if is_plain and kernel_gradients.pays(tuple(kernel.shape), strides, padding, precision):
            return kernel_gradients.convolution(inputs, kernel, strides)
    return keras.ops.conv(
        inputs, kernel, strides=strides, padding=padding, data_format="channels_last", dilation_rate=dilation_rate
    )


def _room() -> Any:
    backend = keras.backend.backend()
    return importlib.import_module(f"{__name__}.{'tensorflow' if backend == 'tensorflow' else 'keras_ops'}")
