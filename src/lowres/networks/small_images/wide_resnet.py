"""Wide ResNet: few blocks, many channels, normalised before they are convolved.

Zagoruyko and Komodakis, "Wide Residual Networks" (2016), table 1 with B(3, 3), no dropout. Layers are named as in the
authors' PyTorch code.
"""

from __future__ import annotations

from typing import Any

import keras

from lowres.networks.small_images.layers import convolve, finished, normalise, rectify
from lowres.networks.small_images.pre_activation import Names, pre_activation_block

_STEM_CHANNELS = 16
_NAMES = Names("bn0", "conv0", "bn1", "conv1", "convdim")


def wide_resnet(depth: int, width: int, pixels: Any, seed: int = 0) -> keras.Model:
    """Return WRN-`depth`-`width` (depth 6 n + 4) without its classifier.

    pixels: a float32 tensor `[n, h, w, 3]`. Out: `out`, `[n, h / 4, w / 4, 64 width]`, rounded up. Kernels by fan out,
    as the authors' Torch code draws them.
    """
    x = convolve(pixels, _STEM_CHANNELS, "conv0")
    for group in range(3):
        for block in range((depth - 4) // 6):
            strides = 2 if group > 0 and block == 0 else 1
            x = pre_activation_block(
                x, _STEM_CHANNELS * width * 2**group, strides, f"group{group}_block{block}", _NAMES
            )
    x = rectify(normalise(x, "bn"), "out")
    return finished(pixels, x, f"wrn_{depth}_{width}", "he-fan-out", seed)
