"""Gradients of a head on PyTorch."""

from __future__ import annotations

import keras
import numpy as np
import torch
from numpy.typing import NDArray


def head_gradient(
    head: keras.Model, activations: NDArray[np.float32], classes: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return d logit[class] / d activation, float32 `[n, h, w, c]`."""
    inputs = keras.ops.convert_to_tensor(activations, "float32").detach().requires_grad_(True)
    with torch.enable_grad():
        logits = head(inputs, training=False)
        rows = torch.as_tensor(classes, device=logits.device)[:, None]
        # One logit an image and no image touches another's, so the gradient of the sum is each image's own.
        (gradient,) = torch.autograd.grad(logits.gather(1, rows).sum(), inputs)
    return np.asarray(gradient.cpu().numpy())
