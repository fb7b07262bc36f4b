"""The evaluation stage: what the predictions are worth, with all that validation chooses for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lowres.pipeline.stage import Made, Stage
from lowres.pipeline.stages.predict import FLIPPED, SIX_VIEWS, predictions_file

if TYPE_CHECKING:
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.judging.appraisal import AppraisalChoices
    from lowres.values.recipes.judging_sections import EvaluationChoices

EVALUATION_FILE = "evaluation.json"


def _make(run: StudyRun) -> Made:
    import numpy as np

    from lowres.files.atomic import atomic_write_json
    from lowres.files.study.predictions_file import read_predictions
    from lowres.pipeline.stages.validation_choices import training_choices
    from lowres.values.judging.appraisal import appraise

    validation, test = (read_predictions(run.study.folder / predictions_file(part)) for part in ("validation", "test"))
    training_labels = run.images.labels[run.split.train]
    counts = np.bincount(training_labels, minlength=len(test.class_names))
    appraisal = appraise(test, validation, appraisal_choices(run.recipe.evaluation), counts)
    appraisal = replace(appraisal, choices=(*training_choices(run), *appraisal.choices))
    atomic_write_json(run.study.folder / EVALUATION_FILE, appraisal.to_json() | _with_views(run))
    known = appraisal.classification
    low, high = known.accuracy_interval
    note = f"test accuracy {known.accuracy:.2%} ({low:.2%} to {high:.2%}, n = {known.n:,})"
    return Made(outputs=(EVALUATION_FILE,), note=note)


def appraisal_choices(section: EvaluationChoices) -> AppraisalChoices:
    """Return what a recipe's `evaluation` section asks for."""
    from lowres.values.judging.appraisal import AppraisalChoices

    return AppraisalChoices(section.target_accuracy, section.review_error, section.set_coverage)


def _with_views(run: StudyRun) -> dict[str, Any]:
    """The accuracy when each image is judged together with other views of it, told apart from all other figures."""
    choices = run.recipe.test_time
    if not choices.flips:
        return {}
    more = {"with_six_views": _accuracy(run, SIX_VIEWS)} if choices.shifts else {}
    return {"with_flipped_views": _accuracy(run, FLIPPED)} | more


def _accuracy(run: StudyRun, part: str) -> dict[str, Any]:
    from lowres.files.study.predictions_file import read_predictions
    from lowres.values.judging.intervals import wilson_interval

    right = read_predictions(run.study.folder / predictions_file(part)).is_right
    interval = wilson_interval(int(right.sum()), len(right))
    return {"accuracy": float(right.mean()), "accuracy_interval": list(interval)}


STAGE = Stage(
    "evaluate",
    _make,
    recipe_keys=(*(f"evaluation.{name}" for name in ("target_accuracy", "review_error", "set_coverage")), "test_time"),
    reads=("split", "head", "train", "predict"),
    code=3,
)
