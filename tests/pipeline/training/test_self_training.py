"""A student learns from what its teacher says of unlabelled images, goes on where it was stopped, and is told of."""

import csv
import json
import shutil
from dataclasses import replace

import keras
import numpy as np
import pytest
from PIL import Image
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

import lowres
from lowres.errors import RecipeError
from lowres.files.recipes import read_recipe
from lowres.files.sources.digits import open_digits
from lowres.pipeline.stages.report import command
from lowres.pipeline.study import brought, run_study
from lowres.pipeline.study_facts import read_records
from lowres.pipeline.training import teller
from lowres.values.study_facts.training import training_facts
from tiny_study import tiny_choice, write_pictures

SETTINGS = {
    "split__pool_images": "200",
    "fine_tuning__epochs": "2",
    "fine_tuning__from_layer": "tiny_conv2",
    "fine_tuning__members": "2",
    "fine_tuning__keep": "last",
    "fine_tuning__learning_rate": "0.003",
    "self_training__epochs": "3",
    "self_training__images": "150",
    "test_time__flips": "true",
    "explanation__faithfulness_images": "0",
}
ANSWERS = "checkpoints/fine-tuning/student/answers.npz"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return run_study(tiny_choice(tmp_path_factory.mktemp("taught") / "study", **SETTINGS)).folder


def facts(folder):
    ledger = json.loads((folder / "study.json").read_text())["stages"]
    return ledger["train"]["facts"]["fine_tuning"]


def weights(folder):
    return keras.saving.load_model(folder / "model.keras", compile=False).get_weights()


def rows_of(folder, part):
    lines = csv.DictReader((folder / "split.csv").read_text().splitlines())
    return np.array([int(line["id"].split("/")[1]) for line in lines if line["part"] == part])


def test_it_is_taught_what_the_teacher_says_of_unchanged_images_no_part_holds(finished, tmp_path):
    teacher = run_study(tiny_choice(tmp_path / "teacher", **SETTINGS | {"self_training__epochs": "0"}), until="train")
    model = keras.saving.load_model(teacher.folder / "model.keras", compile=False)
    pixels, labels = open_digits().pixels, open_digits().labels

    def logits(images):
        return (model.predict_on_batch(images) + model.predict_on_batch(images[:, :, ::-1])) / 2

    rows = rows_of(finished, "validation")
    said = logits(pixels[rows])
    loss = minimize_scalar(
        lambda logarithm: -log_softmax(said / np.exp(logarithm), axis=1)[np.arange(len(rows)), labels[rows]].mean(),
        bounds=(-3, 3),
        method="bounded",
        options={"xatol": 1e-8},
    )
    assert facts(finished)["self_training"]["temperature"] == pytest.approx(float(np.exp(loss.x)), rel=1e-3)

    held = np.concatenate([rows_of(finished, part) for part in ("train", "validation", "test")])
    others = np.setdiff1d(np.arange(len(pixels)), held)
    drawn = np.sort(np.random.default_rng(0).choice(others, 150, replace=False))
    with np.load(finished / ANSWERS) as file:
        np.testing.assert_allclose(
            file["targets"], softmax(logits(pixels[drawn]) / np.exp(loss.x), axis=1), rtol=2e-3, atol=1e-5
        )


def test_validation_keeps_the_better_and_the_history_says_which(finished):
    found = facts(finished)["self_training"]
    assert (found["unlabelled_images"], found["epochs"]) == (150, 3)
    assert found["keeps_student"] == (found["student_validation_accuracy"] >= found["teacher_validation_accuracy"])
    rows = list(csv.DictReader((finished / "history.csv").read_text().splitlines()))
    trained = [(row["phase"], row["head"]) for row in rows if row["phase"] != "frozen"]
    assert (
        trained
        == [("fine-tuning", name) for name in ("network 1", "network 2") for _ in range(2)] + [("student", "")] * 3
    )
    kept = [row["phase"] for row in rows if row["phase"] != "frozen" and row["is_kept"] == "true"]
    assert kept == ["fine-tuning"] * 2 + ["student"] * found["keeps_student"]
    trunk = keras.saving.load_model(finished / "model.keras", compile=False).get_layer("trunk")
    is_joined = "members" in {layer.name for layer in trunk.layers}
    assert is_joined != found["keeps_student"]
    choices = json.loads((finished / "evaluation.json").read_text())["validation_choices"]
    (choice,) = [one for one in choices if one["what"] == "student or teacher"]
    assert (choice["chosen"] == "student") == found["keeps_student"]


