"""Facts about how a study was trained: augmentation, the frozen phase, fine-tuning, and what each came to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from lowres.values.study_facts.fact import Fact
from lowres.values.study_facts.records import StudyRecords
from lowres.values.training.history import FINE_TUNING, FROZEN, STUDENT, EpochRow

_TUNED = "study.json: stages.train.facts.fine_tuning"
_FULL_TURN = 360


def training_facts(records: StudyRecords) -> Iterator[Fact]:
    """Yield the settings of both phases and their results; of fine-tuning nothing where there was none."""
    classes = len(records.class_names)
    yield Fact(
        "chance loss", math.log(classes), "nats", f"ln {classes}, of study.json: stages.images.facts.class_names"
    )
    yield Fact("chance accuracy", 1 / classes, "fraction", f"1 / {classes}")
    yield from _augmentation(records)
    if records.recipe.has_frozen_phase:
        yield from _frozen_settings(records)
        yield from _phase("frozen", FROZEN, records.history)
    yield from _tuning(records)


def _augmentation(records: StudyRecords) -> Iterator[Fact]:
    choices = records.recipe.augmentation
    yield Fact("flip", choices.flip, "words", "recipe.toml: augmentation.flip")
    for name in ("rotation_fraction", "zoom_fraction"):
        value = getattr(choices, name)
        yield Fact(name.replace("_", " "), value, "number", f"recipe.toml: augmentation.{name}")
    turn = choices.rotation_fraction * _FULL_TURN
    yield Fact("rotation degrees", turn, "degrees", "recipe.toml: augmentation.rotation_fraction x 360")
    yield Fact("zoom share", choices.zoom_fraction, "fraction", "recipe.toml: augmentation.zoom_fraction")


def _frozen_settings(records: StudyRecords) -> Iterator[Fact]:
    head, phase = records.recipe.head, records.recipe.frozen_phase
    chosen = records.told("head")["head"]["chosen"]
    if chosen["epochs"] is not None:
        yield Fact("frozen rate", head.learning_rate, "rate", "recipe.toml: head.learning_rate")
        yield Fact("frozen batch", head.batch_images, "count", "recipe.toml: head.batch_images")
        yield Fact("frozen most epochs", head.epochs, "epoch", "recipe.toml: head.epochs")
        patience = phase.early_stopping_patience_epochs
        yield Fact(
            "frozen stopping patience", patience, "epoch", "recipe.toml: frozen_phase.early_stopping_patience_epochs"
        )
        yield Fact(
            "frozen plateau patience",
            phase.plateau_patience_epochs,
            "epoch",
            "recipe.toml: frozen_phase.plateau_patience_epochs",
        )
        yield Fact("frozen plateau factor", phase.plateau_factor, "number", "recipe.toml: frozen_phase.plateau_factor")


def _phase(word: str, phase: str, history: Sequence[EpochRow]) -> Iterator[Fact]:
    """What history.csv says of a phase: the kept row, and the last one of its epochs."""
    rows = [row for row in history if row.phase == phase]
    kept = next((row for row in rows if row.is_kept), None)
    if kept is None:
        return
    of = f"history.csv: {phase}, the kept row"
    yield Fact(f"{word} validation accuracy", kept.validation_accuracy, "fraction", f"{of}, validation_accuracy")
    yield Fact(f"{word} validation loss", kept.validation_loss, "nats", f"{of}, validation_loss")
    yield Fact(f"{word} training accuracy", kept.accuracy, "fraction", f"{of}, accuracy")
    yield Fact(f"{word} training loss", kept.loss, "nats", f"{of}, loss")
    if kept.epoch is None:
        return
    yield Fact(f"{word} kept epoch", kept.epoch, "epoch", f"{of}, epoch")
    epochs = [row for row in rows if row.head == kept.head and row.epoch is not None]
    yield Fact(f"{word} epochs", len(epochs), "epoch", f"history.csv: {phase}, rows of {kept.head or 'the network'}")
    last = f"history.csv: {phase}, the last row"
    yield Fact(
        f"{word} last validation accuracy", epochs[-1].validation_accuracy, "fraction", f"{last}, validation_accuracy"
    )
    yield Fact(f"{word} last training loss", epochs[-1].loss, "nats", f"{last}, loss")


def _tuning(records: StudyRecords) -> Iterator[Fact]:
    told, choices = records.tuned, records.recipe.fine_tuning
    if told is None:
        return
    yield Fact("tuned rate", choices.learning_rate, "rate", "recipe.toml: fine_tuning.learning_rate")
    yield Fact("tuned batch", told["batch_images"] * told["accumulation_steps"], "count", f"{_TUNED}.batch_images")
    yield Fact("tuned most epochs", choices.epochs, "epoch", "recipe.toml: fine_tuning.epochs")
    yield Fact("tuned optimizer", choices.optimizer, "words", "recipe.toml: fine_tuning.optimizer")
    yield Fact("tuned from layer", told["from_layer"] or "the whole network", "words", f"{_TUNED}.from_layer")
    yield Fact("tuned parameters", told["trained_parameters"], "count", f"{_TUNED}.trained_parameters")
    if choices.early_stopping_patience_epochs:
        yield Fact(
            "tuned stopping patience",
            choices.early_stopping_patience_epochs,
            "epoch",
            "recipe.toml: fine_tuning.early_stopping_patience_epochs",
        )
    if choices.schedule == "plateau":
        yield Fact(
            "tuned plateau patience",
            choices.plateau_patience_epochs,
            "epoch",
            "recipe.toml: fine_tuning.plateau_patience_epochs",
        )
        yield Fact("tuned plateau factor", choices.plateau_factor, "number", "recipe.toml: fine_tuning.plateau_factor")
    yield from _phase("tuned", FINE_TUNING, records.history)
    yield Fact("tuned kept epoch", told["kept_epoch"], "epoch", f"{_TUNED}.kept_epoch")
    yield Fact("tuned epochs", told["epochs"], "epoch", f"{_TUNED}.epochs")
    yield Fact("tuned validation accuracy", told["validation_accuracy"], "fraction", f"{_TUNED}.validation_accuracy")
    # Of several the accuracy is that of all together, the epochs are those of the first.
    if len(told.get("members", ())) > 1:
        yield Fact("tuned networks", len(told["members"]), "count", f"{_TUNED}.members")
    stopped = "yes" if told["stopped_early"] else "no"
    yield Fact("tuned stopped early", stopped, "words", f"{_TUNED}.stopped_early")
    before = told["frozen_validation_accuracy"]
    if records.recipe.has_frozen_phase and before:
        origin = f"{_TUNED}.validation_accuracy / frozen_validation_accuracy"
        yield Fact("improvement of fine-tuning", told["validation_accuracy"] / before, "ratio", origin)
        gain = told["validation_accuracy"] - before
        yield Fact("gain of fine-tuning", gain, "points", origin.replace("/", "-"))
    yield from _phase("student", STUDENT, records.history)
