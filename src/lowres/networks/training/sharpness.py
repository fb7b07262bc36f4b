"""Sharpness-aware minimisation: the gradient is taken where the loss is highest nearby, and applied where one stands.

Foret et al., "Sharpness-Aware Minimization for Efficiently Improving Generalization" (2021), equations 2 and 3. An
update costs two passes.
"""

from __future__ import annotations

from typing import Any

import keras


class Ascent(keras.optimizers.Optimizer):
    """Moves weights `radius` up the gradient of all of them together, and remembers where they stood.

    The optimizer it is made for puts them back before it updates them (`put_back`).
    """

    def __init__(self, radius: float, descent: Any) -> None:
        """radius: the length of the move over all weights, rho in the paper; descent: has to be built."""
        super().__init__(learning_rate=radius, name="ascent")
        self._descent = descent

    def build(self, variables: list[Any]) -> None:
        """Make room for the weights; `descent` knows it too, as JAX hands an optimizer no others' variables."""
        super().build(variables)
        self.remembered = self.add_optimizer_variables(variables, "remembered")
        for variable in self.remembered:
            self._descent._track_variable(variable)
        self._descent.remembered = self.remembered

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Move the weights; `grads` one for each of them."""
        moved = trainable_variables or self._trainable_variables
        length = keras.ops.sqrt(sum(keras.ops.sum(keras.ops.square(gradient)) for gradient in grads))
        scale = self.learning_rate / (length + 1e-12)
        for gradient, variable in zip(grads, moved, strict=True):
            self.remembered[self._get_variable_index(variable)].assign(variable.value)
            variable.assign(variable + keras.ops.cast(scale, variable.dtype) * gradient)


def put_back(descent: Any) -> None:
    """Undo the ascent, to the last bit, if there was one."""
    for variable, stood in zip(descent._trainable_variables, descent.remembered, strict=False):
        variable.assign(stood.value)


def ascending(model: keras.Model, ascent: Ascent, loss: keras.losses.Loss) -> keras.Model:
    """Return the same network, sharing every layer, compiled so that a step on it is the way up."""
    twin = keras.Model(model.inputs, model.outputs, name="ascending")
    twin.compile(optimizer=ascent, loss=loss, weighted_metrics=["categorical_accuracy"])
    return twin
