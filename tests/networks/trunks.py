"""Small trunks of every make that fine-tuning meets, each with a head, weights and statistics drawn at random."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

SHAPE = (8, 8, 3)


def spread(model: keras.Model, seed: int) -> keras.Model:
    """Give every weight a value of its own, variances above zero; what scales pixels keeps its own."""
    random = np.random.default_rng(seed)
    for layer in model.layers:
        for variable in layer.weights:
            values = random.normal(0.1, 0.4, tuple(variable.shape))
            variable.assign(np.abs(values) + 0.3 if "variance" in variable.name else values)
    return model


def convolution(x: Any, channels: int, name: str, kernel: int = 3, **options: Any) -> Any:
    """Convolution, BatchNorm and ReLU, named as EfficientNet-Lite names them."""
    layer = keras.layers.Conv2D(channels, kernel, padding="same", name=f"{name}_conv", **{"use_bias": False} | options)
    x = keras.layers.BatchNormalization(name=f"{name}_bn")(layer(x))
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(x)


def residual_trunk() -> keras.Model:
    """A stem and three blocks with a shortcut each: a depthwise one, and one that normalises before it convolves."""
    pixels = keras.Input(SHAPE, dtype="uint8", name="pixels")
    x = keras.layers.Rescaling(1 / 127.5, -1.0, name="scaling")(pixels)
    x = convolution(x, 6, "stem", strides=2)
    shortcut, y = x, convolution(x, 8, "blocks_0_expand", 1)
    y = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="blocks_0_depthwise_conv")(y)
    y = keras.layers.BatchNormalization(name="blocks_0_depthwise_bn")(y)
    y = keras.layers.Conv2D(6, 1, name="blocks_0_project_conv")(y)
    y = keras.layers.BatchNormalization(name="blocks_0_project_bn")(y)
    x = keras.layers.Add(name="blocks_0_add")([shortcut, y])
    shortcut, y = x, keras.layers.BatchNormalization(name="blocks_1_pre_bn")(x)
    y = keras.layers.ReLU(name="blocks_1_pre_relu")(y)
    # Its BatchNorm is not alone in reading it, and the second convolution squashes by itself: neither folds.
    y = keras.layers.Conv2D(6, 3, padding="same", name="blocks_1_shared_conv")(y)
    z = keras.layers.BatchNormalization(name="blocks_1_shared_bn")(y)
    z = keras.layers.Conv2D(6, 1, activation="relu", name="blocks_1_squashed_conv")(z)
    z = keras.layers.BatchNormalization(name="blocks_1_squashed_bn")(z)
    x = keras.layers.Add(name="blocks_1_add")([shortcut, y, z])
    # A shortcut with a convolution of its own, as ResNet's, so that layers of one depth stand side by side.
    shortcut = keras.layers.Conv2D(10, 1, name="blocks_10_0_conv")(x)
    shortcut = keras.layers.BatchNormalization(name="blocks_10_0_bn")(shortcut)
    y = convolution(x, 10, "blocks_10_1")
    y = keras.layers.Conv2D(10, 3, padding="same", name="blocks_10_2_conv")(y)
    y = keras.layers.BatchNormalization(name="blocks_10_2_bn", scale=False)(y)
    x = keras.layers.Add(name="blocks_10_add")([shortcut, y])
    return spread(keras.Model(pixels, keras.layers.ReLU(name="blocks_10_out")(x), name="trunk"), 1)


def head_on(trunk: keras.Model, classes: int = 4, dropout: float = 0.0) -> keras.Model:
    """An average, a dropout where asked for, and one Dense layer."""
    feature_map = keras.Input(trunk.output_shape[1:], name="feature_map")
    x = keras.layers.GlobalAveragePooling2D(name="pooled")(feature_map)
    x = keras.layers.Dropout(dropout, name="dropout")(x) if dropout else x
    return spread(keras.Model(feature_map, keras.layers.Dense(classes, name="logits")(x), name="head"), 2)
