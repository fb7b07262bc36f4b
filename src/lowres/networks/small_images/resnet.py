"""ResNet for CIFAR: three stages of 16, 32 and 64 channels, shortcuts without parameters.

He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2016), section 4.2, with option A: where the
picture is halved, the shortcut takes every second pixel and adds channels of zeros. Layers are named as in
akamaster/pytorch_resnet_cifar10, which puts half of those zeros on either side.
"""

from __future__ import annotations

from typing import Any

import keras

from lowres.networks.small_images.layers import convolve, finished, normalise, rectify

STAGE_CHANNELS = (16, 32, 64)


def resnet(depth: int, pixels: Any, seed: int = 0) -> keras.Model:
    """Return ResNet of 20, 32, 44 or 56 layers (6 n + 2, the classifier among them) without its classifier.

    pixels: a float32 tensor `[n, h, w, 3]`. Out: `layer3_<last>_out`, `[n, h / 4, w / 4, 64]`, rounded up. Kernels as
    He et al. (2015) draw them, by fan in.
    """
    x = convolve(pixels, STAGE_CHANNELS[0], "conv1")
    x = rectify(normalise(x, "bn1"), "relu1")
    for stage, channels in enumerate(STAGE_CHANNELS, start=1):
        for block in range((depth - 2) // 6):
            strides = 2 if stage > 1 and block == 0 else 1
            x = _block(x, channels, strides, f"layer{stage}_{block}")
    return finished(pixels, x, f"resnet{depth}", "he-fan-in", seed)


def _block(x: Any, channels: int, strides: int, name: str) -> Any:
    y = convolve(x, channels, f"{name}_conv1", strides=strides)
    y = rectify(normalise(y, f"{name}_bn1"), f"{name}_relu1")
    y = normalise(convolve(y, channels, f"{name}_conv2"), f"{name}_bn2")
    y = keras.layers.Add(name=f"{name}_add")([y, _shortcut(x, channels, strides, name)])
    return rectify(y, f"{name}_out")


def _shortcut(x: Any, channels: int, strides: int, name: str) -> Any:
    added = channels - x.shape[-1]
    if added == 0:
        return x
    x = keras.layers.AveragePooling2D(1, strides, name=f"{name}_every_second")(x)
    # Told that channels come first, the layer pads the last two axes, of which the last are the channels.
    return keras.layers.ZeroPadding2D(
        ((0, 0), (added // 2, added // 2)), data_format="channels_first", name=f"{name}_zeros"
    )(x)
