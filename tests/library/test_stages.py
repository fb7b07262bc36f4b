"""The library does what the commands do, once: values from the study's files, drawn without outside requests."""

import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import accuracy_score, confusion_matrix

import lowres
from lowres.errors import StudyError
from lowres.files.study.predictions_file import read_predictions


@pytest.fixture(scope="module")
def study(picture_study, tmp_path_factory):
    place = tmp_path_factory.mktemp("library")
    shutil.copytree(picture_study.parent / "pictures", place / "pictures")
    shutil.copytree(picture_study, place / "study")
    return lowres.Study(place / "study")


def test_what_stands_is_read_and_not_made_again(study, capsys):
    before = (study.folder / "study.json").read_bytes()
    results = lowres.evaluate(study)
    assert "evaluate" not in capsys.readouterr().out
    assert (study.folder / "study.json").read_bytes() == before
    kept = read_predictions(study.folder / "predictions/test.npz")
    answers = kept.logits.argmax(axis=1)
    assert results.n == len(kept.labels)
    assert results.accuracy == accuracy_score(kept.labels, answers)
    assert results.confusion.tolist() == confusion_matrix(kept.labels, answers, labels=[0, 1, 2]).tolist()
    assert [one.name for one in results.per_class] == ["dark", "light", "red"]
    assert f"n = {results.n}" in repr(results)


def test_words_mean_the_same_as_a_study(study):
    assert repr(lowres.evaluate(str(study.folder))) == repr(lowres.evaluate(study))


def test_images_and_parts_are_those_of_the_files(study):
    images, parts = lowres.load_images(study), lowres.split(study)
    assert sorted(np.concatenate([parts.train, parts.validation, parts.test])) == list(range(len(images)))
    assert (images.pixels.dtype, images.labels.shape) == (np.uint8, (len(images),))
    assert images.class_names == ("dark", "light", "red")
    assert parts.mebibytes("train") == pytest.approx(images.pixels[parts.train].astype(np.float32).nbytes / 2**20)
    assert set(parts.figures) == {"class_counts", "sample_grid"}
    png, size = parts.figures["class_counts"]._repr_png_()
    with Image.open(io.BytesIO(png)) as figure:
        assert figure.size == (2 * size["width"], 2 * size["height"])


def test_preflight_heads_and_training_are_told(study):
    checks, heads, training = lowres.preflight(study), lowres.train_head(study), lowres.train(study)
    kept = json.loads((study.folder / "preflight.json").read_bytes())
    assert checks.passed == (kept["status"] != "FAIL")
    assert [one.name for one in checks.report.findings] == [one["name"] for one in kept["findings"]]
    assert heads.chance_loss == pytest.approx(np.log(3))
    assert training.validation_accuracy == heads.validation_accuracy
    assert len(training.phase("frozen")) == len(heads.report.candidates)


def test_the_backbone_and_the_model_are_keras_models(study):
    backbone, model = lowres.load_backbone(study), lowres.train(study).model()
    assert backbone.parameters == sum(int(np.prod(one.shape)) for one in backbone.model.weights)
    pixels = lowres.load_images(study).pixels[:2]
    assert np.asarray(backbone.model(pixels)).shape == (2, *backbone.feature_shape)
    assert np.asarray(model(pixels)).shape == (2, 3)


def test_heat_maps_come_with_their_proof(study):
    maps = lowres.explain(study)
    assert maps.explanation.maps.ndim == 3
    assert repr(maps).endswith(f"by {maps.report.method} at {maps.report.layer}")


@pytest.mark.parametrize(
    "function", ["load_images", "split", "preflight", "load_backbone", "train_head", "train", "evaluate", "explain"]
)
def test_every_value_draws_itself_from_nothing_outside(study, function):
    html = getattr(lowres, function)(study)._repr_html_()
    assert "<table" in html or "<p" in html
    assert not re.search(r"href=|src=.http|url\(", html)


def test_names_of_classes_are_text_and_no_markup():
    from lowres.faces.inline_html import facts, table

    assert "<b>" not in facts([("class", "<b>")]) + table(["<b>"], [("<b>", "<b>")])


def test_fresh_trains_in_a_folder_beside(study):
    again = lowres.Study(study.folder, fresh=True)
    assert again.folder == study.folder.with_name("study-again")
    assert not again.folder.exists()


def test_errors_read_as_their_sentence_in_a_notebook(tmp_path):
    with pytest.raises(StudyError) as refusal:
        lowres.load(tmp_path / "nothing")
    (line,) = refusal.value._render_traceback_()
    assert line.startswith("StudyError: expected a study folder at")


def test_on_colab_the_mounted_drive_is_the_root(monkeypatch, tmp_path):
    from lowres.library import places

    monkeypatch.setitem(sys.modules, "google.colab", object())
    monkeypatch.setattr(places, "COLAB", tmp_path)
    monkeypatch.setattr(places, "DRIVE", tmp_path / "drive")
    assert lowres.project_root() == tmp_path
    (tmp_path / "drive").mkdir()
    assert lowres.project_root() == tmp_path / "drive"


def test_elsewhere_the_notebook_tells_where_it_is(monkeypatch, study, tmp_path):
    monkeypatch.setenv("JPY_SESSION_NAME", str(study.folder / "notebook.ipynb"))
    (study.folder / "notebook.ipynb").write_text("{}")
    assert lowres.project_root() == study.folder
    assert lowres.find_study(".", "study").resolve() == study.folder.resolve()
    monkeypatch.delenv("JPY_SESSION_NAME")
    monkeypatch.chdir(tmp_path)
    assert lowres.find_study("../nowhere", "mine") == Path("studies/mine")


def test_the_example_is_short_and_strictly_typed(repository):
    example = repository / "examples/described_system.py"
    code = [line for line in example.read_text().splitlines() if line.strip()]
    assert len(code) < 40
    words = [sys.executable, "-m", "mypy", "--strict", "--config-file", "pyproject.toml", str(example)]
    done = subprocess.run(words, cwd=repository, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_importing_lowres_loads_nothing_heavy():
    heavy = ("numpy", "keras", "matplotlib", "pydantic")
    program = f"import sys, lowres; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
