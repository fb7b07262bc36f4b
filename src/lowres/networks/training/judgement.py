"""How good a network is on images that were put aside, in batches of one shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.training.batches import filled_rows


class Judgement(NamedTuple):
    """loss: mean cross-entropy. accuracy: a fraction. predicted_counts: how often each class was said, `[classes]`."""

    loss: float
    accuracy: float
    predicted_counts: NDArray[np.int64]


def judge(
    model: keras.Model,
    inputs_of: Callable[[NDArray[np.int64]], NDArray[Any]],
    labels: NDArray[np.int64],
    classes: int,
    batch_images: int,
) -> Judgement:
    """Return the judgement on all of `labels`, each once; `inputs_of` gives the model's input for rows of them."""
    parts = []
    for start in range(0, len(labels), batch_images):
        rows = np.arange(start, min(start + batch_images, len(labels)))
        inputs = filled_rows(inputs_of(rows).astype(np.float32), batch_images)
        parts.append(np.asarray(model.predict_on_batch(inputs))[: len(rows)])
    logits = np.concatenate(parts).astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels]
    predicted = logits.argmax(axis=1)
    accuracy = float(np.mean(predicted == labels))
    return Judgement(float(losses.mean()), accuracy, np.bincount(predicted, minlength=classes))
