"""Gradients of a head on TensorFlow."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Arrays = NDArray[np.float32]


def head_gradient(head: keras.Model) -> Callable[[Arrays, Arrays], Arrays]:
    """Return a function of activations `[n, h, w, c]` and directions `[n, classes]`; see `gradients`."""
    shapes = [(None, *head.input_shape[1:]), (None, *head.output_shape[1:])]

    def gradient(activations: tf.Tensor, directions: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(activations)
            # No image touches another's logits, so the gradient of the sum is each image's own.
            spoken = tf.reduce_sum(head(activations, training=False) * directions)
        return tape.gradient(spoken, activations, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    # One trace for batches of every size; without it a short last batch is traced again.
    compiled = tf.function(gradient, input_signature=[tf.TensorSpec(shape, tf.float32) for shape in shapes])
    return lambda activations, directions: np.asarray(compiled(activations, directions))
