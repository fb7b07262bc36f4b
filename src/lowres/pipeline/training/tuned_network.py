"""One network of a study, fine-tuned on what it is given, going on where it was stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowres.pipeline.stages.head import FROZEN_MODEL_FILE
from lowres.values.training.history import FINE_TUNING, EpochRow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lowres.networks.training.run import Outcome
    from lowres.networks.training.run_state import RunState
    from lowres.networks.training.trainable_network import TrainableNetwork
    from lowres.pipeline.study_run import StudyRun
    from lowres.pipeline.training.activations import StudyInputs
    from lowres.values.recipes.recipe import Recipe
    from lowres.values.unlabelled import Unlabelled

CHECKPOINTS = "checkpoints/fine-tuning"
ACTIVATIONS = "activations"
_REPEATABLE = "repeatable"


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a network learns, and how it is told of.

    recipe: with the network's own seed and epochs. rows: images it learns by their labels; unlabelled: images it learns
    behind them by `taught`, float32 `[unlabelled, classes]`. place: of its run states below `CHECKPOINTS`. phase, name:
    in history.csv. knows_validation: whether `rows` holds the validation part, which then says nothing.
    """

    recipe: Recipe
    rows: NDArray[Any]
    place: Path = Path()
    phase: str = FINE_TUNING
    name: str = ""
    unlabelled: Unlabelled | None = None
    taught: NDArray[Any] | None = None
    knows_validation: bool = False

    def told(self, row: EpochRow) -> EpochRow:
        """Return an epoch of this network as the history tells it."""
        return replace(row, phase=self.phase, head=self.name)


@dataclass(frozen=True, eq=False)
class TunedNetwork:
    """One network that was fine-tuned: the classifier, how it went, and what was trained of it.

    is_repeatable: whether all of its training used only what repeats bit by bit, the proof of it made.
    """

    classifier: Any
    outcome: Outcome
    cut_layer: str
    trained_parameters: int
    views: int
    lesson: Lesson
    is_repeatable: bool

    @property
    def rows(self) -> tuple[EpochRow, ...]:
        """Its epochs, as the history tells them."""
        return tuple(self.lesson.told(row) for row in self.outcome.rows)


def tune(
    run: StudyRun,
    lesson: Lesson,
    inputs: dict[str, str],
    announce: Callable[[TrainableNetwork, StudyInputs], None],
) -> TunedNetwork:
    """Fine-tune the frozen phase's classifier; run states are bound to the stage's `inputs`.

    announce: is called when everything is ready and nothing trained.
    """
    import numpy as np

    from lowres.networks.trained_classifier import TrainedClassifier
    from lowres.networks.training.batches import TrainingPart
    from lowres.networks.training.fine_tuning import fine_tune
    from lowres.networks.training.trainable_network import freeze
    from lowres.pipeline.training.activations import StudyInputs
    from lowres.pipeline.training.teller import Teller

    folder = run.study.folder / CHECKPOINTS / lesson.place
    classifier = TrainedClassifier.load(run.study.folder / FROZEN_MODEL_FILE)
    network = network_to_train(run, classifier)
    sources = StudyInputs(run, network, folder / ACTIVATIONS, lesson.recipe, lesson.rows, lesson.unlabelled)
    sources.remove_others()
    labels = run.images.labels
    training_labels = labels[lesson.rows]
    if lesson.taught is not None:
        training_labels = np.concatenate([training_labels, lesson.taught.argmax(axis=1)])
    validation_labels, classes = labels[run.split.validation], len(run.images.class_names)
    part = TrainingPart(sources, training_labels, validation_labels, classes, lesson.taught)
    announce(network, sources)
    store = StudyCheckpoints(run, folder, inputs)
    watcher = Teller(run, lesson)
    outcome = fine_tune(
        network,
        part,
        lesson.recipe,
        store=store,
        watcher=watcher,
        proves_repeatable=run.is_deterministic,
        goes_on_at_chance=run.accepts_preflight,
    )
    freeze(classifier.trunk, classifier.head)
    sources.remove()
    trained = TrainedClassifier.from_parts(classifier.trunk, classifier.head, classifier.class_names)
    return TunedNetwork(
        trained, outcome, network.cut_layer, network.trained_parameters, sources.views, lesson, store.is_repeatable
    )


class StudyCheckpoints:
    """Run states in the study's folder; satisfies `networks.run_state.RunStateStore`."""

    def __init__(self, run: StudyRun, folder: Path, inputs: dict[str, str]) -> None:
        """Bind them to what the training depends on: one with other inputs never goes on from them."""
        self._folder, self._report, self._is_repeatable = folder, run.progress.note, run.is_deterministic
        self._key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()

    def save(self, name: str, state: RunState) -> None:
        """Keep a state in place of the one of that name, whole or not at all."""
        from lowres.files.study.checkpoints import write_checkpoint

        facts = state.facts | {_REPEATABLE: self._is_repeatable}
        write_checkpoint(self._folder / f"{name}.npz", self._key, dict(state.arrays), facts)

    @property
    def is_repeatable(self) -> bool:
        """Whether every process that had a part in this training used only what repeats bit by bit."""
        return self._is_repeatable

    def load(self, name: str) -> RunState | None:
        """Return the state of that name, None where there is none that fits this training."""
        from lowres.files.study.checkpoints import read_checkpoint
        from lowres.networks.training.run_state import RunState

        found = read_checkpoint(self._folder / f"{name}.npz", self._key, self._report)
        if found is None:
            return None
        self._is_repeatable = self._is_repeatable and bool(found[1].get(_REPEATABLE))
        return RunState(*found)


def network_to_train(run: StudyRun, classifier: Any) -> TrainableNetwork:
    """Return the part of the classifier that the run's recipe trains, cut off."""
    from lowres.networks.training.trainable_network import network_of

    return network_of(classifier.trunk, classifier.head, run.recipe.fine_tuning)
