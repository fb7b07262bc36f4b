"""Fine-tuning: the upper part of a trunk and its head trained together, epoch by epoch, safe against interruption."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import TrainingError
from lowres.networks.optimizers import WeightAverage, build_optimizer
from lowres.networks.out_of_memory import is_out_of_memory, memory_errors
from lowres.networks.run_state import MemoryStore, RunState, RunStateStore, put_back, values_of
from lowres.networks.trainable_network import TrainableNetwork
from lowres.networks.training_batches import TrainingBatches, TrainingInputs, filled_rows
from lowres.values.history import FINE_TUNING, EpochRow
from lowres.values.recipe import Recipe
from lowres.values.recipe_sections import FineTuning
from lowres.values.schedule import Schedule, TrainingLength, fine_tuning_length, fine_tuning_schedule, layer_scales
from lowres.values.training_progress import TrainingProgress
from lowres.values.watchdog import chance_loss, watch

LAST, BEST = "last", "best"
# The watchdog's first judgement; a rate that still warms up has shown nothing yet.
_FEWEST_STEPS = 200


@dataclass(frozen=True, eq=False)
class TrainingPart:
    """What is trained on and chosen by: inputs of both parts and their labels, int64 each."""

    inputs: TrainingInputs
    training_labels: NDArray[np.int64]
    validation_labels: NDArray[np.int64]
    classes: int


class Watcher(Protocol):
    """Who is told how training goes."""

    def step(self, epoch: int, done: int, total: int) -> None:
        """`done` of `total` updates of an epoch (counted from 1) are behind us."""

    def epoch(self, row: EpochRow, epochs: int, seconds_left: float) -> None:
        """An epoch has ended."""

    def note(self, text: str) -> None:
        """Something worth a line."""


class SilentWatcher:
    """Tells nobody."""

    def step(self, epoch: int, done: int, total: int) -> None:
        """Say nothing."""

    def epoch(self, row: EpochRow, epochs: int, seconds_left: float) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Outcome:
    """How fine-tuning went: every epoch, the one that is kept, and the images a pass held in the end.

    kept_epoch: counted from 1; 0 where no epoch was better in validation than the network as it came.
    """

    rows: tuple[EpochRow, ...]
    kept_epoch: int
    kept_validation_accuracy: float
    batch_images: int
    accumulation_steps: int
    images_per_second: float
    stopped_early: bool


def fine_tune(
    network: TrainableNetwork,
    part: TrainingPart,
    recipe: Recipe,
    *,
    store: RunStateStore | None = None,
    watcher: Watcher | None = None,
) -> Outcome:
    """Train the network as `recipe.fine_tuning` says and leave the weights that are to be kept in it.

    Judged before the first and after each epoch on the validation part, with the averaged weights where the recipe
    averages; under keep = "best" a network that training only made worse stays as it was. A training that was
    interrupted goes on from the last epoch `store` holds, and ends with the weights it would have had (docs/decisions).
    When memory ends, passes are halved and their gradients accumulated, from the last whole epoch on.
    Refused with TrainingError: a training that learns nothing, with the likely causes; memory for not even one image.
    """
    store, watcher = store or MemoryStore(), watcher or SilentWatcher()
    length = fine_tuning_length(recipe.fine_tuning, len(part.training_labels))
    start = values_of({"trained": network.trained})
    while True:
        try:
            return _Training(network, part, recipe, length, store, watcher).run()
        except memory_errors() as error:
            if not is_out_of_memory(error):
                raise
            length = length.halved()
            put_back({"trained": network.trained}, start)
            watcher.note(
                f"memory ended: {length.batch_images} images a pass from here on, {length.accumulation_steps} passes "
                "an update, so that the training stays what the recipe says"
            )


class _Training:
    """One attempt at a training, with its optimizer and its averages."""

    def __init__(
        self,
        network: TrainableNetwork,
        part: TrainingPart,
        recipe: Recipe,
        length: TrainingLength,
        store: RunStateStore,
        watcher: Watcher,
    ) -> None:
        self._network, self._part, self._recipe, self._length = network, part, recipe, length
        self._store, self._watcher = store, watcher
        self._choices: FineTuning = recipe.fine_tuning
        self._schedule: Schedule = fine_tuning_schedule(self._choices, length)
        self._batches = TrainingBatches(
            part.inputs, part.training_labels, part.classes, self._choices, length, recipe.seed
        )
        scales = (*layer_scales(len(network.blocks) - 1, self._choices.layer_decay), 1.0)
        self._optimizer = build_optimizer(self._choices, network.blocks, scales, length.accumulation_steps)
        self._average = WeightAverage(network.trained, self._choices.weight_averaging)
        network.model.compile(
            optimizer=self._optimizer, loss=_loss(self._choices), weighted_metrics=[], metrics=["categorical_accuracy"]
        )
        self._seconds = 0.0

    def run(self) -> Outcome:
        progress = self._resumed()
        while progress.epoch < self._choices.epochs and not progress.is_stopped:
            progress = self._one_epoch(progress)
        kept, accuracy = self._restore_kept(progress)
        rows = progress.with_kept(kept)
        seconds = sum(row.seconds for row in rows)
        speed = len(self._part.training_labels) * len(rows) / max(seconds, 1e-9)
        passes = self._length.batch_images, self._length.accumulation_steps
        return Outcome(rows, kept, accuracy, *passes, speed, progress.is_stopped)

    def _one_epoch(self, progress: TrainingProgress) -> TrainingProgress:
        started = time.perf_counter()
        losses, accuracy, update = self._train_epoch(progress)
        loss, judged, counts = self._judge()
        row = EpochRow(
            phase=FINE_TUNING,
            epoch=progress.epoch + 1,
            head="",
            learning_rate=self._rate(update - 1, progress),
            loss=float(np.mean(losses)),
            accuracy=accuracy,
            validation_loss=loss,
            validation_accuracy=judged,
            seconds=round(time.perf_counter() - started, 3),
        )
        self._refuse_unhealthy((*progress.losses, *losses), counts)
        progress, is_best = progress.after(row, losses, update)
        # The best first: killed in between, the epoch is run again and found to be the best again.
        if is_best:
            self._save_best(progress.epoch)
        self._store.save(LAST, self._state(progress))
        self._watcher.epoch(row, self._choices.epochs, progress.seconds_left(self._choices.epochs))
        return progress

    def _train_epoch(self, progress: TrainingProgress) -> tuple[list[float], float, int]:
        update, losses, hits = progress.update, [], []
        for done, passes in enumerate(self._batches.updates(progress.epoch), start=1):
            self._optimizer.learning_rate = self._rate(update, progress)
            for batch in passes:
                self._network.model.reset_metrics()
                said = self._network.model.train_on_batch(*batch, return_dict=True)
                losses.append(float(said["loss"]))
                hits.append(float(said["categorical_accuracy"]))
            update += 1
            self._average_in(update)
            self._watcher.step(progress.epoch + 1, done, self._length.updates_per_epoch)
            if not np.isfinite(losses[-1]):
                self._refuse_unhealthy((*progress.losses, *losses), np.zeros(self._part.classes, np.int64))
        return losses, float(np.mean(hits)), update

    def _average_in(self, update: int) -> None:
        if self._choices.weight_averaging:
            self._average.update(update)

    def _rate(self, update: int, progress: TrainingProgress) -> float:
        return self._schedule.learning_rate(update, progress.plateau.scale)

    def _judge(self) -> tuple[float, float, NDArray[np.int64]]:
        """Loss and accuracy on validation of the weights that would be kept, and how often each class was said."""
        if not self._choices.weight_averaging:
            return self._judge_weights()
        with self._average:
            return self._judge_weights()

    def _judge_weights(self) -> tuple[float, float, NDArray[np.int64]]:
        labels, size = self._part.validation_labels, self._length.batch_images
        parts = []
        for start in range(0, len(labels), size):
            rows = np.arange(start, min(start + size, len(labels)))
            inputs = filled_rows(self._part.inputs.validation(rows).astype(np.float32), size)
            parts.append(np.asarray(self._network.model.predict_on_batch(inputs))[: len(rows)])
        logits = np.concatenate(parts).astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels]
        predicted = logits.argmax(axis=1)
        counts = np.bincount(predicted, minlength=self._part.classes)
        return float(losses.mean()), float(np.mean(predicted == labels)), counts

    def _save_best(self, epoch: int) -> None:
        self._store.save(BEST, RunState(values_of({"judged": self._judged_weights()}), {"epoch": epoch}))

    def _judged_weights(self) -> list[Any]:
        return self._average.averages if self._choices.weight_averaging else self._network.trained

    def _refuse_unhealthy(self, losses: tuple[float, ...], predicted_counts: NDArray[np.int64]) -> None:
        warmup_steps = self._schedule.warmup_updates * self._length.accumulation_steps
        seen = watch(
            losses,
            predicted_counts,
            np.bincount(self._part.validation_labels, minlength=self._part.classes),
            after_steps=max(_FEWEST_STEPS, 2 * warmup_steps),
            chance=chance_loss(self._part.classes, self._choices.focal_gamma if self._choices.loss == "focal" else 0.0),
            recipe=self._recipe,
        )
        if seen.causes:
            causes = "\n".join(f"  {number}. {cause}" for number, cause in enumerate(seen.causes, start=1))
            raise TrainingError(
                f"expected fine-tuning to learn, got one that is {seen.health}: {seen.measured}; likely causes, the "
                f"likeliest first:\n{causes}"
            )

    def _groups(self) -> dict[str, list[Any]]:
        """Every variable a run state holds. Accumulators are empty between epochs, and counts are set by hand."""
        ours = [one for one in self._optimizer.variables if not _is_counted_anew(one)]
        seeds = [one for one in self._network.model.non_trainable_variables if "seed" in one.name]
        averages = self._average.averages if self._choices.weight_averaging else []
        return {"trained": self._network.trained, "optimizer": ours, "average": averages, "seed": seeds}

    def _state(self, progress: TrainingProgress) -> RunState:
        return RunState(values_of(self._groups()), progress.to_json())

    def _resumed(self) -> TrainingProgress:
        found = self._store.load(LAST)
        if found is None:
            return self._begun()
        put_back(self._groups(), found.arrays)
        progress = TrainingProgress.from_json(found.facts)
        self._optimizer.variables[0].assign(progress.update * self._length.accumulation_steps)
        if progress.epoch:
            self._watcher.note(f"going on after epoch {progress.epoch} of {self._choices.epochs}")
        return progress

    def _begun(self) -> TrainingProgress:
        """The state before the first epoch; its weights are the best so far."""
        fresh = TrainingProgress.beginning(self._choices, self._judge()[1])
        self._save_best(0)
        self._store.save(LAST, self._state(fresh))
        return fresh

    def _restore_kept(self, progress: TrainingProgress) -> tuple[int, float]:
        """Put the weights to be kept into the network; return their epoch and accuracy in validation."""
        last = progress.rows[-1].validation_accuracy if progress.rows else float(progress.best.best or 0.0)
        if self._choices.keep == "last" or progress.best.best_epoch == progress.epoch:
            if self._choices.weight_averaging:
                self._average.take_over()
            return progress.epoch, last
        found = self._store.load(BEST)
        if found is None or found.facts["epoch"] != progress.best.best_epoch:
            raise TrainingError(
                f"expected the weights of epoch {progress.best.best_epoch}, the best, among the checkpoints, got "
                f"{'none' if found is None else found.facts}; remove the study's checkpoints and train again"
            )
        put_back({"judged": self._network.trained}, found.arrays)
        return int(found.facts["epoch"]), float(progress.best.best or 0.0)


def _is_counted_anew(variable: Any) -> bool:
    return any(word in variable.path for word in ("gradient_accumulator", "iteration", "learning_rate"))


def _loss(choices: FineTuning) -> keras.losses.Loss:
    """On logits and soft targets; focal loss as Lin et al. 2017, equation 4, without its class weight."""
    if choices.loss == "focal":
        return keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=choices.focal_gamma, from_logits=True)
    return keras.losses.CategoricalCrossentropy(from_logits=True)
