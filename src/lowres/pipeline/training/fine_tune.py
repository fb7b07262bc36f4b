"""Fine-tuning as a study does it: from the frozen phase's classifier to model.keras, one network or several."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowres.pipeline.stage import Made
from lowres.pipeline.stages.head import FROZEN_HISTORY_FILE
from lowres.pipeline.stages.preflight import read_preflight
from lowres.pipeline.study_run import CHOSEN_MODEL_FILE, MODEL_FILE
from lowres.pipeline.training.self_training import learn_from_unlabelled
from lowres.pipeline.training.tuned_network import Lesson, TunedNetwork, tune
from lowres.values.training.drawn_networks import before_training

if TYPE_CHECKING:
    from lowres.networks.training.trainable_network import TrainableNetwork
    from lowres.pipeline.study_run import StudyRun
    from lowres.pipeline.training.activations import StudyInputs
    from lowres.pipeline.training.self_training import SelfTraining

HISTORY_FILE = "history.csv"


def fine_tune(run: StudyRun, inputs: dict[str, str]) -> Made:
    """Train as the recipe says, write model.keras and history.csv; run states are bound to the stage's inputs."""
    members = [_member(run, number, inputs) for number in range(run.recipe.fine_tuning.members)]
    joined = _joined(members)
    accuracy = _validation_accuracy(run, joined, members)
    made = _made(run, members, accuracy)
    trained = [*members]
    if run.recipe.retrains_on_all:
        joined.save(run.study.folder / CHOSEN_MODEL_FILE)
        everything = [_member(run, number, inputs, on_all=True) for number in range(len(members))]
        joined, made = _joined(everything), _on_all(run, made, everything)
        trained += everything
    student, keeps_student = None, False
    if run.recipe.self_training.epochs:
        learnt = learn_from_unlabelled(run, joined, accuracy, inputs)
        made = _taught(made, learnt)
        student, keeps_student = learnt.student, learnt.keeps_student
    if student:
        trained.append(student)
        joined = student.classifier if keeps_student else joined
    joined.save(run.study.folder / MODEL_FILE)
    _write_history(run, members, student, keeps_student)
    return replace(made, earlier_seconds=sum(network.outcome.earlier_seconds for network in trained))


def _joined(members: list[TunedNetwork]) -> Any:
    from lowres.networks.members import join_members

    return join_members([member.classifier for member in members], members[0].cut_layer)


def _member(run: StudyRun, number: int, inputs: dict[str, str], on_all: bool = False) -> TunedNetwork:
    """The network of that number, fine-tuned from the frozen phase's, with a seed of its own.

    on_all: on the validation part too, which then says nothing any more.
    """
    import numpy as np

    rows = np.concatenate([run.split.train, run.split.validation]) if on_all else run.split.train
    place = Path("all" if on_all else "") / (f"member-{number + 1}" if number else "")
    recipe = run.recipe.model_copy(update={"seed": (run.recipe.seed + number) % 2**32})
    members = recipe.fine_tuning.members
    name = f"network {number + 1}" if members > 1 else ""

    def announce(network: TrainableNetwork, sources: StudyInputs) -> None:
        if on_all:
            run.progress.note(f"everything is decided: training anew on all {len(rows):,} images of both parts")
        elif number == 0:
            _announce(run, network, sources)
        else:
            run.progress.note(f"network {number + 1} of {members}")

    return tune(run, Lesson(recipe, rows, place, name=name, knows_validation=on_all), inputs, announce)


def _validation_accuracy(run: StudyRun, joined: Any, members: list[TunedNetwork]) -> float:
    if len(members) == 1:
        return members[0].outcome.kept_validation_accuracy
    rows, choices = run.split.validation, run.recipe.features
    logits = joined.logits(run.images.pixels, rows, engine=choices.engine, precision=choices.precision)
    return float((logits.argmax(axis=1) == run.images.labels[rows]).mean())


