"""A real study from end to end: what it writes is true, and a change costs what it touches and no more."""

import csv
import json
import os
import shutil
from collections import Counter

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss

from lowres.errors import StudyError
from lowres.files.feature_cache import FeatureCache
from lowres.files.sources import open_source as sources
from lowres.files.study.study_folder import STUDY_FILE
from lowres.pipeline.choice import choose_study
from lowres.pipeline.study import STAGES, run_study
from tiny_study import tiny_choice, write_pictures

ALL = [stage.name for stage in STAGES]


def made(answer):
    return [outcome.name for outcome in answer.stages if outcome.made]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished study of digits; copy it before changing it."""
    folder = tmp_path_factory.mktemp("finished") / "study"
    answer = run_study(tiny_choice(folder, test_time__flips="true", evaluation__target_accuracy="0.9"))
    assert made(answer) == ALL
    return answer


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of the finished study, to be changed."""
    shutil.copytree(finished.folder, tmp_path / "study")
    return tmp_path / "study"


@pytest.fixture
def again(copied):
    """Run the copied study again with other settings; return what was made."""

    def run(**settings):
        settings = {"test_time__flips": "true", "evaluation__target_accuracy": "0.9"} | settings
        return run_study(tiny_choice(copied, **settings))

    return run


def test_the_folder_holds_what_other_programs_rely_on(finished):
    expected = (
        "study.json recipe.toml split.csv model.keras history.csv predictions/validation.npz predictions/test.npz "
        "evaluation.json explanation.npz report.html figures/confusion_matrix.png"
    )
    for name in expected.split():
        assert (finished.folder / name).stat().st_size > 0, name


def test_the_evaluation_is_what_scikit_learn_makes_of_the_predictions(finished):
    evaluation = json.loads((finished.folder / "evaluation.json").read_text())
    with np.load(finished.folder / "predictions" / "test.npz") as file:
        labels, logits = file["labels"], file["logits"].astype(np.float64)
    probabilities = softmax(logits, axis=1)
    assert evaluation["n"] == len(labels) == 360
    assert evaluation["accuracy"] == accuracy_score(labels, logits.argmax(axis=1))
    assert evaluation["confusion"] == confusion_matrix(labels, logits.argmax(axis=1)).tolist()
    assert evaluation["nll"] == pytest.approx(log_loss(labels, probabilities), rel=1e-6)
    assert (evaluation["absent"], [sets["validation_n"] for sets in evaluation["conformal"]]) == ({}, [288, 288])
    assert evaluation["review"]["chosen"]["validation_n"] == 288
    assert evaluation["gap_to_target"] == pytest.approx(0.9 - evaluation["accuracy"])
    assert finished.evaluation == evaluation


def test_the_temperature_is_the_one_validation_asks_for(finished):
    evaluation = json.loads((finished.folder / "evaluation.json").read_text())
    with np.load(finished.folder / "predictions" / "validation.npz") as file:
        labels, logits = file["labels"], file["logits"].astype(np.float64)
    losses = {
        step: log_loss(labels, softmax(logits / (evaluation["temperature"] * step), axis=1)) for step in (0.97, 1, 1.03)
    }
    assert min(losses, key=losses.get) == 1


