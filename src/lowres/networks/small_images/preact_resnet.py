"""PreAct ResNet-18 for CIFAR: four stages of 64 to 512 channels, normalised before they are convolved.

He, Zhang, Ren and Sun, "Identity Mappings in Deep Residual Networks" (2016), in the shape that kuangliu/pytorch-cifar
gave it and that papers since compare with: no normalisation after the last block, where the paper has one.
"""

from __future__ import annotations

from typing import Any

import keras

from lowres.networks.small_images.layers import convolve, finished
from lowres.networks.small_images.pre_activation import Names, pre_activation_block

_STAGE_CHANNELS = (64, 128, 256, 512)
_BLOCKS = 2
_NAMES = Names("bn1", "conv1", "bn2", "conv2", "shortcut_0")


def preact_resnet18(pixels: Any, seed: int = 0) -> keras.Model:
    """Return PreAct ResNet-18 without its classifier.

    pixels: a float32 tensor `[n, h, w, 3]`. Out: `layer4_1_add`, `[n, h / 8, w / 8, 512]`, rounded up. Kernels as He et
    al. (2015) draw them, by fan in.
    """
    x = convolve(pixels, _STAGE_CHANNELS[0], "conv1")
    for stage, channels in enumerate(_STAGE_CHANNELS, start=1):
        for block in range(_BLOCKS):
            strides = 2 if stage > 1 and block == 0 else 1
            x = pre_activation_block(x, channels, strides, f"layer{stage}_{block}", _NAMES)
    return finished(pixels, x, "preact_resnet18", "he-fan-in", seed)