def _announce(run: StudyRun, network: TrainableNetwork, sources: Any) -> None:
    from lowres.networks.backend import loaded_backend

    choices = run.recipe.fine_tuning
    kept = ", kept on disk" if sources.keeps_views else ""
    if sources.unmet_gigabytes:
        run.progress.note(
            f"keeping the views would take {sources.unmet_gigabytes:.1f} GB of disk, of which "
            f"{sources.room_gigabytes:.3g} may be taken (fine_tuning.disk_budget_gigabytes = "
            f"{choices.disk_budget_gigabytes:g}, or what the disk has left): every epoch computes them anew"
        )
    first = run.study.ledger.stages["head"].facts["head"]["chosen"]["validation_accuracy"]
    if run.recipe.has_frozen_phase:
        run.progress.note(
            f"first answer: {first:.1%} of {len(run.split.validation):,} validation images, with the trunk frozen"
            f"{_to_come(run)}"
        )
    what = "fine-tuning" if run.recipe.has_frozen_phase else "training"
    run.progress.note(
        f"{what} {choices.from_layer or 'the whole trunk'} and the head with {loaded_backend()}: "
        f"{network.trained_parameters:,} parameters, {choices.epochs} epochs of {len(run.split.train):,} images, "
        f"{sources.views} views{kept}"
    )


def _to_come(run: StudyRun) -> str:
    """What preflight, where it ran, foresaw of this phase."""
    if "preflight" not in run.study.ledger.stages:
        return ""
    minutes = max(1, round(read_preflight(run.study.folder).minutes.fine_tuning))
    return f"; about {minutes} min of fine-tuning to come, at most"


def _write_history(
    run: StudyRun, members: list[TunedNetwork], student: TunedNetwork | None, keeps_student: bool
) -> None:
    """The frozen phase's rows, and behind them the epochs of every network that was fine-tuned or taught."""
    from lowres.files.atomic import atomic_write_text
    from lowres.values.training.history import history_from_csv, history_to_csv

    path = run.study.folder / FROZEN_HISTORY_FILE
    rows = list(history_from_csv(path.read_text(encoding="utf-8"), str(path)))
    rows += [row for member in members for row in member.rows]
    if student:
        rows += [replace(row, is_kept=row.is_kept and keeps_student) for row in student.rows]
    atomic_write_text(run.study.folder / HISTORY_FILE, history_to_csv(rows))


def _made(run: StudyRun, members: list[TunedNetwork], accuracy: float) -> Made:
    from lowres.networks.backend import loaded_backend
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
        "backend": loaded_backend(),
        "precision": training_precision(choices.precision),
        "batch_images": first.outcome.batch_images,
        "accumulation_steps": first.outcome.accumulation_steps,
        "views": first.views,
        "proven_repeatable": all(member.is_repeatable for member in members),
        "members": [member.outcome.kept_validation_accuracy for member in members],
        "validation_accuracy": accuracy,
        "frozen_validation_accuracy": before,
    }
    note = f"validation accuracy {accuracy:.2%} {_kept_in_words(members)}, {before:.2%} "
    note += before_training(run.recipe)
    return Made(
        (MODEL_FILE, HISTORY_FILE), facts={"fine_tuning": facts}, note=f"{note} (n = {len(run.split.validation):,})"
    )


def _on_all(run: StudyRun, made: Made, members: list[TunedNetwork]) -> Made:
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


def _taught(made: Made, learnt: SelfTraining) -> Made:
    """What was made, with what unlabelled images taught told beside it."""
    facts = made.facts["fine_tuning"] | {"self_training": learnt.facts}
    return replace(made, facts={"fine_tuning": facts}, note=f"{made.note}; {learnt.note}")


def _kept_in_words(members: list[TunedNetwork]) -> str:
    if len(members) > 1:
        alone = ", ".join(f"{member.outcome.kept_validation_accuracy:.2%}" for member in members)
        return f"of {len(members)} networks together (alone {alone})"
    outcome = members[0].outcome
    return f"after epoch {outcome.kept_epoch} of {len(outcome.rows)}" if outcome.kept_epoch else "as it was before"
