"""The training stage: fine-tunes the frozen phase's classifier where the recipe asks for it, else takes it as it is."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from lowres.pipeline.stage import Made, Stage
from lowres.pipeline.stages.head import FROZEN_HISTORY_FILE, FROZEN_MODEL_FILE
from lowres.pipeline.study_run import MODEL_FILE
from lowres.pipeline.training.self_training import inputs_of_a_student

if TYPE_CHECKING:
    from lowres.pipeline.study_run import StudyRun

HISTORY_FILE = "history.csv"


def _make(run: StudyRun) -> Made:
    return _kept_frozen(run) if run.recipe.fine_tuning.epochs == 0 else _fine_tuned(run)


def _kept_frozen(run: StudyRun) -> Made:
    from lowres.files.atomic import atomic_path

    for frozen, final in ((FROZEN_MODEL_FILE, MODEL_FILE), (FROZEN_HISTORY_FILE, HISTORY_FILE)):
        with atomic_path(run.study.folder / final) as part:
            shutil.copyfile(run.study.folder / frozen, part)
    return Made((MODEL_FILE, HISTORY_FILE), note="the frozen phase's classifier as it is, no fine-tuning asked for")


def _fine_tuned(run: StudyRun) -> Made:
    from lowres.networks.backend import load_backend

    # Here and not by the stage's `uses_networks`: copying two files needs no framework.
    load_backend(run.is_deterministic)
    from lowres.pipeline.training.fine_tune import fine_tune

    return fine_tune(run, STAGE.inputs(run))


STAGE = Stage(
    "train",
    _make,
    recipe_keys=("fine_tuning", "augmentation", "seed"),
    costs_only=("fine_tuning.cache_activations", "fine_tuning.disk_budget_gigabytes"),
    reads=("split", "features", "head"),
    code=2,
    other_inputs=inputs_of_a_student,
)
