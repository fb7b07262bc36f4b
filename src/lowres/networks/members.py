"""Several networks as one: their feature maps side by side, and one matrix that averages their logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from lowres.errors import TrainingError
from lowres.networks.trained_classifier import TrainedClassifier


def join_members(members: Sequence[TrainedClassifier], cut_layer: str) -> TrainedClassifier:
    """Return a classifier whose logits are the mean of the members' logits, a trunk and a head as any other.

    The members have the same trunk and class names; below `cut_layer` (empty: nothing) their weights are the same, and
    there it is computed once. Because each head is an average over the map and a Dense layer, the mean of their logits
    is again one Dense layer, on the maps side by side (Dietterich 2000, section 2.2, averages the votes themselves).
    One member is given back as it is. Refused with TrainingError: heads of another make.
    """
    first = members[0]
    if len(members) == 1:
        return first
    pixels = keras.Input(first.image_shape, dtype="uint8", name="pixels")
    cut = _below(first.trunk, cut_layer).call(pixels) if cut_layer else pixels
    maps = [_above(member.trunk, cut_layer, f"member{number}").call(cut) for number, member in enumerate(members, 1)]
    trunk = keras.Model(pixels, keras.layers.Concatenate(name="members")(maps), name="trunk")
    trunk.trainable = False
    kernels, biases = zip(*(_matrix(member.head) for member in members), strict=True)
    feature_map = keras.Input(trunk.output_shape[1:], dtype="float32", name="feature_map")
    pooled = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(feature_map)
    logits = keras.layers.Dense(len(first.class_names), dtype="float32", name="logits")
    head = keras.Model(feature_map, logits(pooled), name="head")
    logits.set_weights([np.concatenate(kernels) / len(members), np.mean(biases, axis=0)])
    return TrainedClassifier.from_parts(trunk, head, first.class_names)


def _below(trunk: keras.Model, cut_layer: str) -> keras.Model:
    return keras.Model(trunk.inputs[0], trunk.get_layer(cut_layer).output, name="below")


def _above(trunk: keras.Model, cut_layer: str, name: str) -> keras.Model:
    """A copy of the upper part, each layer named after its member, so that no two share a name."""
    upper = keras.Model(trunk.get_layer(cut_layer).output, trunk.output) if cut_layer else trunk

    def renamed(layer: keras.Layer) -> keras.Layer:
        return type(layer).from_config({**layer.get_config(), "name": f"{name}_{layer.name}"})

    copy = keras.models.clone_model(upper, clone_function=renamed)
    copy.set_weights(upper.get_weights())
    return copy


def _matrix(head: keras.Model) -> tuple[Any, Any]:
    kinds = [type(layer) for layer in head.layers if not isinstance(layer, keras.layers.InputLayer)]
    if kinds != [keras.layers.GlobalAveragePooling2D, keras.layers.Dense]:
        raise TrainingError(
            "expected heads of an average and one Dense layer to be joined, got "
            f"{', '.join(kind.__name__ for kind in kinds)}; set head.kinds to linear or lda, or "
            "fine_tuning.members to 1"
        )
    kernel, bias = head.layers[-1].get_weights()
    return kernel, bias
