"""Self-training as a study does it: the fine-tuned network names unlabelled images, and a student learns from them too.

Hinton et al. 2015 (soft targets), Xie et al. 2020 (a student that sees changed images, the teacher unchanged ones).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowres.pipeline.stage import recipe_values
from lowres.pipeline.training.tuned_network import CHECKPOINTS, Lesson, StudyCheckpoints, TunedNetwork, tune
from lowres.values.training.history import STUDENT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.networks.training.trainable_network import TrainableNetwork
    from lowres.pipeline.study_run import StudyRun
    from lowres.pipeline.training.activations import StudyInputs
    from lowres.values.unlabelled import Unlabelled

PLACE = Path(STUDENT)
_ANSWERS = "answers"


@dataclass(frozen=True, eq=False)
class SelfTraining:
    """What came of it: the student, None where nothing was there to learn from, and whether validation keeps it.

    facts: for study.json. note: a few words for people.
    """

    facts: dict[str, Any]
    note: str
    student: TunedNetwork | None = None
    keeps_student: bool = False


@dataclass(frozen=True, eq=False)
class _Answers:
    """What the teacher says of the unlabelled images: float32 `[n, classes]`, rows summing to one.

    temperature: what its logits were divided by, fitted on the validation part. seconds: the asking took.
    """

    targets: NDArray[np.float32]
    temperature: float
    seconds: float


def inputs_of_a_student(run: StudyRun) -> dict[str, str]:
    """Return what a student depends on beside the training part, by name; nothing in a study without one."""
    if not run.recipe.self_training.epochs:
        return {}
    found = recipe_values(run.recipe, ("self_training",))
    if run.source.unlabelled:
        from lowres.files.sources.unlabelled_pictures import list_unlabelled

        _, key = list_unlabelled(run.source.unlabelled_place(run.study.folder))
        found["the unlabelled pictures"] = f"{key} {run.recipe.images.fit} {run.source.skip_damaged}"
    return found


def learn_from_unlabelled(run: StudyRun, teacher: Any, accuracy: float, inputs: dict[str, str]) -> SelfTraining:
    """Train a student on the training part and on what the teacher says of unlabelled images.

    teacher: the classifier fine-tuned on the training part; accuracy: its own, of the validation part. The student
    begins where the teacher began, at the frozen phase's classifier, and is kept where validation finds it no worse.
    """
    unlabelled = run.unlabelled
    facts: dict[str, Any] = {"unlabelled_images": len(unlabelled), "left_out": unlabelled.left_out}
    if not len(unlabelled):
        return SelfTraining(facts, "no student: no unlabelled images to learn from (--unlabelled DIR)")
    store = StudyCheckpoints(run, run.study.folder / CHECKPOINTS / PLACE, inputs)
    answers = _answers(run, teacher, unlabelled, store)
    recipe = run.recipe.student
    rows = run.split.train

    def announce(network: TrainableNetwork, sources: StudyInputs) -> None:
        run.progress.note(
            f"a student learns from {len(rows):,} labelled and {len(unlabelled):,} unlabelled images in "
            f"{recipe.fine_tuning.epochs} epochs, the latter named by what was trained so far "
            f"({accuracy:.1%} right in validation)"
        )

    lesson = Lesson(recipe, rows, PLACE, STUDENT, unlabelled=unlabelled, taught=answers.targets)
    student = tune(run, lesson, inputs, announce)
    kept = student.outcome.kept_validation_accuracy
    keeps_student = kept >= accuracy
    facts |= {
        "temperature": round(answers.temperature, 4),
        "naming_seconds": round(answers.seconds, 1),
        "teacher_validation_accuracy": accuracy,
        "student_validation_accuracy": kept,
        "keeps_student": keeps_student,
        "epochs": len(student.outcome.rows),
        "kept_epoch": student.outcome.kept_epoch,
        "images_per_second": round(student.outcome.images_per_second, 1),
    }
    note = f"a student of it, with {len(unlabelled):,} unlabelled images, {kept:.2%}: "
    return SelfTraining(facts, note + ("kept" if keeps_student else "not kept"), student, keeps_student)


def _answers(run: StudyRun, teacher: Any, unlabelled: Unlabelled, store: StudyCheckpoints) -> _Answers:
    """Out of the store where an interrupted run left them; a teacher is asked once."""
    import numpy as np

    from lowres.networks.training.run_state import RunState
    from lowres.values.predictions import softmax

    kept = store.load(_ANSWERS)
    if kept is not None:
        return _Answers(kept.arrays["targets"], kept.facts["temperature"], kept.facts.get("seconds", 0.0))
    started = time.perf_counter()
    temperature = _temperature(run, teacher)
    logits = _logits(run, teacher, unlabelled)
    targets = softmax(logits, temperature).astype(np.float32)
    seconds = time.perf_counter() - started
    store.save(_ANSWERS, RunState({"targets": targets}, {"temperature": temperature, "seconds": seconds}))
    return _Answers(targets, temperature, seconds)


def _temperature(run: StudyRun, teacher: Any) -> float:
    """At which the teacher's confidence is its accuracy: mixed and smoothed targets leave it too doubtful."""
    from lowres.values.judging.calibration import fit_temperature
    from lowres.values.predictions import Predictions

    rows, images = run.split.validation, run.images
    logits = _teacher_logits(run, teacher, images.pixels, rows)
    ids = tuple(images.ids[row] for row in rows)
    return fit_temperature(Predictions(ids, images.labels[rows], logits, images.class_names)).temperature


def _logits(run: StudyRun, teacher: Any, unlabelled: Unlabelled) -> NDArray[np.float32]:
    import numpy as np

    from lowres.pipeline.training.activations import CHUNK_IMAGES

    parts, own = [], run.images.pixels
    for start in range(0, len(unlabelled), CHUNK_IMAGES):
        numbers = unlabelled.numbers[start : start + CHUNK_IMAGES]
        parts.append(_teacher_logits(run, teacher, unlabelled.pixels(own, numbers), np.arange(len(numbers))))
        run.progress.advance("unlabelled images named", start + len(numbers), len(unlabelled))
    return np.concatenate(parts)


def _teacher_logits(
    run: StudyRun, teacher: Any, pixels: NDArray[np.uint8], rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Of unchanged images, and of their mirror images too where the recipe judges by both."""
    choices = run.recipe.features
    logits: NDArray[np.float32] = teacher.logits(
        pixels, rows, engine=choices.engine, precision=choices.precision, flip_views=run.recipe.test_time.flips
    )
    return logits
