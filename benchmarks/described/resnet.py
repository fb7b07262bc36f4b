"""Claims about ResNet50 and the head on it, measured on the network itself: weights at random, sizes as published."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from described.claim import Claim

_MIB = 2**20
_STATISTICS = ("moving_mean", "moving_variance")


def claims() -> list[Claim]:
    """Return the claims about sizes, layers, freezing, and reaching into a nested model."""
    base = keras.applications.ResNet50(weights=None, include_top=False, pooling="avg", input_shape=(224, 224, 3))
    base.trainable = False
    model = keras.Sequential([keras.Input((224, 224, 3)), base, *_head()])
    return [*_sizes(model, base), *_layers(base), *_nested(model, base), *_frozen_statistics()]


def _head() -> list[Any]:
    return [layers.Dropout(0.3), layers.Dense(256, activation="relu"), layers.Dropout(0.3), layers.Dense(10)]


def _sizes(model: Any, base: Any) -> list[Claim]:
    head, total = _parameters(model.trainable_weights), model.count_params()
    base.trainable = True
    for layer in base.layers:
        layer.trainable = layer.name.startswith("conv5")
    fine_tuned = _parameters(model.trainable_weights)
    fifth = sum(layer.count_params() for layer in base.layers if layer.name.startswith("conv5"))
    base.trainable = False
    figures = {
        "head": head,
        "head_mib": 4 * head / _MIB,
        "head_mb": 4 * head / 1e6,
        "base": base.count_params(),
        "total": total,
        "total_mib": 4 * total / _MIB,
        "total_mb": 4 * total / 1e6,
        "head_share": head / total,
        "fine_tuned": fine_tuned,
        "conv5_share": fifth / base.count_params(),
    }
    return _told_sizes(figures)


def _told_sizes(figures: dict[str, Any]) -> list[Claim]:
    return [
        Claim(
            "5 Q5",
            "527,114 (2.01 MB). This is just the custom head - the 23.6M ResNet50 parameters are frozen.",
            "right",
            "{head:,} of the head, {base:,} frozen. 2.01 is MiB: {head_mib:.2f} MiB, {head_mb:.2f} MB.",
            figures,
            holds=figures["head"] == 527_114,
        ),
        Claim(
            "5 Q7",
            "24.1M parameters (91.99 MB). Only 2% is trainable initially.",
            "right",
            "{total:,}, {head_share:.1%} of them trainable. 91.99 is MiB: {total_mib:.2f} MiB, {total_mb:.2f} MB.",
            figures,
        ),
        Claim(
            "7 Q3",
            "15.5M trainable (up from 527K). The conv5 block contains most of ResNet50's high-level features.",
            "right",
            "{fine_tuned:,} trainable; conv5 holds {conv5_share:.0%} of ResNet50's parameters.",
            figures,
        ),
    ]


def _layers(base: Any) -> list[Claim]:
    last = base.get_layer("conv5_block3_out")
    convolutions = [layer.name for layer in base.layers if isinstance(layer, layers.Conv2D)]
    figures = {
        "pooled": base.output_shape[1],
        "map": list(last.output.shape[1:]),
        "kind": type(last).__name__,
        "last_convolution": convolutions[-1],
    }
    return [
        Claim(
            "5 Q3",
            "Global Average Pooling reduces the final feature map to a 2048-dim vector",
            "right",
            "{pooled} numbers an image.",
            figures,
        ),
        Claim(
            "9 Q2",
            "It's the last convolutional layer before global average pooling.",
            "right for another reason",
            "The right place, but the layer is an {kind}, the ReLU after the last sum; the last convolution is "
            "{last_convolution}, whose output has not met its shortcut yet.",
            figures,
        ),
        Claim("9 Q3", "7x7. This is the spatial size of conv5 output for 224x224 input.", "right", "{map}.", figures),
    ]


def _nested(model: Any, base: Any) -> list[Claim]:
    try:
        model.get_layer("conv5_block3_out")
        outer = "found"
    except ValueError:
        outer = "ValueError"
    figures = {"outer": outer, "inner": base.get_layer("conv5_block3_out").name}
    return [
        Claim(
            "9 Q4",
            "Keras 3.x uses nested Functional models. The ResNet50 is a sub-model, so accessing its layers requires "
            "`base_model.get_layer()` instead of `model.get_layer()`.",
            "right for another reason",
            "model.get_layer gives {outer}, base_model.get_layer finds {inner}. That is nesting, not Keras 3: threads "
            "keras#16355 and keras-io#1903 have it, the first from before Keras 3. A flat trunk, as lowres builds it, "
            "needs neither.",
            figures,
            holds=outer == "ValueError",
        )
    ]


def _frozen_statistics() -> list[Claim]:
    figures = {
        "frozen_without_flag": _moved(trainable=False, training=None),
        "trainable_without_flag": _moved(trainable=True, training=None),
        "trainable_with_flag": _moved(trainable=True, training=False),
    }
    moved = {name: counts[0] for name, counts in figures.items()}
    return [
        Claim(
            "5 Q6",
            "This disables batch normalization updates in ResNet50. Even with `trainable=False`, BN layers would "
            "update "
            "running statistics without this flag.",
            "wrong",
            "Both halves. After a step with trainable=False and no flag, {frozen_without_flag[0]} of "
            "{frozen_without_flag[1]} statistics had moved: a frozen BatchNormalization runs in inference mode. After "
            "a "
            "step with the network unfrozen and training=False given when the model was built, "
            "{trainable_with_flag[0]} "
            "of {trainable_with_flag[1]} had: in Keras 3 fit's own training=True takes the flag's place (thread "
            "keras#20285). So in phase 2, as written, conv5's BatchNormalization did not stay in inference mode.",
            figures,
            holds=moved["frozen_without_flag"] == 0 < moved["trainable_with_flag"] == moved["trainable_without_flag"],
        )
    ]


def _moved(*, trainable: bool, training: bool | None) -> tuple[int, int]:
    """Return how many of ResNet50's BatchNorm statistics one training step changes, and how many there are."""
    base = keras.applications.ResNet50(weights=None, include_top=False, pooling="avg", input_shape=(32, 32, 3))
    base.trainable = trainable
    inputs = keras.Input((32, 32, 3))
    outputs = layers.Dense(10)(base(inputs) if training is None else base(inputs, training=training))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    statistics = [variable for variable in base.variables if variable.name in _STATISTICS]
    before = [np.array(variable) for variable in statistics]
    images = np.random.default_rng(0).normal(50, 20, (8, 32, 32, 3)).astype(np.float32)
    model.train_on_batch(images, np.arange(8))
    moved = sum(not np.array_equal(old, np.array(new)) for old, new in zip(before, statistics, strict=True))
    return moved, len(statistics)


def _parameters(variables: list[Any]) -> int:
    return int(sum(np.prod(variable.shape) for variable in variables))