def test_the_majority_is_that_of_the_training_part(finished):
    with (finished.folder / "split.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    counts = Counter(row["label"] for row in rows if row["part"] == "train")
    commonest = min(counts, key=lambda name: (-counts[name], name))
    share = np.mean([row["label"] == commonest for row in rows if row["part"] == "test"])
    assert finished.evaluation["majority_baseline"] == pytest.approx(share)


def test_what_was_answered_is_explained(finished):
    with np.load(finished.folder / "predictions" / "test.npz") as file:
        answers = dict(zip(file["ids"].tolist(), file["logits"].argmax(axis=1).tolist(), strict=True))
        truth = dict(zip(file["ids"].tolist(), file["labels"].tolist(), strict=True))
    with np.load(finished.folder / "explanation.npz") as file:
        ids, targets = file["ids"].tolist(), file["target_classes"].tolist()
    assert targets == [answers[name] for name in ids]
    assert sum(answers[name] == truth[name] for name in ids) == 2


def test_the_customary_pool_is_taken_where_the_recipe_is_silent(tmp_path, monkeypatch):
    monkeypatch.setitem(sources._CUSTOMARY_POOLS, "digits", 500)
    pools = []
    for settings in ({}, {"split__pool_images": "300"}, {"split__pool_images": "0"}):
        run_study(tiny_choice(tmp_path / "study", **settings), until="split")
        with (tmp_path / "study" / "split.csv").open(newline="") as file:
            pools.append(sum(row["part"] != "test" for row in csv.DictReader(file)))
    assert pools == [500, 300, 1797 - 360]


def test_the_judgement_with_mirror_images_is_told_apart(finished):
    told = json.loads((finished.folder / "evaluation.json").read_text())["with_flipped_views"]
    with np.load(finished.folder / "predictions" / "test_flipped.npz") as file:
        right = file["logits"].argmax(axis=1) == file["labels"]
    assert told["accuracy"] == right.mean()
    assert "mirror image" in (finished.folder / "report.html").read_text(encoding="utf-8")


def test_the_predictions_are_those_of_the_saved_model_in_any_keras(finished):
    import keras
    from sklearn.datasets import load_digits

    files = {name: np.load(finished.folder / "predictions" / f"{name}.npz") for name in ("test", "test_flipped")}
    rows = np.array([int(name.split("/")[1]) for name in files["test"]["ids"]])
    pixels = np.repeat(np.rint(load_digits().images[rows] * 255 / 16).astype(np.uint8)[..., None], 3, axis=3)
    model = keras.saving.load_model(finished.folder / "model.keras", compile=False)
    plain, mirrored = (model.predict_on_batch(view) for view in (pixels, pixels[:, :, ::-1]))
    np.testing.assert_allclose(plain, files["test"]["logits"], atol=1e-3)
    np.testing.assert_allclose((plain + mirrored) / 2, files["test_flipped"]["logits"], atol=1e-3)
    for file in files.values():
        file.close()


def test_the_test_part_is_in_no_other_part_and_ids_travel(finished):
    with (finished.folder / "split.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    of_test = [row["id"] for row in rows if row["part"] == "test"]
    assert len({row["id"] for row in rows}) == len(rows) == 1797
    with np.load(finished.folder / "predictions" / "test.npz") as file:
        assert file["ids"].tolist() == of_test


def test_nothing_before_the_predictions_looks_at_the_test_part(tmp_path, monkeypatch):
    monkeypatch.setenv("LOWRES_CACHE", str(tmp_path / "cache"))
    asked = []
    missing = FeatureCache.open_features

    def watch(self, key, rows, channels, storage):
        features = missing(self, key, rows, channels, storage)
        find, features.missing = features.missing, lambda indices: asked.extend(indices.tolist()) or find(indices)
        return features

    monkeypatch.setattr(FeatureCache, "open_features", watch)
    run_study(tiny_choice(tmp_path / "study"), until="train")
    with (tmp_path / "study" / "split.csv").open(newline="") as file:
        of_test = {int(row["id"].split("/")[1]) for row in csv.DictReader(file) if row["part"] == "test"}
    assert len(set(asked)) == 1797 - 360
    assert not of_test & set(asked)


def test_a_finished_study_makes_nothing_again(again):
    assert made(again()) == []


@pytest.mark.parametrize(
    ("settings", "touched"),
    [
        ({"evaluation__target_accuracy": "0.5"}, ["evaluate", "report"]),
        ({"explanation__gallery_images": "6"}, ["explain", "report"]),
        ({"name": "renamed"}, ["report"]),
        # Early cut-off: the features of the same key are the same, so nobody after asks.
        ({"features__precision": "float32"}, ["preflight", "features", "predict", "explain", "report"]),
        # Nothing is augmented before the frozen phase asks for views: training alone looks, and makes the same.
        ({"augmentation__shift_pixels": "1"}, ["preflight", "train", "report"]),
        # What only costs disk makes nothing anew but the checks, which tell minutes.
        ({"fine_tuning__disk_budget_gigabytes": "9"}, ["preflight", "report"]),
        # What validation chose is told in evaluation.json.
        (
            {"frozen_phase__plateau_factor": "0.25"},
            ["preflight", "head", "train", "predict", "evaluate", "explain", "report"],
        ),
        (
            {"head__regularisations": "[0.5]"},
            ["preflight", "head", "train", "predict", "evaluate", "explain", "report"],
        ),
        ({"split__seed": "7"}, ALL[1:]),
    ],
)
def test_a_changed_value_costs_what_it_touches(again, settings, touched):
    assert made(again(**settings)) == touched


def test_a_damaged_model_is_named_and_made_again_and_its_predictions_prove_equal(again, copied):
    before = (copied / "predictions" / "test.npz").read_bytes()
    for name in ("checkpoints/frozen/model.keras", "model.keras"):
        with (copied / name).open("r+b") as file:
            file.seek(4000)
            file.write(b"\0\0\0\0")
        reasons = {outcome.name: outcome.reasons for outcome in again().stages}
        stage = "head" if "frozen" in name else "train"
        assert reasons[stage] == (f"{name} is damaged (not the bytes that were written)",)
    assert reasons["evaluate"] == ()
    assert (copied / "predictions" / "test.npz").read_bytes() == before


def test_a_lost_study_json_costs_the_ledger_and_comes_to_the_same(again, copied, finished):
    (copied / STUDY_FILE).write_bytes(b"")
    assert made(again()) == ALL
    for name in ("split.csv", "predictions/test.npz", "evaluation.json"):
        assert (copied / name).read_bytes() == (finished.folder / name).read_bytes()


def test_a_cache_that_was_emptied_costs_nothing_until_it_is_needed(again, tmp_path, monkeypatch):
    monkeypatch.setenv("LOWRES_CACHE", str(tmp_path / "another"))
    assert made(again()) == []
    assert "train" in made(again(head__regularisations="[0.5]"))


def test_without_fine_tuning_the_frozen_phase_has_the_last_word(finished):
    for name in ("model.keras", "history.csv"):
        assert (finished.folder / name).read_bytes() == (finished.folder / "checkpoints" / "frozen" / name).read_bytes()


def test_images_of_ones_own(tmp_path):
    answer = run_study(tiny_choice(tmp_path / "study", str(write_pictures(tmp_path / "pictures"))))
    assert answer.evaluation["accuracy"] == 1
    assert answer.source == "pictures"
    source = json.loads((tmp_path / "study" / STUDY_FILE).read_text())["source"]
    assert source["path"] == "../pictures"


@pytest.fixture
def pictures(tmp_path):
    """A study of pictures of one's own, brought to its split."""
    folder = write_pictures(tmp_path / "pictures")
    run_study(tiny_choice(tmp_path / "study", str(folder)), until="split")
    return folder


def test_a_picture_more_is_noticed(pictures, tmp_path):
    shutil.copy(pictures / "dark" / "00.png", pictures / "dark" / "99.png")
    answer = run_study(choose_study(str(tmp_path / "study")), until="split")
    assert made(answer) == ["images", "split"]
    assert answer.stages[0].reasons == ("the images of pictures changed",)


def test_pictures_touched_but_unchanged_cost_one_look(pictures, tmp_path):
    for path in pictures.rglob("*.png"):
        os.utime(path)
    assert made(run_study(choose_study(str(tmp_path / "study")), until="split")) == ["images"]


def test_a_study_and_its_pictures_may_move_together(pictures, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    for name in ("pictures", "study"):
        shutil.move(tmp_path / name, tmp_path / "elsewhere" / name)
    assert made(run_study(choose_study(str(tmp_path / "elsewhere" / "study")), until="split")) == []


def test_pictures_that_moved_alone_are_taken_as_the_same(pictures, tmp_path):
    shutil.move(pictures, tmp_path / "moved")
    assert "split" not in made(run_study(tiny_choice(tmp_path / "study", str(tmp_path / "moved")), until="split"))


def test_other_pictures_are_refused(pictures, tmp_path):
    other = write_pictures(tmp_path / "other", per_class=9)
    with pytest.raises(StudyError, match=r"the study's own images \(.*pictures\) in .*, got .*other, which are others"):
        run_study(tiny_choice(tmp_path / "study", str(other)), until="split")
    assert made(run_study(choose_study(str(tmp_path / "study")), until="split")) == []


def test_images_changed_behind_its_back_are_noticed_when_they_are_needed(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 8, 8, 3)).astype(np.uint8)
    path = tmp_path / "images.npz"
    labels = np.arange(40) % 2

    def write(values):
        np.savez(path, images=values, labels=labels)
        os.utime(path, ns=(10**18, 10**18))

    write(pixels)
    run_study(tiny_choice(tmp_path / "study", str(path)), until="split")
    write(255 - pixels)
    with pytest.raises(StudyError, match="got others of the same sizes and times; run the same command again"):
        run_study(tiny_choice(tmp_path / "study", str(path), split__seed="1"), until="split")
    assert made(run_study(tiny_choice(tmp_path / "study", str(path)), until="split")) == ["images", "split"]


def test_the_command_in_the_report_makes_the_same_study(finished):
    page = (finished.folder / "report.html").read_text(encoding="utf-8")
    assert "lowres study digits --recipe quick" in page
    assert "network.input_pixels=16" in page
