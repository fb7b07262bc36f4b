"""On every other backend: by Keras' own operations."""

from __future__ import annotations

from typing import Any

import keras


def normalised(inputs: Any, scale: Any, offset: Any, epsilon: float) -> tuple[Any, Any, Any]:
    """Return values, mean and variance."""
    exact = keras.ops.cast(inputs, "float32")
    mean, variance = keras.ops.moments(exact, axes=(0, 1, 2))
    values = keras.ops.batch_normalization(exact, mean, variance, axis=-1, offset=offset, scale=scale, epsilon=epsilon)
    return keras.ops.cast(values, inputs.dtype), mean, variance


def gelu(inputs: Any) -> Any:
    """Return the values."""
    return keras.ops.gelu(inputs, approximate=False)
