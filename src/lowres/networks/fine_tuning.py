"""Fine-tuning: the upper part of a trunk and its head trained together, epoch by epoch, safe against interruption."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import TrainingError
from lowres.networks.determinism import UPDATES, prove_repeatable
from lowres.networks.judgement import Judgement, judge
from lowres.networks.losses import build_loss, loss_at_chance
from lowres.networks.optimizers import WeightAverage, build_optimizer
from lowres.networks.out_of_memory import is_out_of_memory, memory_errors
from lowres.networks.run_state import MemoryStore, RunState, RunStateStore, put_back, values_of
from lowres.networks.trainable_network import TrainableNetwork
from lowres.networks.training_batches import Batch, TrainingBatches, TrainingPart
from lowres.networks.training_watcher import SilentWatcher, Watcher
from lowres.values.history import FINE_TUNING, EpochRow
from lowres.values.recipe import Recipe
from lowres.values.recipe_sections import FineTuning
from lowres.values.schedule import Schedule, TrainingLength, fine_tuning_length, fine_tuning_schedule, layer_scales
from lowres.values.training_progress import TrainingProgress
from lowres.values.watchdog import watch

LAST, BEST = "last", "best"
# The watchdog's first judgement; a rate that still warms up has shown nothing yet.
_FEWEST_STEPS = 200


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
    proves_repeatable: bool = False,
) -> Outcome:
    """Train the network as `recipe.fine_tuning` says and leave the weights that are to be kept in it.

    Judged before the first and after each epoch on the validation part, with the averaged weights where the recipe
    averages; under keep = "best" a network that training only made worse stays as it was. A training that was
    interrupted goes on from the last epoch `store` holds, and ends with the weights it would have had (docs/decisions).
    When memory ends, passes are halved and their gradients accumulated, from the last whole epoch on.
    proves_repeatable: make the first updates twice before anything else, and compare them.
    Refused with TrainingError: a training that learns nothing, with the likely causes; memory for not even one image;
    one that was to be repeatable and is not.
    """
    store, watcher = store or MemoryStore(), watcher or SilentWatcher()
    length = fine_tuning_length(recipe.fine_tuning, len(part.training_labels))
    start = values_of({"changing": network.changing})
    while True:
        try:
            if proves_repeatable:
                prove_repeatable(partial(_first_updates, network, part, recipe, length))
                watcher.note(f"the first {UPDATES} updates, made twice, gave the same bits")
            return _Training(network, part, recipe, length, store, watcher).run()
        except memory_errors() as error:
            if not is_out_of_memory(error):
                raise
            length = length.halved()
            put_back({"changing": network.changing}, start)
            watcher.note(
                f"memory ended: {length.batch_images} images a pass from here on, {length.accumulation_steps} passes "
                "an update, so that the training stays what the recipe says"
            )


def _first_updates(
    network: TrainableNetwork, part: TrainingPart, recipe: Recipe, length: TrainingLength
) -> dict[str, NDArray[Any]]:
    """What they are made of and what they make, by name; the network is put back as it was."""
    start = values_of({"changing": network.changing})
    found = _Training(network, part, recipe, length, MemoryStore(), SilentWatcher()).first_updates()
    put_back({"changing": network.changing}, start)
    return found


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
        self._optimizer = build_optimizer(
            self._choices, network.trained, network.of_blocks(scales), length.accumulation_steps
        )
        self._average = WeightAverage(network.changing, self._choices.weight_averaging)
        network.model.compile(
            optimizer=self._optimizer, loss=build_loss(self._choices), weighted_metrics=["categorical_accuracy"]
        )

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

    def first_updates(self) -> dict[str, NDArray[Any]]:
        """Make the first updates at the highest rate; return their inputs and everything they changed."""
        self._seed_dropouts()
        self._optimizer.learning_rate = self._schedule.peak
        found: dict[str, NDArray[Any]] = {}
        for number, passes in zip(range(1, UPDATES + 1), self._batches.updates(0), strict=False):
            for batch in passes:
                self._pass(batch)
            found[f"inputs of update {number}"] = np.concatenate([batch.inputs for batch in passes])
        variables = [variable for group in self._groups().values() for variable in group]
        return found | {str(one.path): np.array(keras.ops.convert_to_numpy(one.value)) for one in variables}

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
        self._store.save(LAST, self._state(progress))
        self._watcher.epoch(row, self._choices.epochs, progress.seconds_left(self._choices.epochs))
        return progress

    def _train_epoch(self, progress: TrainingProgress) -> tuple[list[float], float, float, int]:
        """The loss of each pass; loss and accuracy of the epoch, each image counted once; the updates done by then."""
        update, losses, hits, in_pass, in_update = progress.update, [], [], [], []
        for done, passes in enumerate(self._batches.updates(progress.epoch), start=1):
            self._optimizer.learning_rate = self._rate(update, progress)
            images = [int(np.count_nonzero(batch.weights)) for batch in passes]
            in_pass += images
            in_update += [sum(images)] * len(images)
            for batch in passes:
                loss, hit = self._pass(batch)
                losses.append(loss)
                hits.append(hit)
            update += 1
            self._average_in(update)
            self._watcher.step(progress.epoch + 1, done, self._length.updates_per_epoch)
            if not np.isfinite(losses[-1]):
                self._refuse_unhealthy((*progress.losses, *losses), np.zeros(self._part.classes, np.int64))
        return losses, float(np.average(losses, weights=in_update)), float(np.average(hits, weights=in_pass)), update

    def _pass(self, batch: Batch) -> tuple[float, float]:
        """Loss and accuracy of a pass, rows of weight 0 left out."""
        self._network.model.reset_metrics()
        said = self._network.model.train_on_batch(*batch, return_dict=True)
        return float(said["loss"]), float(said["categorical_accuracy"])

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
        if seen.causes:
            causes = "\n".join(f"  {number}. {cause}" for number, cause in enumerate(seen.causes, start=1))
            raise TrainingError(
                f"expected fine-tuning to learn, got one that is {seen.health}: {seen.measured}; likely causes, the "
                f"likeliest first:\n{causes}"
            )

    def _groups(self) -> dict[str, list[Any]]:
        """Every variable a run state holds. Accumulators are empty between epochs, and counts are set by hand."""
        ours = [one for one in self._optimizer.variables if not _is_counted_anew(one)]
        averages = self._average.averages if self._choices.weight_averaging else []
        network = self._network
        return {"changing": network.changing, "optimizer": ours, "average": averages, "seed": network.seeds}

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


def _is_counted_anew(variable: Any) -> bool:
    return any(word in variable.path for word in ("gradient_accumulator", "iteration", "learning_rate"))
