"""Which layers train, marked so that every layer bears the mark."""

from __future__ import annotations

from typing import Any


def mark_trainable(part: Any, is_trained: bool) -> None:
    """Mark a model or a layer, and all that is in it, whatever it bore before.

    Keras 3 on TensorFlow hands a mark down only where it is another than the model's own: `model.trainable = False` on
    a model that is marked so leaves layers that were marked one by one in training (TensorFlow's tracking skips an
    attribute that is set to what it is).
    """
    part.trainable = not is_trained
    part.trainable = is_trained
    for layer in getattr(part, "layers", ()):
        mark_trainable(layer, is_trained)
