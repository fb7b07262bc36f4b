"""A small trunk with BatchNorm in two blocks, and a head for it: what faults are planted in."""

from __future__ import annotations

import keras

from lowres.networks.backbones.input_contracts import MINUS_ONE_TO_ONE, scale_pixels
from lowres.networks.resizing import resize


def small_trunk(scale=None, seed=0):
    """Uint8 8x8 RGB to a feature map of 24 channels: block1_conv, block1_bn, block2_conv, block2_bn, each with a ReLU.

    scale: takes the place of the contract's scaling; a tensor in, a tensor out.
    """
    pixels = keras.Input((8, 8, 3), dtype="uint8", name="pixels")
    scaled = scale(pixels) if scale else scale_pixels(pixels, MINUS_ONE_TO_ONE)
    x = resize(scaled, 16, "bilinear")
    for block, channels in ((1, 12), (2, 24)):
        initial = keras.initializers.HeNormal(seed=seed + block)
        x = keras.layers.Conv2D(
            channels,
            3,
            strides=2,
            padding="same",
            use_bias=False,
            kernel_initializer=initial,
            name=f"block{block}_conv",
        )(x)
        x = keras.layers.BatchNormalization(name=f"block{block}_bn")(x)
        x = keras.layers.ReLU(name=f"block{block}_relu")(x)
    trunk = keras.Model(pixels, x, name="trunk")
    trunk.trainable = False
    return trunk


def small_head(classes=10, channels=24, softmax=False, layer=None):
    """A head on that trunk, in the shape the heads of lowres have."""
    feature_map = keras.Input((4, 4, channels), name="feature_map")
    x = keras.layers.GlobalAveragePooling2D(name="pooled")(feature_map)
    x = layer(x) if layer else x
    initial = keras.initializers.GlorotUniform(seed=7)
    activation = "softmax" if softmax else None
    x = keras.layers.Dense(classes, activation=activation, kernel_initializer=initial, name="logits")(x)
    return keras.Model(feature_map, x, name="head")
