"""Gradients of a head on JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from numpy.typing import NDArray

Arrays = NDArray[np.float32]


def head_gradient(head: keras.Model) -> Callable[[Arrays, Arrays], Arrays]:
    """Return a function of activations `[n, h, w, c]` and directions `[n, classes]`; see `gradients`."""

    def spoken(inputs: Any, directions: Any, trainable: Any, other: Any) -> Any:
        logits, _ = head.stateless_call(trainable, other, inputs, training=False)
        # No image touches another's logits, so the gradient of the sum is each image's own.
        return jnp.sum(logits * directions)

    compiled = jax.jit(jax.grad(spoken))

    def gradient(activations: Arrays, directions: Arrays) -> Arrays:
        # Read each time, since a randomised head keeps its function.
        trainable = [variable.value for variable in head.trainable_variables]
        other = [variable.value for variable in head.non_trainable_variables]
        return np.asarray(compiled(jnp.asarray(activations), jnp.asarray(directions), trainable, other), np.float32)

    return gradient
