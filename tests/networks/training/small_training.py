"""A fine-tuning of a second or two: real digits, the tiny trunk, a head at random, and stores and watchers to plant."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.backbones.trunk import build_trunk
from lowres.networks.training.batches import TrainingPart
from lowres.networks.training.fine_tuning import fine_tune
from lowres.networks.training.run import Outcome
from lowres.networks.training.run_state import MemoryStore, RunState
from lowres.networks.training.trainable_network import TrainableNetwork, trainable_network
from lowres.networks.training.watcher import SilentWatcher
from lowres.values.recipes.recipe import Recipe
from lowres.values.recipes.recipe_sections import FineTuning
from networks.trunks import head_on

TRAIN, VALIDATION = slice(0, 120), slice(400, 500)


class PixelInputs:
    """The digits themselves; satisfies `TrainingInputs` for a trunk that trains whole."""

    def __init__(self, pixels: NDArray[np.uint8], train: slice = TRAIN) -> None:
        self.pixels, self.train = pixels, train

    def begin(self, epoch: int, order: NDArray[np.int64]) -> None:
        """Nothing is kept between epochs."""

    def training(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        return self.pixels[self.train][rows]

    def validation(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        return self.pixels[VALIDATION][rows]


class Stopped(Exception):
    """A kill, as far as the training can tell."""


class Teller(SilentWatcher):
    """Writes down what it is told, and the weights of the network at each epoch's end."""

    def __init__(self, network: TrainableNetwork | None = None) -> None:
        self.network, self.notes, self.steps, self.weights, self.bests = network, [], [], [], []

    def step(self, epoch: int, done: int, total: int) -> None:
        self.steps.append((epoch, done, total))

    def epoch(self, row: Any, epochs: int, best_validation_accuracy: float, seconds_left: float) -> None:
        self.bests.append(best_validation_accuracy)
        if self.network:
            self.weights.append(weights(self.network))

    def note(self, text: str) -> None:
        self.notes.append(text)


class JsonStore(MemoryStore):
    """Keeps states as a file would: facts by way of JSON, arrays apart from the training's memory."""

    def save(self, name: str, state: RunState) -> None:
        arrays = {key: value.copy() for key, value in state.arrays.items()}
        super().save(name, RunState(arrays, json.loads(json.dumps(state.facts))))


def weights(network: TrainableNetwork) -> list[NDArray[Any]]:
    """Copies of everything training changes."""
    return [np.array(keras.ops.convert_to_numpy(one.value)) for one in network.changing]


def assert_same_bits(ours: list[NDArray[Any]], theirs: list[NDArray[Any]]) -> None:
    """Not close: equal."""
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one.tobytes() == other.tobytes()


def tiny_network(dropout: float = 0.0, trunk: keras.Model | None = None, **options: Any) -> TrainableNetwork:
    """A network that has learned nothing yet, the same every time."""
    trunk = trunk or build_trunk("tiny-conv", (8, 8, 3), 16)
    return trainable_network(trunk, head_on(trunk, 10, dropout), "", **options)


def training(
    network: TrainableNetwork,
    digits: Any,
    *,
    pixels: Any = None,
    seed: int = 3,
    scaling: str = "contract",
    **choices: Any,
) -> tuple[Any, ...]:
    """The arguments of `fine_tune` for these choices of the recipe."""
    part = TrainingPart(
        PixelInputs(digits.pixels if pixels is None else pixels), digits.labels[TRAIN], digits.labels[VALIDATION], 10
    )
    usual = {"epochs": 3, "batch_images": 40, "learning_rate": 3e-3}
    recipe = Recipe(name="tiny", seed=seed, network={"scaling": scaling}, fine_tuning=FineTuning(**(usual | choices)))
    return network, part, recipe


def tuned(network: TrainableNetwork, digits: Any, **choices: Any) -> Outcome:
    """Train with nobody watching."""
    return fine_tune(*training(network, digits, **choices))
