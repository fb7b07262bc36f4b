"""What benchmarks/recipe.py gathers of a study: its curve holds every minute up to its last epoch."""

import json
import shutil
from itertools import pairwise

import keras
import pytest
from benchmarks.recipe import _together, read_run

from lowres.pipeline.study import run_study
from tiny_study import tiny_choice

SETTINGS = {
    "split__pool_images": "200",
    "fine_tuning__epochs": "2",
    "fine_tuning__from_layer": "tiny_conv2",
    "self_training__epochs": "2",
    "self_training__images": "60",
    "explanation__faithfulness_images": "0",
}
NAMING_SECONDS = 600


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return run_study(tiny_choice(tmp_path_factory.mktemp("gathered") / "study", **SETTINGS)).folder


def minutes(folder):
    _, run = read_run(folder, is_cold=True, backend="tensorflow")
    return [point["minutes"] for point in run["validation_curve"]], run


def test_the_minutes_in_which_a_teacher_names_pictures_lie_before_its_student(finished, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "study")
    ledger = json.loads((folder / "study.json").read_text())
    taught = ledger["stages"]["train"]["facts"]["fine_tuning"]["self_training"]
    assert 0 < taught["naming_seconds"] < ledger["stages"]["train"]["seconds"]
    taught["naming_seconds"] = NAMING_SECONDS
    (folder / "study.json").write_text(json.dumps(ledger))
    points, run = minutes(folder)
    # The frozen phase, two epochs of the teacher, two of the student.
    assert len(points) == 5
    steps = [later - earlier for earlier, later in pairwise(points)]
    # Minutes are written to a hundredth, and an epoch of a tiny network may take less than that.
    assert [step > NAMING_SECONDS / 60 - 0.02 for step in steps] == [False, False, True, False]
    assert max(steps[:2] + steps[3:]) < 2
    assert run["fine_tuning"]["self_training"]["unlabelled_images"] == 60


def test_a_run_names_what_it_changed_of_its_recipe_and_what_trained_it(finished):
    name, run = read_run(finished, is_cold=True, backend="jax")
    assert name == "quick"
    assert run["changed"]["split.pool_images"] == "200"
    assert {"fine_tuning.epochs", "network.backbone"} <= set(run["changed"])
    assert not {"seed", "name", "about"} & set(run["changed"])
    assert run["backend"] == keras.backend.backend()


def test_a_curve_ends_before_the_study_does(finished):
    points, run = minutes(finished)
    assert points == sorted(points)
    assert points[-1] <= run["total_seconds"] / 60


def test_the_mean_is_of_runs_by_the_recipe_as_it_stands():
    plain = {"n": 100, "accuracy": 0.9, "total_seconds": 60.0}
    changed = plain | {"accuracy": 0.5, "changed": {"fine_tuning.epochs": "1"}}
    assert _together([changed, plain])["mean_accuracy"] == 0.9
    assert _together([changed, plain])["number_of_runs"] == 1
    assert _together([changed])["mean_accuracy"] == 0.5
