"""One training, update by update and epoch by epoch: what it holds, when it is judged, and from where it goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import TrainingError
from lowres.networks.training.batches import TrainingBatches, TrainingPart
from lowres.networks.training.determinism import UPDATES
from lowres.networks.training.judgement import Judgement, judge
from lowres.networks.training.losses import loss_at_chance
from lowres.networks.training.optimizers import WeightAverage
from lowres.networks.training.run_state import RunState, RunStateStore, put_back, values_of
from lowres.networks.training.step import TrainingStep
from lowres.networks.training.trainable_network import TrainableNetwork
from lowres.networks.training.watcher import Watcher
from lowres.values.recipes.recipe import Recipe
from lowres.values.recipes.recipe_sections import FineTuning
from lowres.values.training.history import FINE_TUNING, EpochRow
from lowres.values.training.schedule import Schedule, TrainingLength, fine_tuning_schedule
from lowres.values.training.training_progress import TrainingProgress
from lowres.values.training.watchdog import goes_on, not_learning, watch

LAST, BEST = "last", "best"
# The watchdog's first judgement; a rate that still warms up has shown nothing yet.
_FEWEST_STEPS = 200


@dataclass(frozen=True)
class Outcome:
    """How fine-tuning went: every epoch, the one that is kept, and the images a pass held in the end.

    kept_epoch: counted from 1; 0 where no epoch was better in validation than the network as it came. earlier_seconds:
    of the epochs of a process that was stopped, which this one went on from.
    """

    rows: tuple[EpochRow, ...]
    kept_epoch: int
    kept_validation_accuracy: float
    batch_images: int
    accumulation_steps: int
    images_per_second: float
    stopped_early: bool
    earlier_seconds: float = 0.0


class Training:
    """One attempt at a training of a length that memory may forbid, with its optimizer and its averages."""

    def __init__(
        self,
        network: TrainableNetwork,
        part: TrainingPart,
        recipe: Recipe,
        length: TrainingLength,
        store: RunStateStore,
        watcher: Watcher,
        goes_on_at_chance: bool = False,
    ) -> None:
        """Compile the network to be trained; nothing is changed yet.

        goes_on_at_chance: the watchdog says what it sees, once, and stops nothing but a training that diverged.
        """
        self._goes_on_at_chance, self._has_warned = goes_on_at_chance, False
        self._network, self._part, self._recipe, self._length = network, part, recipe, length
        self._store, self._watcher = store, watcher
        self._choices: FineTuning = recipe.fine_tuning
        self._schedule: Schedule = fine_tuning_schedule(self._choices, length)
        self._batches = TrainingBatches(part, self._choices, length, recipe.seed)
        self._step = TrainingStep(network, self._choices, length.accumulation_steps)
        self._average = WeightAverage(network.changing, self._choices.weight_averaging)

    def run(self) -> Outcome:
        """Train, from where `store` says an earlier attempt stopped, and leave what is to be kept in the network."""
        progress = self._resumed()
        while progress.epoch < self._choices.epochs and not progress.is_stopped:
            progress = self._one_epoch(progress)
        kept, accuracy = self._restore_kept(progress)
        rows = progress.with_kept(kept)
        seconds = sum(row.seconds for row in rows)
        speed = len(self._part.training_labels) * len(rows) / max(seconds, 1e-9)
        passes = self._length.batch_images, self._length.accumulation_steps
        return Outcome(rows, kept, accuracy, *passes, speed, progress.is_stopped)

    def first_updates(self) -> dict[str, NDArray[Any]]:
        """Make the first updates at the highest rate; return their inputs and everything they changed."""
        self._seed_dropouts()
        self._step.set_rate(self._schedule.peak)
        found: dict[str, NDArray[Any]] = {}
        for number, passes in zip(range(1, UPDATES + 1), self._batches.updates(0), strict=False):
            for batch in passes:
                self._step.run(batch)
            found[f"inputs of update {number}"] = np.concatenate([batch.inputs for batch in passes])
        variables = [variable for group in self._groups().values() for variable in group]
        return found | {str(one.path): np.array(keras.ops.convert_to_numpy(one.value)) for one in variables}

    def losses_at(self, rates: Sequence[float]) -> Iterator[float]:
        """Make one update at each rate, batches as in training, and yield the loss that each update met."""
        self._seed_dropouts()
        batches = (passes for epoch in count() for passes in self._batches.updates(epoch))
        for rate, passes in zip(rates, batches, strict=False):
            self._step.set_rate(rate)
            losses = [self._step.run(batch)[0] for batch in passes]
            yield float(np.mean(losses))

    def _one_epoch(self, progress: TrainingProgress) -> TrainingProgress:
        started = time.perf_counter()
        losses, loss, accuracy, update = self._train_epoch(progress)
        judged = self._judge()
        row = EpochRow(
            phase=FINE_TUNING,
            epoch=progress.epoch + 1,
            head="",
            learning_rate=self._rate(update - 1, progress),
            loss=loss,
            accuracy=accuracy,
            validation_loss=judged.loss,
            validation_accuracy=judged.accuracy,
            seconds=round(time.perf_counter() - started, 3),
        )
        self._refuse_unhealthy((*progress.losses, *losses), judged.predicted_counts)
        progress, is_best = progress.after(row, losses, update)
        # The best first: killed in between, the epoch is run again and found to be the best again.
        if is_best:
            self._save_best(progress.epoch, judged.accuracy)
        self._step.begin_epoch(progress.epoch)
        self._store.save(LAST, self._state(progress))
        epochs, best = self._choices.epochs, float(progress.best.best or 0.0)
        self._watcher.epoch(row, epochs, best, progress.seconds_left(epochs))
        return progress

    def _train_epoch(self, progress: TrainingProgress) -> tuple[list[float], float, float, int]:
        """The loss of each pass; loss and accuracy of the epoch, each image counted once; the updates done by then."""
        update, losses, hits, in_pass, in_update = progress.update, [], [], [], []
        for done, passes in enumerate(self._batches.updates(progress.epoch), start=1):
            self._step.set_rate(self._rate(update, progress))
            images = [int(np.count_nonzero(batch.weights)) for batch in passes]
            in_pass += images
            in_update += [sum(images)] * len(images)
            for batch in passes:
                loss, hit = self._step.run(batch)
                losses.append(loss)
                hits.append(hit)
            update += 1
            self._average_in(update)
            self._watcher.step(progress.epoch + 1, done, self._length.updates_per_epoch)
            if not np.isfinite(losses[-1]):
                self._refuse_unhealthy((*progress.losses, *losses), np.zeros(self._part.classes, np.int64))
        return losses, float(np.average(losses, weights=in_update)), float(np.average(hits, weights=in_pass)), update

    def _average_in(self, update: int) -> None:
        if self._choices.weight_averaging:
            self._average.update(update)

    def _rate(self, update: int, progress: TrainingProgress) -> float:
        return self._schedule.learning_rate(update, progress.plateau.scale)

    def _judge(self) -> Judgement:
        """On validation, of the weights that would be kept."""
        if not self._choices.weight_averaging:
            return self._judge_weights()
        with self._average:
            return self._judge_weights()

    def _judge_weights(self) -> Judgement:
        part, model = self._part, self._network.model
        return judge(model, part.inputs.validation, part.validation_labels, part.classes, self._length.batch_images)

    def _save_best(self, epoch: int, accuracy: float) -> None:
        facts = {"epoch": epoch, "validation_accuracy": accuracy}
        self._store.save(BEST, RunState(values_of({"judged": self._judged_weights()}), facts))

    def _judged_weights(self) -> list[Any]:
        return self._average.averages if self._choices.weight_averaging else self._network.changing

    def _refuse_unhealthy(self, losses: tuple[float, ...], predicted_counts: NDArray[np.int64]) -> None:
        warmup_steps = self._schedule.warmup_updates * self._length.accumulation_steps
        seen = watch(
            losses,
            predicted_counts,
            np.bincount(self._part.validation_labels, minlength=self._part.classes),
            after_steps=max(_FEWEST_STEPS, 2 * warmup_steps),
            chance=loss_at_chance(self._choices, self._part.classes),
            recipe=self._recipe,
        )
        if not seen.causes:
            return
        if self._goes_on_at_chance and seen.health != "diverged":
            if not self._has_warned:
                self._watcher.note(goes_on(seen))
            self._has_warned = True
            return
        raise not_learning(seen, "fine-tuning")

    def _groups(self) -> dict[str, list[Any]]:
        """Every variable a run state holds."""
        network, kept = self._network, self._step.kept_variables
        averages = self._average.averages if self._choices.weight_averaging else []
        return {"changing": network.changing, "optimizer": kept, "average": averages, "seed": network.seeds}

    def _state(self, progress: TrainingProgress) -> RunState:
        return RunState(values_of(self._groups()), progress.to_json())

    def _resumed(self) -> TrainingProgress:
        found = self._store.load(LAST)
        if found is None:
            return self._begun()
        progress = TrainingProgress.from_json(found.facts)
        self._step.begin_epoch(progress.epoch)
        put_back(self._groups(), found.arrays)
        self._step.set_passes(progress.update * self._length.accumulation_steps)
        if progress.epoch:
            self._watcher.note(f"going on after epoch {progress.epoch} of {self._choices.epochs}")
        return progress

    def _begun(self) -> TrainingProgress:
        """The state before the first epoch; its weights are the best so far."""
        self._seed_dropouts()
        fresh = TrainingProgress.beginning(self._choices, self._judge().accuracy)
        self._save_best(0, float(fresh.best.best or 0.0))
        self._store.save(LAST, self._state(fresh))
        return fresh

    def _seed_dropouts(self) -> None:
        """By the recipe's seed: layers that were given none drew one of their own, another in each process."""
        for number, seed in enumerate(self._network.seeds):
            drawn = np.random.SeedSequence((self._recipe.seed, number)).generate_state(1)[0]
            seed.assign(np.array([drawn % 2**31, 0], np.int64))

    def _restore_kept(self, progress: TrainingProgress) -> tuple[int, float]:
        """Put the weights to be kept into the network; return their epoch and accuracy in validation."""
        last = progress.rows[-1].validation_accuracy if progress.rows else float(progress.best.best or 0.0)
        if self._choices.keep == "last" or progress.best.best_epoch == progress.epoch:
            if self._choices.weight_averaging:
                self._average.take_over()
            return progress.epoch, last
        found = self._store.load(BEST)
        # Better than the best: of an epoch that a kill undid, and that was run again with another result.
        if found is None or found.facts["validation_accuracy"] < float(progress.best.best or 0.0):
            raise TrainingError(
                f"expected the weights of epoch {progress.best.best_epoch}, the best, among the checkpoints, got "
                f"{'none' if found is None else found.facts}; remove the study's checkpoints and train again"
            )
        put_back({"judged": self._network.changing}, found.arrays)
        return int(found.facts["epoch"]), float(found.facts["validation_accuracy"])
