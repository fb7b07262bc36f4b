"""Convolution and BatchNorm as these networks were published: PyTorch's padding, momentum and epsilon."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from lowres.values.training.initial_weights import Initial, drawn_kernel

_MOMENTUM, _EPSILON = 0.9, 1e-5


def convolve(x: Any, channels: int, name: str, *, kernel: int = 3, strides: int = 1) -> Any:
    """Return a convolution without bias, padded by `kernel // 2` on every side.

    Keras' "same" pads a strided convolution below and to the right only, and so looks at other pixels.
    """
    x, padding = _padded(x, name, kernel, strides)
    return keras.layers.Conv2D(
        channels, kernel, strides, padding=padding, use_bias=False, kernel_initializer="zeros", name=name
    )(x)


def convolve_depthwise(x: Any, name: str, *, kernel: int = 3, strides: int = 1) -> Any:
    """Return a convolution of each channel by itself, padded as `convolve` pads."""
    x, padding = _padded(x, name, kernel, strides)
    return keras.layers.DepthwiseConv2D(
        kernel, strides, padding=padding, use_bias=False, depthwise_initializer="zeros", name=name
    )(x)


def normalise(x: Any, name: str) -> Any:
    """Return BatchNorm with scale and offset."""
    return keras.layers.BatchNormalization(momentum=_MOMENTUM, epsilon=_EPSILON, name=name)(x)


def rectify(x: Any, name: str) -> Any:
    """Return the positive part."""
    return keras.layers.ReLU(name=name)(x)


def finished(pixels: Any, features: Any, name: str, initial: Initial, seed: int) -> keras.Model:
    """Return the network from where `pixels` come from to `features`, its kernels drawn by seed and layer name."""
    network = keras.Model(keras.utils.get_source_inputs(pixels)[0], features, name=name)
    for layer in network.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            height, width, channels, _ = layer.kernel.shape
            kernel = drawn_kernel((height, width, 1, channels), initial, seed=seed, name=layer.name)
            layer.kernel.assign(np.swapaxes(kernel, 2, 3))
        elif isinstance(layer, keras.layers.Conv2D):
            layer.kernel.assign(drawn_kernel(tuple(layer.kernel.shape), initial, seed=seed, name=layer.name))
    return network


def _padded(x: Any, name: str, kernel: int, strides: int) -> tuple[Any, str]:
    """The input with zeros around it where Keras would put them elsewhere, and the padding left to do."""
    if strides == 1 or kernel == 1:
        return x, "same" if strides == 1 else "valid"
    return keras.layers.ZeroPadding2D(kernel // 2, name=f"{name}_padding")(x), "valid"
