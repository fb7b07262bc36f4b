"""How fast a machine runs a recipe's network, and the minutes of the whole recipe reckoned from that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lowres.values.recipes.recipe import Recipe
from lowres.values.training.schedule import work_of_a_pass

# CIFAR-10's customary pool, all of its training images, its test images.
REFERENCE_POOL, REFERENCE_ALL, REFERENCE_TEST = 10_000, 50_000, 10_000
# Of a step, which goes forward and twice backward.
_FORWARD_SHARE = 1 / 3


@dataclass(frozen=True)
class RecipeSpeeds:
    """Images a second of one recipe's network.

    engines: the whole network, uint8 to logits, by engine. grad_cam: pixels to raw maps on the first of them. training:
    an update of what the recipe trains, and below: what stands still under that; None where the recipe trains nothing,
    and where nothing stands still. heads_seconds: fitting the recipe's heads, each once.
    """

    engines: dict[str, float]
    grad_cam: float
    training: float | None = None
    below: float | None = None
    heads_seconds: float = 0.0

    @property
    def quickest(self) -> float:
        """Of the engines."""
        return max(self.engines.values())


@dataclass(frozen=True)
class RecipeCost:
    """Minutes of a recipe on so many images, downloads, preflight and report aside."""

    training_images: int
    frozen_phase: float
    training: float
    prediction: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.frozen_phase + self.training + self.prediction

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers, with the total."""
        return {**{name: round(value, 2) for name, value in vars(self).items()}, "total": round(self.total, 2)}


def recipe_cost(recipe: Recipe, speeds: RecipeSpeeds) -> RecipeCost:
    """Return what the recipe costs on CIFAR-10 at these speeds; a training that may stop early is taken whole."""
    pool = recipe.split.pool_images
    pool = REFERENCE_POOL if pool is None else min(pool or REFERENCE_ALL, REFERENCE_ALL)
    validation = round(pool * recipe.split.validation_fraction)
    train = pool - validation
    looks = 1 + (recipe.features.flipped_views != "never" and not recipe.augmented_frozen_views)
    frozen = train * (looks + recipe.augmented_frozen_views) + validation
    frozen_seconds = frozen / speeds.quickest + speeds.heads_seconds if recipe.has_frozen_phase else 0.0
    judged = validation + REFERENCE_TEST * _views(recipe)
    return RecipeCost(
        train,
        frozen_seconds / 60,
        _training_seconds(recipe, speeds, train, validation) / 60,
        judged / speeds.quickest / 60,
    )


def _training_seconds(recipe: Recipe, speeds: RecipeSpeeds, train: int, validation: int) -> float:
    choices = recipe.fine_tuning
    if not choices.epochs or speeds.training is None:
        return 0.0
    seconds = choices.members * _network_seconds(recipe, speeds, train, validation)
    if recipe.retrains_on_all:
        seconds += choices.members * _network_seconds(recipe, speeds, train + validation, validation)
    unlabelled = REFERENCE_ALL - train - validation
    if recipe.self_training.epochs and unlabelled:
        looks = choices.members * (1 + recipe.test_time.flips)
        seconds += looks * unlabelled / speeds.quickest
        seconds += _network_seconds(recipe.student, speeds, train + unlabelled, validation)
    return seconds


def _network_seconds(recipe: Recipe, speeds: RecipeSpeeds, train: int, validation: int) -> float:
    """Of one network's fine-tuning."""
    choices = recipe.fine_tuning
    assert speeds.training is not None
    work = work_of_a_pass(choices, recipe.network.input_pixels)
    an_epoch = work * train / speeds.training + _FORWARD_SHARE * validation / speeds.training
    passes = min(choices.views or choices.epochs, choices.epochs)
    below = 0.0 if speeds.below is None else (passes * train + validation) / speeds.below
    return choices.epochs * an_epoch + below


def _views(recipe: Recipe) -> int:
    if not recipe.test_time.flips:
        return 1
    return 6 if recipe.test_time.shifts else 2
