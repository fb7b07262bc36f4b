"""Batches of a fine-tuning: every image once an epoch, mixed and weighted, all of one shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.resizing import resampling_matrix
from lowres.values.altering.mixing import balanced_class_weights, plan_mixing, soft_targets
from lowres.values.recipes.recipe_sections import FineTuning
from lowres.values.training.schedule import TrainingLength, pixels_in_epoch

Rows = NDArray[np.int64]


class TrainingInputs(Protocol):
    """What the trainable part of a network is fed; rows count from 0 in the part's own order."""

    def begin(self, epoch: int, order: Rows) -> None:
        """Get ready for an epoch that asks for the training part's rows in this order."""

    def training(self, rows: Rows) -> NDArray[Any]:
        """Return rows of the training part as they look in the epoch begun, `[rows, h, w, c]`."""

    def validation(self, rows: Rows) -> NDArray[Any]:
        """Return the validation part's rows, unchanged."""


@dataclass(frozen=True, eq=False)
class TrainingPart:
    """What is trained on and chosen by: inputs of both parts and their labels, int64 each.

    taught: float32 `[k, classes]`, rows summing to one: targets of the last k training rows in place of their labels,
    which are then the likeliest classes; None: every row goes by its label.
    """

    inputs: TrainingInputs
    training_labels: NDArray[np.int64]
    validation_labels: NDArray[np.int64]
    classes: int
    taught: NDArray[np.float32] | None = None


class Batch(NamedTuple):
    """inputs float32 `[batch, h, w, c]`, targets float32 `[batch, classes]`, weights float32 `[batch]`."""

    inputs: NDArray[np.float32]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TrainingBatches:
    """The training part in batches; length: how many images a pass and an update hold."""

    part: TrainingPart
    choices: FineTuning
    length: TrainingLength
    seed: int

    def updates(self, epoch: int) -> Iterator[tuple[Batch, ...]]:
        """Yield, for each update of an epoch, the batches whose gradients make it: the same for seed and epoch."""
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.part.training_labels))
        self.part.inputs.begin(epoch, order)
        images = self.length.batch_images * self.length.accumulation_steps
        for update, start in enumerate(range(0, len(order), images)):
            rows = order[start : start + images]
            yield tuple(self._passes(rows, epoch, update))

    def _passes(self, rows: Rows, epoch: int, update: int) -> Iterator[Batch]:
        """One batch an accumulation step; the last may be filled up, with weight 0, or be nothing but filling."""
        size, steps = self.length.batch_images, self.length.accumulation_steps
        for step in range(steps):
            own = rows[step * size : (step + 1) * size]
            batch = self._mixed(own if len(own) else rows[:1], epoch, update * steps + step)
            # The mean over the update, whatever lies in which pass: filled rows count nothing, the others more.
            weights = batch.weights * (size * steps / len(rows)) * bool(len(own))
            yield _filled(Batch(batch.inputs, batch.targets, weights.astype(np.float32)), size)

    def _mixed(self, rows: Rows, epoch: int, step: int) -> Batch:
        choices = self.choices
        inputs = _shrunk(_in_float32(self.part.inputs.training(rows)), pixels_in_epoch(choices, epoch))
        targets = self._targets(rows)
        plan = plan_mixing(
            len(rows),
            mixup_alpha=choices.mixup_alpha,
            cutmix_alpha=choices.cutmix_alpha,
            seed=self.seed,
            epoch=epoch,
            step=step,
        )
        if plan is not None:
            targets = plan.mix_targets(targets, *inputs.shape[1:3])
            inputs = plan.mix(inputs)
        return Batch(inputs, targets, self._weights(targets))

    def _targets(self, rows: Rows) -> NDArray[np.float32]:
        part = self.part
        targets = soft_targets(part.training_labels[rows], part.classes, self.choices.label_smoothing)
        if part.taught is not None:
            first = len(part.training_labels) - len(part.taught)
            is_taught = rows >= first
            targets[is_taught] = part.taught[rows[is_taught] - first]
        return targets

    def _weights(self, targets: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.choices.class_weights == "none":
            return np.ones(len(targets), np.float32)
        counts = np.bincount(self.part.training_labels, minlength=self.part.classes)
        return np.asarray(targets @ balanced_class_weights(counts), dtype=np.float32)


def _in_float32(values: NDArray[Any]) -> NDArray[np.float32]:
    """The same numbers; NumPy takes 65 ms for the float16 activations of a batch where a framework takes 10."""
    if values.dtype != np.float16:
        return values.astype(np.float32)
    return np.array(keras.ops.convert_to_numpy(keras.ops.cast(values, "float32")))


def _shrunk(images: NDArray[np.float32], side: int | None) -> NDArray[np.float32]:
    """Images `[n, h, w, c]` as `[n, side, side, c]`, antialiased; None: as they are."""
    if side is None:
        return images
    rows, columns = (resampling_matrix(size, side, "bilinear") for size in images.shape[1:3])
    narrow = np.matmul(columns, images)
    return np.matmul(rows, narrow.reshape(*narrow.shape[:2], -1)).reshape(len(images), side, side, -1)


def filled_rows(values: NDArray[Any], size: int) -> NDArray[Any]:
    """Return `[size, ...]`: the values and, behind them, as many of them again as are missing."""
    missing = size - len(values)
    return values if missing == 0 else np.concatenate([values, values[np.arange(missing) % len(values)]])


def _filled(batch: Batch, size: int) -> Batch:
    weights = np.zeros(size, np.float32)
    weights[: len(batch.weights)] = batch.weights
    return Batch(filled_rows(batch.inputs, size), filled_rows(batch.targets, size), weights)
