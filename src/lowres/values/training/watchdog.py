"""Whether a training learns anything: NaN, a loss that stays at chance, or one class for everything (pitfall 2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lowres.errors import TrainingError
from lowres.values.recipes.recipe import Recipe

Health = Literal["healthy", "stuck at chance", "one class", "diverged"]

_CHANCE_FRACTION = 0.01
_ONE_CLASS_FRACTION = 0.95
# Of images in which one class really is that common, answering it is no fault yet.
_EXCESS_FRACTION = 0.25


@dataclass(frozen=True)
class Watch:
    """What the watchdog saw: the state, the figures that show it, and likely causes with their repair, likeliest first.

    `causes` is empty for a healthy run; every other one is to be stopped.
    """

    health: Health
    measured: str
    causes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Cause:
    """A cause with its repair; `is_likely` names the recipes that bring it to the head of the list."""

    text: str
    healths: tuple[Health, ...]
    is_likely: Callable[[Recipe], bool] = lambda recipe: False


def watch(
    losses: Sequence[float] | NDArray[np.floating],
    predicted_counts: NDArray[np.int64],
    label_counts: NDArray[np.int64],
    *,
    after_steps: int = 200,
    chance: float | None = None,
    recipe: Recipe | None = None,
) -> Watch:
    """Return whether a training is healthy, from its figures so far.

    losses: of the training steps so far, without penalties. predicted_counts, label_counts: int64 `[classes]`, how
    often each class was predicted and was true in the same images. NaN counts at once, the others only after
    `after_steps` steps (choose more than the warm-up): the mean loss of the last half of them within 1 % of `chance`
    (left out: ln classes), or more than 95 % of the predictions in one class that has far fewer of the images.
    `recipe` ranks the causes. Refused with TrainingError: counts of different lengths.
    """
    _check(predicted_counts, label_counts)
    values = np.asarray(losses, dtype=np.float64)
    health, measured = _judged(values, predicted_counts, label_counts, after_steps, chance)
    return Watch(health, measured, () if health == "healthy" else _ranked(health, recipe))


def not_learning(seen: Watch, what: str) -> TrainingError:
    """Return what to say when a training is stopped. what: is trained, such as `fine-tuning`."""
    causes = "\n".join(f"  {number}. {cause}" for number, cause in enumerate(seen.causes, start=1))
    return TrainingError(
        f"expected {what} to learn, got one that is {seen.health}: {seen.measured}; likely causes, the likeliest "
        f"first:\n{causes}"
    )


def goes_on(seen: Watch) -> str:
    """Return what to say once of a training that learns nothing and goes on, as preflight was accepted."""
    return f"{seen.health}: {seen.measured}; it goes on all the same, as preflight was accepted"


def chance_loss(classes: int, focal_gamma: float = 0.0) -> float:
    """Return the loss of equal probabilities for all classes: ln classes, for focal loss times (1 - 1/classes)^gamma.

    Label smoothing, mixup and balanced class weights leave it as it is.
    """
    return float((1 - 1 / classes) ** focal_gamma * math.log(classes))


def _judged(
    losses: NDArray[np.float64],
    predicted_counts: NDArray[np.int64],
    label_counts: NDArray[np.int64],
    after_steps: int,
    chance: float | None,
) -> tuple[Health, str]:
    bad = np.flatnonzero(~np.isfinite(losses))
    if bad.size:
        return "diverged", f"loss {losses[bad[0]]} in step {bad[0] + 1}"
    if len(losses) < max(1, after_steps):
        return "healthy", f"{len(losses)} of {after_steps} steps before the first judgement"
    level = chance_loss(len(label_counts)) if chance is None else chance
    last = max(1, after_steps // 2)
    mean = float(losses[-last:].mean())
    shown = f"mean loss {mean:.4f} in the last {last} steps, chance is {level:.4f}"
    common, share, label_share = _most_predicted(predicted_counts, label_counts)
    spread = f"{share:.1%} of the predictions are class {common}, {label_share:.1%} of the images are"
    if abs(mean - level) <= _CHANCE_FRACTION * level:
        return "stuck at chance", f"{shown}; {spread}"
    if share > _ONE_CLASS_FRACTION and share - label_share > _EXCESS_FRACTION:
        return "one class", f"{spread}; {shown}"
    return "healthy", f"{shown}; {spread}"


def _most_predicted(predicted_counts: NDArray[np.int64], label_counts: NDArray[np.int64]) -> tuple[int, float, float]:
    common = int(predicted_counts.argmax())
    shares = [float(counts[common] / max(1, counts.sum())) for counts in (predicted_counts, label_counts)]
    return common, shares[0], shares[1]


def _ranked(health: Health, recipe: Recipe | None) -> tuple[str, ...]:
    """The causes of a state; those the recipe makes likely first, otherwise as listed."""
    causes = [cause for cause in _CAUSES if health in cause.healths]
    if recipe is not None:
        causes.sort(key=lambda cause: not cause.is_likely(recipe))
    return tuple(cause.text for cause in causes)


def _check(predicted_counts: NDArray[np.int64], label_counts: NDArray[np.int64]) -> None:
    if predicted_counts.shape != label_counts.shape or label_counts.ndim != 1 or len(label_counts) < 2:
        raise TrainingError(
            f"expected how often each of at least two classes was predicted and was true, got counts of shape "
            f"{list(predicted_counts.shape)} and {list(label_counts.shape)}; try np.bincount with minlength=classes"
        )


_NOT_LEARNING: tuple[Health, ...] = ("stuck at chance", "one class")
# Likeliest first, for a recipe that gives no hint.
_CAUSES = (
    _Cause(
        "pixels scaled twice, so that all images look alike to the trunk: set network.scaling = contract",
        _NOT_LEARNING,
        lambda recipe: recipe.network.scaling == "unit-then-contract",
    ),
    _Cause(
        "a learning rate that is too high: divide fine_tuning.learning_rate (head.learning_rate while frozen) by 10, "
        "and set fine_tuning.warmup_fraction to 0.1",
        ("diverged", "one class", "stuck at chance"),
        lambda recipe: recipe.fine_tuning.epochs > 0 and recipe.fine_tuning.learning_rate >= 3e-3,
    ),
    _Cause(
        "an input too small for the trunk, which leaves it one or two pixels to tell classes by: "
        "set network.input_pixels to 128 or more",
        _NOT_LEARNING,
        lambda recipe: recipe.network.input_pixels < 64,
    ),
    _Cause(
        "BatchNorm statistics from small batches: set fine_tuning.normalisation = inference",
        ("diverged", "one class", "stuck at chance"),
        lambda recipe: recipe.fine_tuning.normalisation == "training",
    ),
    _Cause(
        "rare gradients far larger than the rest: set fine_tuning.gradient_clip_norm to 1",
        ("diverged",),
    ),
    _Cause(
        "too little precision for this network: set fine_tuning.precision = float32",
        ("diverged",),
        lambda recipe: recipe.fine_tuning.precision == "bfloat16",
    ),
    _Cause(
        "nothing that trains, or a learning rate that is too low: see the frozen and unfrozen tensors in "
        "`lowres preflight`, then multiply the learning rate by 10",
        _NOT_LEARNING,
        lambda recipe: recipe.fine_tuning.epochs > 0 and recipe.fine_tuning.learning_rate <= 1e-6,
    ),
    _Cause(
        "augmentation that leaves nothing to recognise: train a few epochs without [augmentation], mixup and cutmix",
        _NOT_LEARNING,
        lambda recipe: recipe.augmentation.policy != "none" or recipe.augmentation.rotation_fraction > 0.25,
    ),
    _Cause(
        "labels that do not belong to their images: look at `lowres check` and at some images with their labels",
        _NOT_LEARNING,
    ),
    _Cause(
        "one class that outnumbers the others: set fine_tuning.class_weights = balanced",
        ("one class",),
    ),
    _Cause(
        "weights that are damaged or belong to another backbone: run `lowres preflight`",
        ("diverged", "stuck at chance"),
    ),
)
