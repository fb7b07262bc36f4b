"""EfficientNet-Lite0 to 2: EfficientNet without squeeze-and-excite and with ReLU6, made for phones and quick on CPUs.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019), table 1, with the changes
of the TensorFlow TPU repository's `efficientnet/lite`: stem and head keep their width, the outer stages their depth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

_STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
_NORMALISATION_EPSILON = 1e-3


class _Stage(NamedTuple):
    expansion: int
    kernel: int
    stride: int
    channels: int
    repeats: int


_STAGES = (
    _Stage(1, 3, 1, 16, 1),
    _Stage(6, 3, 2, 24, 2),
    _Stage(6, 5, 2, 40, 2),
    _Stage(6, 3, 2, 80, 3),
    _Stage(6, 5, 1, 112, 3),
    _Stage(6, 5, 2, 192, 4),
    _Stage(6, 3, 1, 320, 1),
)
# Width and depth multipliers of Lite0, Lite1 and Lite2.
_SCALES = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2)}


def efficientnet_lite(size: int, input_pixels: int, scaled_pixels: Any = None) -> keras.Model:
    """Return EfficientNet-Lite `size` (0, 1 or 2) without its classifier, weights at random.

    In: float32 `[n, input_pixels, input_pixels, 3]` in [-1, 1]. Out: the feature map after the last convolution,
    `[n, input_pixels / 32, input_pixels / 32, 1280]`. Layers are named as the published tensors are, `blocks_3_...`.
    Given a tensor instead of nothing, the network grows on it and begins where that tensor's own graph begins.
    """
    if scaled_pixels is None:
        scaled_pixels = keras.Input((input_pixels, input_pixels, 3), name="scaled_pixels")
    x = _convolve(scaled_pixels, _STEM_CHANNELS, 3, 2, "conv_stem", "bn0")
    for index, (stage, stride, channels) in enumerate(_blocks(size)):
        x = _inverted_bottleneck(x, stage, stride, channels, f"blocks_{index}")
    x = _convolve(x, HEAD_CHANNELS, 1, 1, "conv_head", "bn1")
    return keras.Model(keras.utils.get_source_inputs(scaled_pixels)[0], x, name=f"efficientnet_lite{size}")


def load_published(network: keras.Model, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Put the published tensors (named and laid out as in the `.pth` files) into a network made by this module.

    Every tensor the network needs must be there in its shape (KeyError or ValueError otherwise, naming it); the
    classifier's two and the batch counters are left over.
    """
    for layer in network.layers:
        published = _published_name(layer.name)
        if isinstance(layer, keras.layers.BatchNormalization):
            names = ("weight", "bias", "running_mean", "running_var")
            layer.set_weights([tensors[f"{published}.{name}"] for name in names])
        elif isinstance(layer, keras.layers.DepthwiseConv2D):
            layer.set_weights([np.transpose(tensors[f"{published}.weight"], (2, 3, 0, 1))])
        elif isinstance(layer, keras.layers.Conv2D):
            layer.set_weights([np.transpose(tensors[f"{published}.weight"], (2, 3, 1, 0))])


def _blocks(size: int) -> list[tuple[_Stage, int, int]]:
    width, depth = _SCALES[size]
    blocks = []
    for place, stage in enumerate(_STAGES):
        is_outermost = place in (0, len(_STAGES) - 1)
        repeats = stage.repeats if is_outermost else math.ceil(depth * stage.repeats)
        channels = _round_channels(stage.channels * width)
        blocks += [(stage, stage.stride if repeat == 0 else 1, channels) for repeat in range(repeats)]
    return blocks


def _round_channels(channels: float, divisor: int = 8) -> int:
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


def _inverted_bottleneck(x: Any, stage: _Stage, stride: int, channels: int, name: str) -> Any:
    shortcut = x
    if stage.expansion != 1:
        x = _convolve(x, x.shape[-1] * stage.expansion, 1, 1, f"{name}_expand_conv", f"{name}_bn0")
    x = keras.layers.DepthwiseConv2D(
        stage.kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )(x)
    x = _normalise(x, f"{name}_bn1")
    x = keras.layers.ReLU(6.0, name=f"{name}_depthwise_relu")(x)
    x = keras.layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_project_conv")(x)
    x = _normalise(x, f"{name}_bn2")
    if stride == 1 and shortcut.shape[-1] == channels:
        x = keras.layers.Add(name=f"{name}_add")([x, shortcut])
    return x


def _convolve(x: Any, channels: int, kernel: int, stride: int, name: str, normalisation: str) -> Any:
    x = keras.layers.Conv2D(channels, kernel, stride, padding="same", use_bias=False, name=name)(x)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(_normalise(x, normalisation))


def _normalise(x: Any, name: str) -> Any:
    return keras.layers.BatchNormalization(epsilon=_NORMALISATION_EPSILON, name=name)(x)


def _published_name(layer_name: str) -> str:
    """`blocks_3_expand_conv` is published as `_blocks.3._expand_conv`, `conv_stem` as `_conv_stem`."""
    if layer_name.startswith("blocks_"):
        _, index, rest = layer_name.split("_", 2)
        return f"_blocks.{index}._{rest}"
    return f"_{layer_name}"
