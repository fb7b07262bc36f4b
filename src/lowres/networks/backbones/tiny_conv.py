"""A backbone of 6,000 random weights: for tests, and for machines that have no others. It has never seen a picture."""

from __future__ import annotations

from typing import Any

import keras

_CHANNELS = (16, 32)


def tiny_conv(pixels: Any, seed: int = 0) -> keras.Model:
    """Return two strided convolutions from a float32 tensor `[n, h, w, 3]` to `tiny_out` `[n, h / 4, w / 4, 32]`.

    The weights are drawn from `seed` and never trained: edges and colours at random, enough for a linear head to beat
    chance and no more.
    """
    x = pixels
    for number, channels in enumerate(_CHANNELS, start=1):
        x = keras.layers.Conv2D(
            channels,
            3,
            strides=2,
            padding="same",
            kernel_initializer=keras.initializers.HeNormal(seed=seed + number),
            name=f"tiny_conv{number}",
        )(x)
        is_last = number == len(_CHANNELS)
        x = keras.layers.ReLU(name="tiny_out" if is_last else f"tiny_relu{number}")(x)
    return keras.Model(keras.utils.get_source_inputs(pixels)[0], x, name="tiny_conv")
