"""How long the heads will take, from one step of the dense one and one product of the linear ones' size."""

from __future__ import annotations

import time
from collections.abc import Callable

import keras
import numpy as np

from lowres.networks.heads.dense import dense_layers
from lowres.networks.training.traced_once import build_for_training
from lowres.values.recipes.recipe import Head

# What a search for the linear head takes a strength on CIFAR-10; each is two products of features and weights.
_EVALUATIONS = 200
# A discriminant in products of the features with themselves, its shrinkage and the classes' covariances included.
_DISCRIMINANT_PRODUCTS = 7
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
        exact = features.astype(np.float64)
        seconds += _DISCRIMINANT_PRODUCTS * _timed(lambda: exact.T @ exact) * images / _ROWS
    return seconds


def dense_step_seconds(channels: int, classes: int, batch_images: int) -> float:
    """Return what a training step of the dense head takes, the building of it left out."""
    network = keras.Sequential([keras.Input((channels,)), *dense_layers(classes)])
    network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    features = np.zeros((batch_images, channels), np.float32)
    labels = np.zeros(batch_images, np.int64)
    build_for_training(network, labels[:1])
    return _timed(lambda: network.train_on_batch(features, labels))


def _timed(work: Callable[[], object]) -> float:
    """Seconds of the quickest of some runs: the first holds the building, and any may have been disturbed."""
    seconds = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)