def test_the_student_is_told_as_such_in_a_notebook_and_in_facts(finished):
    """Facts of a student are there where it was kept: those of a teacher's are fine-tuning's."""
    found = facts(finished)["self_training"]
    shown = lowres.train(finished)._repr_html_()
    assert shown.count("student, epoch") == 3
    told = {fact.name: fact.value for fact in training_facts(read_records(finished))}
    assert ("student validation accuracy" in told) == found["keeps_student"]
    if found["keeps_student"]:
        assert told["student validation accuracy"] == pytest.approx(found["student_validation_accuracy"], abs=1e-9)


def test_report_and_card_say_what_taught_it(finished):
    for name in ("report.html", "card.md"):
        text = (finished / name).read_text(encoding="utf-8").replace("\u202f", " ").replace("\u00a0", " ")
        assert "That network then taught a student" in text
        assert "from 150 pictures without labels" in text


@pytest.mark.parametrize("epoch", [0, 2])
def test_stopped_in_an_epoch_of_the_student_it_comes_to_the_same(finished, tmp_path, monkeypatch, epoch):
    choice = tiny_choice(tmp_path / "study", **SETTINGS)
    told = []

    def stop(teller, row, *more):
        told.append((teller._lesson.phase, row.epoch))
        if told[-1] == ("student", epoch + 1):
            raise KeyboardInterrupt
        real(teller, row, *more)

    real = teller.Teller.epoch
    with monkeypatch.context() as patched:
        patched.setattr(teller.Teller, "epoch", stop)
        with pytest.raises(KeyboardInterrupt):
            run_study(choice, until="train")
        assert told[-1] == ("student", epoch + 1)
    before = (tmp_path / "study" / ANSWERS).stat().st_mtime_ns
    run_study(choice, until="train")
    assert (tmp_path / "study" / ANSWERS).stat().st_mtime_ns == before
    for one, other in zip(weights(tmp_path / "study"), weights(finished), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture
def pictures(tmp_path):
    """Class folders, and a folder of more pictures without labels beside them."""
    write_pictures(tmp_path / "pictures")
    more = write_pictures(tmp_path / "labelled", per_class=5)
    for number, path in enumerate(sorted(more.rglob("*.png"))):
        (tmp_path / "more").mkdir(exist_ok=True)
        # Written anew, a shade brighter: as they are they would be copies of labelled ones.
        Image.fromarray(np.asarray(Image.open(path)) + np.uint8(1)).save(tmp_path / "more" / f"{number}.png")
    return tmp_path


def picture_choice(folder, unlabelled):
    more = {"fine_tuning__epochs": "1", "fine_tuning__from_layer": "tiny_conv2", "self_training__epochs": "1"}
    choice = tiny_choice(folder / "study", str(folder / "pictures"), **more)
    return replace(choice, source=replace(choice.source, unlabelled="../more" if unlabelled else ""))


def test_pictures_without_labels_come_from_their_folder_and_count_when_they_change(pictures):
    shutil.copy(pictures / "pictures/dark/00.png", pictures / "more/copy.png")
    with brought(picture_choice(pictures, True), until="train") as (run, _):
        found = facts(run.study.folder)["self_training"]
        assert (found["unlabelled_images"], found["left_out"]) == (15, 1)
        assert "--unlabelled" in command(run)
    again = run_study(picture_choice(pictures, True), until="train")
    assert not any(stage.made for stage in again.stages)
    (pictures / "more/14.png").unlink()
    changed = {stage.name: stage for stage in run_study(picture_choice(pictures, True), until="train").stages}
    assert not changed["features"].made
    assert changed["train"].made
    assert facts(pictures / "study")["self_training"]["unlabelled_images"] == 14


def test_without_unlabelled_pictures_the_teacher_is_kept_and_that_is_said(pictures):
    answer = run_study(picture_choice(pictures, False))
    assert facts(answer.folder)["self_training"] == {"unlabelled_images": 0, "left_out": 0}
    assert "no unlabelled images to learn from" in {stage.name: stage.note for stage in answer.stages}["train"]
    assert "but there were none" in (answer.folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"fine_tuning.epochs": "0"}, "only with fine_tuning.epochs"),
        ({"fine_tuning.keep": '"last"', "fine_tuning.retrain_on_all": "true"}, "not both"),
    ],
)
def test_a_recipe_without_a_teacher_is_refused(settings, complaint):
    with pytest.raises(RecipeError, match=complaint):
        read_recipe("transfer").with_settings({"self_training.epochs": "2"} | settings)
