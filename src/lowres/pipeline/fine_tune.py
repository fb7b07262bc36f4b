"""Fine-tuning as a study does it: from the frozen phase's classifier to model.keras, going on where it was stopped."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lowres.pipeline.head import FROZEN_HISTORY_FILE, FROZEN_MODEL_FILE
from lowres.pipeline.stage import Made
from lowres.pipeline.study_run import CHOSEN_MODEL_FILE, MODEL_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from lowres.networks.run_state import RunState
    from lowres.networks.trainable_network import TrainableNetwork
    from lowres.networks.training_run import Outcome
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.training.history import EpochRow

HISTORY_FILE = "history.csv"
CHECKPOINTS = "checkpoints/fine-tuning"
ACTIVATIONS = "activations"
_TIMED_UPDATES = 12


@dataclass(frozen=True, eq=False)
class _Member:
    """One network that was fine-tuned: the classifier, how it went, and what was trained of it."""

    classifier: Any
    outcome: Outcome
    cut_layer: str
    trained_parameters: int
    views: int


def fine_tune(run: StudyRun, inputs: dict[str, str]) -> Made:
    """Train as the recipe says, write model.keras and history.csv; run states are bound to the stage's inputs."""
    members = [_member(run, number, inputs) for number in range(run.recipe.fine_tuning.members)]
    joined = _joined(members)
    accuracy = _validation_accuracy(run, joined, members)
    made = _made(run, members, accuracy)
    if run.recipe.retrains_on_all:
        joined.save(run.study.folder / CHOSEN_MODEL_FILE)
        everything = [_member(run, number, inputs, on_all=True) for number in range(len(members))]
        joined, made = _joined(everything), _on_all(run, made, everything)
    joined.save(run.study.folder / MODEL_FILE)
    _write_history(run, members)
    return made


def _joined(members: list[_Member]) -> Any:
    from lowres.networks.members import join_members

    return join_members([member.classifier for member in members], members[0].cut_layer)


def _member(run: StudyRun, number: int, inputs: dict[str, str], on_all: bool = False) -> _Member:
    """The network of that number, fine-tuned from the frozen phase's, with a seed of its own.

    on_all: on the validation part too, which then says nothing any more.
    """
    import numpy as np

    from lowres.networks.fine_tuning import fine_tune as train
    from lowres.networks.trainable_network import freeze
    from lowres.networks.trained_classifier import TrainedClassifier
    from lowres.networks.training_batches import TrainingPart
    from lowres.pipeline.activations import StudyInputs

    recipe = run.recipe.model_copy(update={"seed": (run.recipe.seed + number) % 2**32})
    folder = run.study.folder / CHECKPOINTS / ("all" if on_all else "") / (f"member-{number + 1}" if number else "")
    classifier = TrainedClassifier.load(run.study.folder / FROZEN_MODEL_FILE)
    network = network_to_train(run, classifier)
    rows = np.concatenate([run.split.train, run.split.validation]) if on_all else run.split.train
    sources = StudyInputs(run, network, folder / ACTIVATIONS, recipe.seed, rows)
    sources.remove_others()
    labels = run.images.labels
    part = TrainingPart(sources, labels[rows], labels[run.split.validation], len(run.images.class_names))
    if on_all:
        run.progress.note(f"everything is decided: training anew on all {len(rows):,} images of both parts")
    elif number == 0:
        _announce(run, network, sources)
    else:
        run.progress.note(f"network {number + 1} of {recipe.fine_tuning.members}")
    store = StudyCheckpoints(folder, inputs)
    watcher = _Teller(run, number, on_all)
    outcome = train(network, part, recipe, store=store, watcher=watcher, proves_repeatable=run.is_deterministic)
    freeze(classifier.trunk, classifier.head)
    sources.remove()
    trained = TrainedClassifier.from_parts(classifier.trunk, classifier.head, classifier.class_names)
    return _Member(trained, outcome, network.cut_layer, network.trained_parameters, sources.views)


def _validation_accuracy(run: StudyRun, joined: Any, members: list[_Member]) -> float:
    if len(members) == 1:
        return members[0].outcome.kept_validation_accuracy
    rows, choices = run.split.validation, run.recipe.features
    logits = joined.logits(run.images.pixels, rows, engine=choices.engine, precision=choices.precision)
    return float((logits.argmax(axis=1) == run.images.labels[rows]).mean())


class StudyCheckpoints:
    """Run states in the study's folder; satisfies `networks.run_state.RunStateStore`."""

    def __init__(self, folder: Path, inputs: dict[str, str]) -> None:
        """Bind them to what the training depends on: one with other inputs never goes on from them."""
        self._folder = folder
        self._key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()

    def save(self, name: str, state: RunState) -> None:
        """Keep a state in place of the one of that name, whole or not at all."""
        from lowres.files.checkpoints import write_checkpoint

        write_checkpoint(self._folder / f"{name}.npz", self._key, dict(state.arrays), state.facts)

    def load(self, name: str) -> RunState | None:
        """Return the state of that name, None where there is none that fits this training."""
        from lowres.files.checkpoints import read_checkpoint
        from lowres.networks.run_state import RunState

        found = read_checkpoint(self._folder / f"{name}.npz", self._key)
        return None if found is None else RunState(*found)


