"""Gradients of a head on PyTorch."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import torch
from numpy.typing import NDArray

Arrays = NDArray[np.float32]


def head_gradient(head: keras.Model) -> Callable[[Arrays, Arrays], Arrays]:
    """Return a function of activations `[n, h, w, c]` and directions `[n, classes]`; see `gradients`."""

    def gradient(activations: Arrays, directions: Arrays) -> Arrays:
        inputs = keras.ops.convert_to_tensor(activations, "float32").detach().requires_grad_(True)
        with torch.enable_grad():
            logits = head(inputs, training=False)
            # No image touches another's logits, so the gradient of the sum is each image's own.
            spoken = (logits * torch.as_tensor(directions, device=logits.device)).sum()
            (found,) = torch.autograd.grad(spoken, inputs)
        return np.asarray(found.cpu().numpy())

    return gradient
