"""A study stands for its own predictions as its ledger has them, and for nothing else."""

import json

import numpy as np
import pytest

from lowres.errors import PredictionsError, StudyError
from lowres.files.atomic import atomic_write_json
from lowres.files.recipes import read_recipe
from lowres.files.study.ledger import Ledger, StageRecord, file_sha256
from lowres.files.study.predictions_file import write_predictions
from lowres.pipeline.compare import compare_results, compare_runs
from lowres.pipeline.judge import GivenFiles, judge_file
from lowres.pipeline.results import find_result
from lowres.values.judging.appraisal import AppraisalChoices
from lowres.values.predictions import Predictions
from lowres.values.recipes.recipe import recipe_to_toml


@pytest.fixture
def study(tmp_path):
    """Write what a study with predictions leaves behind; return its folder."""

    def write(name, seed=0, fingerprint="f" * 64, **settings):
        folder = tmp_path / name
        for part, first in (("test", 0), ("validation", 1000)):
            random = np.random.default_rng(first + seed)
            labels = np.arange(200) % 3
            logits = random.normal(size=(200, 3)).astype(np.float32)
            logits[np.arange(200), labels] += 2
            ids = tuple(f"image/{first + row}" for row in range(200))
            write_predictions(folder / f"predictions/{part}.npz", Predictions(ids, labels, logits, ("a", "b", "c")))
        outputs = {f"predictions/{part}.npz": "" for part in ("test", "validation")}
        outputs = {path: file_sha256(folder / path) for path in outputs}
        records = (StageRecord("images", {}, facts={"fingerprint": fingerprint}), StageRecord("predict", {}, outputs))
        ledger = Ledger({record.name: record for record in records})
        atomic_write_json(folder / "study.json", {"format": 1, "source": {"name": "digits"}, **ledger.to_json()})
        recipe = read_recipe("quick").with_settings({"seed": str(seed)} | settings)
        (folder / "recipe.toml").write_text(recipe_to_toml(recipe))
        return folder

    return write


def test_a_study_is_judged_with_its_own_validation_part(study):
    data = judge_file(GivenFiles(study("one")), AppraisalChoices()).to_json()
    assert data["n"] == 200
    assert data["review"]["chosen"]["validation_n"] == 200
    assert data["absent"] == {}


def test_studies_are_compared_by_their_test_part(study):
    found = compare_results([study("one"), study("two", seed=1)])
    assert found.pairs[0].n == 200
    assert all(name.startswith("image/") for name in found.pairs[0].gained)


def test_studies_of_other_images_are_refused_though_their_ids_are_alike(study):
    with pytest.raises(
        PredictionsError, match="expected studies of the same images, got .*one of images ffff.* of images eeee"
    ):
        compare_results([study("one"), study("two", fingerprint="e" * 64)])


def test_changed_missing_or_outdated_predictions_are_refused(study):
    folder = study("one")
    ledger = json.loads((folder / "study.json").read_text())
    ledger["stages"]["predict"]["current"] = False
    (folder / "study.json").write_text(json.dumps(ledger))
    with pytest.raises(StudyError, match="got none: they are outdated; run: lowres evaluate"):
        find_result(folder)
    (folder / "predictions/test.npz").write_bytes(b"other")
    with pytest.raises(StudyError, match=r"got none: predictions/test.npz is damaged"):
        find_result(folder)
    del ledger["stages"]["predict"]
    (folder / "study.json").write_text(json.dumps(ledger))
    with pytest.raises(StudyError, match="got none: nothing was predicted yet"):
        find_result(folder)


def test_runs_that_differ_in_more_than_their_seed_are_told(study):
    one, other = study("one"), study("two", seed=1)
    assert compare_runs([one, other]).findings == ()
    third = study("three", seed=2, **{"network.input_pixels": "96"})
    finding = compare_runs([one, other, third]).findings[0]
    assert finding.measured == "runs of one group differ in more than their seed: network.input_pixels"
