"""The classifier a network was published with: how it pools, whether it has a bias, how its logits are scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.values.training.initial_weights import drawn_kernel


@dataclass(frozen=True)
class HeadForm:
    """pooling: over height and width, the average or the largest. scale: what logits are multiplied with."""

    pooling: Literal["average", "max"] = "average"
    has_bias: bool = True
    scale: float = 1.0


def published_head(
    form: HeadForm,
    feature_shape: tuple[int, ...],
    classes: int,
    seed: int = 0,
    weights: tuple[NDArray[np.float32], NDArray[np.float32] | None] | None = None,
) -> keras.Model:
    """Return the model "head" from feature map `feature_shape` to float32 logits `[n, classes]`.

    weights: kernel `[channels, classes]` and bias, as `small_images.state_dict.classifier_tensors` returns them; None:
    the kernel drawn uniformly within 1 / sqrt(channels) each way, the bias 0.
    """
    feature_map = keras.Input(feature_shape, dtype="float32", name="feature_map")
    x = _pooled(feature_map, form)
    name = "logits" if form.scale == 1 else "unscaled_logits"
    dense = keras.layers.Dense(classes, use_bias=form.has_bias, kernel_initializer="zeros", dtype="float32", name=name)
    x = dense(x)
    if form.scale != 1:
        x = keras.layers.Rescaling(form.scale, dtype="float32", name="logits")(x)
    kernel, bias = weights or (drawn_kernel((feature_shape[-1], classes), "uniform", seed=seed, name="head"), None)
    dense.kernel.assign(kernel)
    if bias is not None:
        dense.bias.assign(bias)
    return keras.Model(feature_map, x, name="head")


def _pooled(feature_map: Any, form: HeadForm) -> Any:
    if form.pooling == "max":
        # Not called "pooled": whoever has averaged features may pass that by.
        return keras.layers.GlobalMaxPooling2D(dtype="float32", name="largest")(feature_map)
    return keras.layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(feature_map)
