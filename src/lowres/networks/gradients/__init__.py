"""One file per backend, the same function names; the backend is chosen here and nowhere else."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import MissingDependency

HeadGradient = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
_ROOMS = ("tensorflow", "jax", "torch")


def head_gradient(head: keras.Model) -> HeadGradient:
    """Return a function of activations `[n, h, w, c]` and directions `[n, classes]`, compiled where the backend can.

    It gives d (logits . direction) / d activation of every image, float32 `[n, h, w, c]`: a direction with a 1 at one
    class asks for that class, one with a 1 and a -1 for the difference of two. The head runs in inference mode.
    """
    backend = keras.backend.backend()
    if backend not in _ROOMS:
        raise MissingDependency(
            f"expected Keras on {', '.join(_ROOMS)} to take gradients, got {backend}; set KERAS_BACKEND to one of them"
        )
    room = importlib.import_module(f"lowres.networks.gradients.{backend}")
    compiled: HeadGradient = room.head_gradient(head)
    return compiled
