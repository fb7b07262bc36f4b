"""How long the heads will take, from one step of the dense one and one product of the linear ones' size."""

from __future__ import annotations

import time
from collections.abc import Callable

import keras
import numpy as np

from lowres.networks.dense_head import dense_layers
from lowres.values.recipe import Head

# A search takes 60 to 150 evaluations a strength on CIFAR-10; each is two products of features and weights.
_EVALUATIONS = 100
_ROWS = 512
_REPEATS = 5


def solving_seconds(images: int, channels: int, classes: int, choices: Head) -> float:
    """Return about how long the linear and LDA heads among the kinds take on so many rows of features, each once."""
    features = np.random.default_rng(0).standard_normal((_ROWS, channels), dtype=np.float32)
    weights = np.zeros((channels, classes), np.float32)
    seconds = 0.0
    if "linear" in choices.kinds:
        evaluation = _timed(lambda: features.T @ (features @ weights)) * images / _ROWS
        seconds += _EVALUATIONS * len(choices.regularisations) * evaluation
    if "lda" in choices.kinds:
        # Each class's covariance, and the squares its shrinkage is estimated from, in float64.
        exact = features.astype(np.float64)
        seconds += 2 * _timed(lambda: exact.T @ exact) * images / _ROWS
    return seconds


def dense_step_seconds(channels: int, classes: int, batch_images: int) -> float:
    """Return what a training step of the dense head takes, the building of it left out."""
    network = keras.Sequential([keras.Input((channels,)), *dense_layers(classes)])
    network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    features = np.zeros((batch_images, channels), np.float32)
    labels = np.zeros(batch_images, np.int64)
    return min(_timed(lambda: network.train_on_batch(features, labels)) for _ in range(_REPEATS))


def _timed(product: Callable[[], object]) -> float:
    started = time.perf_counter()
    product()
    return time.perf_counter() - started
