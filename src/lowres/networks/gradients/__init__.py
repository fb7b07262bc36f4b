"""One file per backend, the same function names; the backend is chosen here and nowhere else."""

from __future__ import annotations

import importlib

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import MissingDependency

_ROOMS = ("tensorflow", "jax", "torch")


def head_gradient(
    head: keras.Model, activations: NDArray[np.float32], classes: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return d logit[class] / d activation for every image, float32 `[n, h, w, c]` like the activations.

    classes: int64 `[n]`, the logit of each image that is explained. The head runs in inference mode.
    """
    backend = keras.backend.backend()
    if backend not in _ROOMS:
        raise MissingDependency(
            f"expected Keras on {', '.join(_ROOMS)} to take gradients, got {backend}; set KERAS_BACKEND to one of them"
        )
    room = importlib.import_module(f"lowres.networks.gradients.{backend}")
    return np.asarray(room.head_gradient(head, activations, classes), dtype=np.float32)