class _Teller:
    """Passes on what training says; satisfies `networks.training_watcher.Watcher`."""

    def __init__(self, run: StudyRun, number: int, on_all: bool = False) -> None:
        self._on_all = on_all
        self._progress, self._epochs = run.progress, run.recipe.fine_tuning.epochs
        self._log, self._name = run.training_log, _member_name(number, run.recipe.fine_tuning.members)
        self._accuracies: tuple[float, ...] = ()
        self._times: list[float] = []

    def step(self, epoch: int, done: int, total: int) -> None:
        self._progress.advance(f"epoch {epoch} of {self._epochs}", done, total)
        # The first updates hold the compiling.
        if len(self._times) < _TIMED_UPDATES:
            self._times.append(time.perf_counter())
            if len(self._times) == _TIMED_UPDATES:
                each = (self._times[-1] - self._times[1]) / (_TIMED_UPDATES - 2)
                minutes = each * total * (self._epochs - epoch + 1) / 60
                self._progress.note(f"fine-tuning will take about {max(1, round(minutes))} min")

    def epoch(self, row: EpochRow, epochs: int, best_validation_accuracy: float, seconds_left: float) -> None:
        from lowres.faces.training_words import epoch_line, seen_epoch_line

        if self._on_all:
            self._progress.note(seen_epoch_line(row, epochs, seconds_left))
            return
        self._accuracies += (row.validation_accuracy,)
        self._progress.note(epoch_line(row, epochs, best_validation_accuracy, seconds_left))
        self._progress.curve("validation accuracy", self._accuracies)
        if self._log:
            self._log.add(replace(row, head=self._name))

    def note(self, text: str) -> None:
        self._progress.note(text)


def network_to_train(run: StudyRun, classifier: Any) -> TrainableNetwork:
    """Return the part of the classifier that the run's recipe trains, cut off."""
    from lowres.networks.trainable_network import network_of

    return network_of(classifier.trunk, classifier.head, run.recipe.fine_tuning)


def _announce(run: StudyRun, network: TrainableNetwork, sources: Any) -> None:
    choices = run.recipe.fine_tuning
    kept = ", kept on disk" if sources.keeps_views else ""
    first = run.study.ledger.stages["head"].facts["head"]["chosen"]["validation_accuracy"]
    if run.recipe.has_frozen_phase:
        run.progress.note(
            f"first answer: {first:.1%} of {len(run.split.validation):,} validation images, with the trunk frozen"
        )
    what = "fine-tuning" if run.recipe.has_frozen_phase else "training"
    run.progress.note(
        f"{what} {choices.from_layer or 'the whole trunk'} and the head: {network.trained_parameters:,} parameters, "
        f"{choices.epochs} epochs of {len(run.split.train):,} images, {sources.views} views{kept}"
    )


def _write_history(run: StudyRun, members: list[_Member]) -> None:
    from lowres.files.atomic import atomic_write_text
    from lowres.values.training.history import history_from_csv, history_to_csv

    path = run.study.folder / FROZEN_HISTORY_FILE
    rows = list(history_from_csv(path.read_text(encoding="utf-8"), str(path)))
    for number, member in enumerate(members):
        rows += [replace(row, head=_member_name(number, len(members))) for row in member.outcome.rows]
    atomic_write_text(run.study.folder / HISTORY_FILE, history_to_csv(rows))


def _member_name(number: int, members: int) -> str:
    """What history.csv calls the network of that number; nothing where there is one."""
    return f"network {number + 1}" if members > 1 else ""


def _made(run: StudyRun, members: list[_Member], accuracy: float) -> Made:
    from lowres.networks.precision import training_precision

    choices, first = run.recipe.fine_tuning, members[0]
    before = run.study.ledger.stages["head"].facts["head"]["chosen"]["validation_accuracy"]
    facts = {
        "from_layer": choices.from_layer,
        "cut_layer": first.cut_layer,
        "epochs": len(first.outcome.rows),
        "kept_epoch": first.outcome.kept_epoch,
        "stopped_early": first.outcome.stopped_early,
        "averaged_weights": choices.weight_averaging > 0,
        "trained_parameters": first.trained_parameters,
        "images_per_second": round(first.outcome.images_per_second, 1),
        "precision": training_precision(choices.precision),
        "batch_images": first.outcome.batch_images,
        "accumulation_steps": first.outcome.accumulation_steps,
        "views": first.views,
        "proven_repeatable": run.is_deterministic,
        "members": [member.outcome.kept_validation_accuracy for member in members],
        "validation_accuracy": accuracy,
        "frozen_validation_accuracy": before,
    }
    note = f"validation accuracy {accuracy:.2%} {_kept_in_words(members)}, {before:.2%} "
    note += "with the trunk frozen" if run.recipe.has_frozen_phase else "at random"
    return Made(
        (MODEL_FILE, HISTORY_FILE), facts={"fine_tuning": facts}, note=f"{note} (n = {len(run.split.validation):,})"
    )


def _on_all(run: StudyRun, made: Made, members: list[_Member]) -> Made:
    """What was made, with the second training told beside the first."""
    images = len(run.split.train) + len(run.split.validation)
    seconds = sum(row.seconds for member in members for row in member.outcome.rows)
    facts = made.facts["fine_tuning"] | {"retrained_images": images, "retrained_seconds": round(seconds, 1)}
    return replace(
        made,
        outputs=(*made.outputs, CHOSEN_MODEL_FILE),
        facts={"fine_tuning": facts},
        note=f"{made.note}; then trained anew on all {images:,} images",
    )


def _kept_in_words(members: list[_Member]) -> str:
    if len(members) > 1:
        alone = ", ".join(f"{member.outcome.kept_validation_accuracy:.2%}" for member in members)
        return f"of {len(members)} networks together (alone {alone})"
    outcome = members[0].outcome
    return f"after epoch {outcome.kept_epoch} of {len(outcome.rows)}" if outcome.kept_epoch else "as it was before"
