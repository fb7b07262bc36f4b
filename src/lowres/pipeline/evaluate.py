"""The evaluation stage: what the predictions are worth, with the temperature that validation asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lowres.pipeline.predict import FLIPPED, predictions_file
from lowres.pipeline.stage import Made, Stage

if TYPE_CHECKING:
    from lowres.pipeline.study_run import StudyRun

EVALUATION_FILE = "evaluation.json"


def _make(run: StudyRun) -> Made:
    import numpy as np

    from lowres.files.atomic import atomic_write_json
    from lowres.files.predictions_file import read_predictions
    from lowres.values.calibration import fit_temperature
    from lowres.values.evaluation import evaluate

    validation, test = (read_predictions(run.study.folder / predictions_file(part)) for part in ("validation", "test"))
    calibration = fit_temperature(validation)
    training_labels = run.images.labels[run.split.train]
    evaluation = evaluate(
        test,
        temperature=calibration.temperature,
        training_class_counts=np.bincount(training_labels, minlength=len(test.class_names)),
        target=run.recipe.evaluation.target_accuracy,
    )
    atomic_write_json(run.study.folder / EVALUATION_FILE, evaluation.to_json() | _with_flips(run))
    low, high = evaluation.accuracy_interval
    note = f"test accuracy {evaluation.accuracy:.2%} ({low:.2%} to {high:.2%}, n = {evaluation.n:,})"
    return Made(outputs=(EVALUATION_FILE,), note=note)


def _with_flips(run: StudyRun) -> dict[str, Any]:
    """The accuracy when each image is judged together with its mirror image, told apart from all other figures."""
    from lowres.files.predictions_file import read_predictions
    from lowres.values.intervals import wilson_interval

    if not run.recipe.test_time.flips:
        return {}
    right = read_predictions(run.study.folder / predictions_file(FLIPPED)).is_right
    interval = wilson_interval(int(right.sum()), len(right))
    return {"with_flipped_views": {"accuracy": float(right.mean()), "accuracy_interval": list(interval)}}


STAGE = Stage("evaluate", _make, recipe_keys=("evaluation", "test_time"), reads=("split", "predict"))
