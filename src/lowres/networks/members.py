"""Several networks as one: their feature maps side by side, and one matrix that averages their logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from lowres.errors import TrainingError
from lowres.networks.trained_classifier import TrainedClassifier


def join_members(members: Sequence[TrainedClassifier], cut_layer: str) -> TrainedClassifier:
    """Return a classifier whose logits are the mean of the members' logits, a trunk and a head as any other.

    The members have the same trunk and class names; below `cut_layer` (empty: nothing) their weights are the same, and
    there it is computed once. Because each head is one number of each channel and a Dense layer, the mean of their
    logits is again one Dense layer, on the maps side by side (Dietterich 2000, section 2.2, averages the votes
    themselves). One member is given back as it is. Refused with TrainingError: heads of another make.
    """
    first = members[0]
    if len(members) == 1:
        return first
    pixels = keras.Input(first.image_shape, dtype="uint8", name="pixels")
    cut = _below(first.trunk, cut_layer).call(pixels) if cut_layer else pixels
    maps = [_above(member.trunk, cut_layer, f"member{number}").call(cut) for number, member in enumerate(members, 1)]
    trunk = keras.Model(pixels, keras.layers.Concatenate(name="members")(maps), name="trunk")
    trunk.trainable = False
    parts = [_parts(member.head) for member in members]
    feature_map = keras.Input(trunk.output_shape[1:], dtype="float32", name="feature_map")
    x, dense = _again(parts[0].pooling)(feature_map), _again(parts[0].dense)
    x = dense(x)
    if parts[0].scaling is not None:
        x = _again(parts[0].scaling)(x)
    head = keras.Model(feature_map, x, name="head")
    kernels, *biases = zip(*(one.dense.get_weights() for one in parts), strict=True)
    dense.set_weights([np.concatenate(kernels) / len(members), *(np.mean(one, axis=0) for one in biases)])
    return TrainedClassifier.from_parts(trunk, head, first.class_names)


@dataclass(frozen=True)
class _Parts:
    """A head that can be joined. scaling: of its logits, the same in every member; None: none."""

    pooling: keras.Layer
    dense: keras.Layer
    scaling: keras.Layer | None


def _again(layer: keras.Layer) -> keras.Layer:
    return type(layer).from_config(layer.get_config())


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


def _parts(head: keras.Model) -> _Parts:
    layers = [layer for layer in head.layers if not isinstance(layer, keras.layers.InputLayer)]
    pools = (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D)
    kinds = [pools, keras.layers.Dense, keras.layers.Rescaling]
    fits = 2 <= len(layers) <= len(kinds) and all(map(isinstance, layers, kinds))
    if not fits or layers[1].activation is not keras.activations.linear:
        raise TrainingError(
            "expected heads of one pooling and one Dense layer to be joined, got "
            f"{', '.join(type(layer).__name__ for layer in layers)}; leave dense out of head.kinds, or set "
            "fine_tuning.members to 1"
        )
    return _Parts(layers[0], layers[1], layers[2] if len(layers) > 2 else None)
