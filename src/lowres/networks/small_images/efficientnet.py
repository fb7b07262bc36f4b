"""EfficientNetB0 for CIFAR: the published network, with the strides that 32 pixels allow.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019), table 1, trained from
scratch. Layers are named and BatchNorm is set as in torchvision's `efficientnet_b0`, and its weights fit; stem and
second stage keep the size, as kuangliu/pytorch-cifar has it in MobileNetV2. Stochastic depth and dropout are left out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras

from lowres.networks.small_images.layers import convolve, convolve_depthwise, finished, normalise

_STEM_CHANNELS, _LAST_CHANNELS = 32, 1280
# Of the channels that come into a block.
_SQUEEZED = 4


class _Stage(NamedTuple):
    expansion: int
    channels: int
    blocks: int
    kernel: int
    strides: int


_STAGES = (
    _Stage(1, 16, 1, 3, 1),
    _Stage(6, 24, 2, 3, 1),
    _Stage(6, 40, 2, 5, 2),
    _Stage(6, 80, 3, 3, 2),
    _Stage(6, 112, 3, 5, 1),
    _Stage(6, 192, 4, 5, 2),
    _Stage(6, 320, 1, 3, 1),
)


def efficientnet_b0(pixels: Any, seed: int = 0) -> keras.Model:
    """Return the network without its classifier.

    pixels: a float32 tensor `[n, h, w, 3]`. Out: `features_8_2`, `[n, h / 8, w / 8, 1280]`, rounded up. Kernels by fan
    in (He et al. 2015), as in `mobilenet_v2`.
    """
    x = _swish(normalise(convolve(pixels, _STEM_CHANNELS, "features_0_0"), "features_0_1"), "features_0_2")
    for number, stage in enumerate(_STAGES, start=1):
        for block in range(stage.blocks):
            x = _block(x, stage, stage.strides if block == 0 else 1, f"features_{number}_{block}")
    x = normalise(convolve(x, _LAST_CHANNELS, "features_8_0", kernel=1), "features_8_1")
    return finished(pixels, _swish(x, "features_8_2"), "efficientnet_b0_cifar", "he-fan-in", seed)


def _block(x: Any, stage: _Stage, strides: int, name: str) -> Any:
    y, part = x, 0
    if stage.expansion != 1:
        y = convolve(y, stage.expansion * x.shape[-1], f"{name}_block_0_0", kernel=1)
        y, part = _swish(normalise(y, f"{name}_block_0_1"), f"{name}_block_0_2"), 1
    y = convolve_depthwise(y, f"{name}_block_{part}_0", kernel=stage.kernel, strides=strides)
    y = _swish(normalise(y, f"{name}_block_{part}_1"), f"{name}_block_{part}_2")
    y = _excited(y, x.shape[-1] // _SQUEEZED, f"{name}_block_{part + 1}")
    y = convolve(y, stage.channels, f"{name}_block_{part + 2}_0", kernel=1)
    y = normalise(y, f"{name}_block_{part + 2}_1")
    if strides != 1 or x.shape[-1] != stage.channels:
        return y
    return keras.layers.Add(name=f"{name}_add")([y, x])


def _excited(x: Any, squeezed: int, name: str) -> Any:
    """Squeeze and excitation (Hu et al. 2018): each channel times what all of them together say of it."""
    y = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_avgpool")(x)
    y = _swish(_one_place(y, squeezed, f"{name}_fc1"), f"{name}_activation")
    y = keras.layers.Activation("sigmoid", name=f"{name}_scale_activation")(_one_place(y, x.shape[-1], f"{name}_fc2"))
    return keras.layers.Multiply(name=f"{name}_excited")([x, y])


def _one_place(x: Any, channels: int, name: str) -> Any:
    return keras.layers.Conv2D(channels, 1, kernel_initializer="zeros", name=name)(x)


def _swish(x: Any, name: str) -> Any:
    return keras.layers.Activation("silu", name=name)(x)
