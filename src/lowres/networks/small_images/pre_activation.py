"""The residual block that normalises before it convolves, which Wide ResNet and PreAct ResNet share.

He, Zhang, Ren and Sun, "Identity Mappings in Deep Residual Networks" (2016), figure 1 b.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras

from lowres.networks.small_images.layers import convolve, normalise, rectify


class Names(NamedTuple):
    """What a family calls the weighted layers of a block, in the order in which they act."""

    first_normalisation: str
    first_convolution: str
    second_normalisation: str
    second_convolution: str
    shortcut: str


def pre_activation_block(x: Any, channels: int, strides: int, name: str, names: Names) -> Any:
    """Return `<name>_add`, `[n, h / strides, w / strides, channels]`.

    Where size or channels change, the shortcut is a 1x1 convolution of the activated input; else it is the input.
    """
    activated = rectify(normalise(x, f"{name}_{names.first_normalisation}"), f"{name}_relu1")
    y = convolve(activated, channels, f"{name}_{names.first_convolution}", strides=strides)
    y = rectify(normalise(y, f"{name}_{names.second_normalisation}"), f"{name}_relu2")
    y = convolve(y, channels, f"{name}_{names.second_convolution}")
    if strides != 1 or x.shape[-1] != channels:
        x = convolve(activated, channels, f"{name}_{names.shortcut}", kernel=1, strides=strides)
    return keras.layers.Add(name=f"{name}_add")([y, x])
