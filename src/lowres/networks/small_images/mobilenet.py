"""MobileNetV2 for CIFAR: inverted bottlenecks for phones, with the strides that 32 pixels allow.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (2018), in the shape that
kuangliu/pytorch-cifar gave it: stem and second stage keep the size, ReLU in place of ReLU6, and a 1x1 shortcut where a
block without stride changes the channels.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras

from lowres.networks.small_images.layers import convolve, convolve_depthwise, finished, normalise, rectify

_STEM_CHANNELS, _LAST_CHANNELS = 32, 1280


class _Stage(NamedTuple):
    expansion: int
    channels: int
    blocks: int
    strides: int


_STAGES = (
    _Stage(1, 16, 1, 1),
    _Stage(6, 24, 2, 1),
    _Stage(6, 32, 3, 2),
    _Stage(6, 64, 4, 2),
    _Stage(6, 96, 3, 1),
    _Stage(6, 160, 3, 2),
    _Stage(6, 320, 1, 1),
)


def mobilenet_v2(pixels: Any, seed: int = 0, width: float = 1.0) -> keras.Model:
    """Return the network without its classifier.

    pixels: a float32 tensor `[n, h, w, 3]`. width: what every number of channels is multiplied with, rounded to eights
    as in the paper; the last layer's never falls below 1,280. Out: `out`, `[n, h / 8, w / 8, 1280]`, rounded up.
    Kernels by fan in (He et al. 2015); drawn as PyTorch does, a picture fades to nothing until BatchNorm is trained.
    """
    x = rectify(normalise(convolve(pixels, _rounded(_STEM_CHANNELS * width), "conv1"), "bn1"), "relu1")
    number = 0
    for stage in _STAGES:
        for block in range(stage.blocks):
            strides = stage.strides if block == 0 else 1
            x = _block(x, stage.expansion, _rounded(stage.channels * width), strides, f"layers_{number}")
            number += 1
    x = convolve(x, _rounded(_LAST_CHANNELS * max(1.0, width)), "conv2", kernel=1)
    return finished(pixels, rectify(normalise(x, "bn2"), "out"), "mobilenet_v2_cifar", "he-fan-in", seed)


def _block(x: Any, expansion: int, channels: int, strides: int, name: str) -> Any:
    y = convolve(x, expansion * x.shape[-1], f"{name}_conv1", kernel=1)
    y = rectify(normalise(y, f"{name}_bn1"), f"{name}_relu1")
    y = convolve_depthwise(y, f"{name}_conv2", strides=strides)
    y = rectify(normalise(y, f"{name}_bn2"), f"{name}_relu2")
    y = normalise(convolve(y, channels, f"{name}_conv3", kernel=1), f"{name}_bn3")
    if strides != 1:
        return y
    if x.shape[-1] != channels:
        x = normalise(convolve(x, channels, f"{name}_shortcut_0", kernel=1), f"{name}_shortcut_1")
    return keras.layers.Add(name=f"{name}_add")([y, x])


def _rounded(channels: float, divisor: int = 8) -> int:
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded
