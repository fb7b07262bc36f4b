"""Gradients of a head on TensorFlow."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def head_gradient(
    head: keras.Model, activations: NDArray[np.float32], classes: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return d logit[class] / d activation, float32 `[n, h, w, c]`."""
    inputs = tf.convert_to_tensor(activations, tf.float32)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        logits = head(inputs, training=False)
        # One logit an image and no image touches another's, so the gradient of the sum is each image's own.
        chosen = tf.reduce_sum(tf.gather(logits, classes, batch_dims=1))
    return np.asarray(tape.gradient(chosen, inputs))
