"""How many images a second this machine puts through a recipe's network: forward, in training, and to heat maps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import LowresError
from lowres.networks.backbones.trunk import build_trunk
from lowres.networks.engines import EngineName
from lowres.networks.explaining import Explainer
from lowres.networks.features import FeatureExtractor
from lowres.networks.probes.head_cost import solving_seconds
from lowres.networks.trained_classifier import TrainedClassifier
from lowres.networks.training.from_scratch import untrained_classifier
from lowres.networks.training.traced_once import build_for_training
from lowres.networks.training.trainable_network import TrainableNetwork, network_of
from lowres.values.recipes.recipe import Recipe
from lowres.values.training.machine_speeds import RecipeSpeeds, recipe_cost

IMAGE_PIXELS, CLASSES = 32, 10
_FORWARD_IMAGES = 32
_ENGINES: tuple[EngineName, ...] = ("openvino", "keras")
# More images in an update are only more of the same.
_MOST_IMAGES = 256


def recipe_speeds(recipe: Recipe, seconds: float) -> RecipeSpeeds:
    """Return what a recipe's network does here, each figure from at least so many seconds of work after the first.

    The weights are random and so are the images, of CIFAR-10's size: neither changes what a pass costs.
    """
    classifier = _classifier(recipe)
    pixels = np.random.default_rng(0).integers(0, 256, (_MOST_IMAGES, IMAGE_PIXELS, IMAGE_PIXELS, 3)).astype(np.uint8)
    some = pixels[:_FORWARD_IMAGES]
    forward = dict(_forward(classifier, some, seconds))
    explainer = Explainer(classifier, recipe.explanation.layer, engine=max(forward, key=forward.__getitem__))
    targets = np.zeros(len(some), np.int64)
    grad_cam = len(some) / _each(lambda: explainer.maps(some, targets), seconds)
    training, below = _training(classifier, recipe, pixels, seconds) if recipe.fine_tuning.epochs else (None, None)
    engines: dict[str, float] = {str(name): speed for name, speed in forward.items()}
    bare = RecipeSpeeds(engines, grad_cam, training, below)
    rows = recipe_cost(recipe, bare).training_images if recipe.has_frozen_phase else 0
    heads = solving_seconds(rows, classifier.trunk.output_shape[-1], CLASSES, recipe.head) if rows else 0.0
    return RecipeSpeeds(engines, grad_cam, training, below, heads)


def _classifier(recipe: Recipe) -> TrainedClassifier:
    network = recipe.network
    trunk = build_trunk(
        network.backbone,
        (IMAGE_PIXELS, IMAGE_PIXELS, 3),
        network.input_pixels,
        network.interpolation,
        levels=network.levels,
        may_be_random=True,
    )
    pixels = np.zeros((4, IMAGE_PIXELS, IMAGE_PIXELS, 3), np.uint8)
    return untrained_classifier(network.backbone, trunk, [str(one) for one in range(CLASSES)], pixels, np.arange(4), 0)


def _forward(
    classifier: TrainedClassifier, pixels: NDArray[np.uint8], seconds: float
) -> Iterator[tuple[EngineName, float]]:
    """Each engine that is here and runs the network."""
    for engine in _ENGINES:
        try:
            yield engine, len(pixels) / _each(partial(classifier.logits, pixels, engine=engine), seconds)
        except LowresError:
            # Not installed, or not for this backend; Keras always is.
            if engine == "keras":
                raise


def _training(
    classifier: TrainedClassifier, recipe: Recipe, pixels: NDArray[np.uint8], seconds: float
) -> tuple[float, float | None]:
    choices = recipe.fine_tuning
    network = network_of(classifier.trunk, classifier.head, choices)
    size = min(choices.batch_images, _MOST_IMAGES)
    inputs, below = pixels[:size].astype(np.float32), None
    if network.below is not None:
        extractor = FeatureExtractor(network.below, recipe.features.engine, recipe.features.precision, pooled=False)
        inputs = extractor.extract(pixels[:size])
        below = size / _each(lambda: extractor.extract(pixels[:size]), seconds)
    return size / _each(_step(network, inputs), seconds), below


def _step(network: TrainableNetwork, inputs: NDArray[Any]) -> Callable[[], object]:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.model.compile(keras.optimizers.SGD(1e-6, 0.9), loss)
    labels = np.arange(len(inputs)) % CLASSES
    build_for_training(network.model, labels[:1])
    return lambda: network.model.train_on_batch(inputs, labels)


def _each(work: Callable[[], object], seconds: float) -> float:
    """Seconds of one; the first, which holds the building, is not counted."""
    work()
    started, done = time.perf_counter(), 0
    while done == 0 or time.perf_counter() - started < seconds:
        work()
        done += 1
    return (time.perf_counter() - started) / done
