"""Gradients on every backend: what one step of plain descent at rate 1 takes off each weight."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


class TimesTargets(keras.losses.Loss):
    """The sum of every output times its target: the target is the gradient of the loss by the output."""

    def __init__(self) -> None:
        super().__init__(reduction="sum")

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return keras.ops.sum(y_true * y_pred, axis=tuple(range(1, len(y_pred.shape))))


def gradients(model: keras.Model, inputs: NDArray[Any], outward: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
    """The gradient of `sum(outward * model(inputs))` by every variable that trains, by path; the weights are put back.

    Rounding costs the difference of two weights: a ten-millionth of the larger one.
    """
    before = [np.array(keras.ops.convert_to_numpy(variable.value)) for variable in model.variables]
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss=TimesTargets())
    model.train_on_batch(inputs, outward)
    found = {}
    for variable, old in zip(model.variables, before, strict=True):
        if variable.trainable:
            found[variable.path] = old - keras.ops.convert_to_numpy(variable.value)
        variable.assign(old)
    return found
