"""What every operation of a network gives for an input of some shape, told from shapes alone: nothing is computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


def operation_outputs(model: keras.Model, shape: tuple[int | None, ...]) -> list[keras.KerasTensor]:
    """Return the output of every operation in the order they run, those of models within the model too.

    shape: of a batch as the model takes it. ValueError, of Keras, where an operation cannot take what reaches it.
    """
    found: list[keras.KerasTensor] = []
    _walked(model, keras.KerasTensor(shape), found)
    return found


def _walked(model: keras.Model, given: keras.KerasTensor, found: list[keras.KerasTensor]) -> Any:
    """What comes out of the model; the operations' outputs are added to `found`."""

    def shaped(operation: Any) -> Callable[..., Any]:
        def shape(*arguments: Any, **choices: Any) -> Any:
            if isinstance(operation, keras.Model):
                return _walked(operation, arguments[0], found)
            outputs = operation.compute_output_spec(*arguments, **choices)
            found.extend(keras.tree.flatten(outputs))
            return outputs

        return shape

    return model._run_through_graph(given, operation_fn=shaped)
