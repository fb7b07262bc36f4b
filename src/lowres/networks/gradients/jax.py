"""Gradients of a head on JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from numpy.typing import NDArray


def head_gradient(
    head: keras.Model, activations: NDArray[np.float32], classes: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return d logit[class] / d activation, float32 `[n, h, w, c]`."""
    trainable = [variable.value for variable in head.trainable_variables]
    other = [variable.value for variable in head.non_trainable_variables]

    def chosen(inputs: Any) -> Any:
        logits, _ = head.stateless_call(trainable, other, inputs, training=False)
        # One logit an image and no image touches another's, so the gradient of the sum is each image's own.
        return jnp.sum(jnp.take_along_axis(logits, jnp.asarray(classes)[:, None], axis=1))

    return np.asarray(jax.grad(chosen)(jnp.asarray(activations, jnp.float32)))
