"""A study of a network at random: no frozen phase, a head that is trained with the trunk, six views of a test image."""

import csv
import json
import re

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from lowres.errors import RecipeError, TrainingError
from lowres.files.sources.digits import open_digits
from lowres.files.weights import published as weights
from lowres.pipeline.study import run_study
from networks.small_images import torch_definitions
from tiny_study import tiny_choice

SETTINGS = {
    "split__pool_images": "300",
    "network__backbone": "airbench94",
    "network__input_pixels": "8",
    "head__kinds": '["published"]',
    "augmentation__shift_pixels": "1",
    "fine_tuning__epochs": "4",
    "fine_tuning__batch_images": "40",
    "fine_tuning__optimizer": "muon",
    "fine_tuning__learning_rate": "0.2",
    "fine_tuning__head_rate_factor": "0.2",
    "fine_tuning__bias_rate_factor": "10.0",
    "fine_tuning__schedule": "linear",
    "fine_tuning__normalisation": "training",
    "fine_tuning__keep": "last",
    "test_time__flips": "true",
    "test_time__shifts": "true",
    "explanation__faithfulness_images": "0",
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return run_study(tiny_choice(tmp_path_factory.mktemp("scratch") / "study", **SETTINGS))


def logits(folder, part):
    with np.load(folder / "predictions" / f"{part}.npz") as file:
        return file["ids"], file["logits"], file["labels"]


def test_it_learns_from_nothing(finished):
    ledger = json.loads((finished.folder / "study.json").read_text())["stages"]
    (head,) = ledger["head"]["facts"]["head"]["candidates"]
    assert head["kind"] == "published"
    assert head["validation_accuracy"] < 0.3
    assert finished.evaluation["accuracy"] > 0.8
    rows = list(csv.DictReader((finished.folder / "history.csv").read_text().splitlines()))
    assert {row["phase"] for row in rows} == {"fine-tuning"}
    assert float(rows[0]["learning_rate"]) > float(rows[-1]["learning_rate"]) > 0


def test_before_training_it_knows_nothing_of_the_labels(finished):
    findings = json.loads((finished.folder / "preflight.json").read_text())["findings"]
    (first,) = (one for one in findings if one["name"] == "first loss")
    assert first["status"] == "PASS"
    assert "ln 10 = 2.303" in first["measured"]


def test_no_features_are_kept_of_a_trunk_that_changes(finished):
    notes = {outcome.name: outcome.note for outcome in finished.stages}
    assert notes["features"].endswith("trained whole, so no features yet")
    assert "at random: validation accuracy" in notes["head"]


def test_six_views_are_the_plain_ones_and_those_moved_by_a_pixel(finished):
    """Jordan 2024: half of the weight on the picture and its mirror image, half on the four moved ones."""
    ids, found, labels = logits(finished.folder, "test_six_views")
    rows = np.array([int(name.split("/")[1]) for name in ids])[:40]
    pixels = np.repeat(np.rint(load_digits().images[rows] * 255 / 16).astype(np.uint8)[..., None], 3, axis=3)
    np.testing.assert_array_equal(pixels, open_digits().pixels[rows])
    around = np.pad(pixels, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")
    model = keras.saving.load_model(finished.folder / "model.keras", compile=False)

    def both(view):
        return (model.predict_on_batch(view) + model.predict_on_batch(view[:, :, ::-1])) / 2

    expected = both(pixels) / 2 + both(around[:, :8, :8]) / 4 + both(around[:, 2:, 2:]) / 4
    np.testing.assert_allclose(found[:40], expected, atol=1e-3)
    told = json.loads((finished.folder / "evaluation.json").read_text())["with_six_views"]["accuracy"]
    _, everything, _ = logits(finished.folder, "test_six_views")
    assert told == (everything.argmax(axis=1) == labels).mean()


def test_the_report_says_that_it_began_at_random(finished):
    page = (finished.folder / "report.html").read_text(encoding="utf-8")
    assert "drawn at random and learned from these pictures alone" in page
    assert "began at random. Training changed both" in page
    assert "six views of each picture" in page
    assert "learned to see on other pictures" not in page


@pytest.fixture(scope="module")
def retrained(tmp_path_factory):
    settings = SETTINGS | {"fine_tuning__retrain_on_all": "true", "fine_tuning__epochs": "2"}
    return run_study(tiny_choice(tmp_path_factory.mktemp("all") / "study", **settings))


def said(folder, name, ids):
    model = keras.saving.load_model(folder / name, compile=False)
    rows = [int(one.split("/")[1]) for one in ids]
    return model.predict_on_batch(open_digits().pixels[rows])


def test_the_network_that_is_kept_saw_both_parts_and_validation_is_told_by_the_first(retrained):
    folder = retrained.folder
    for part, name in (
        ("validation", "checkpoints/chosen.keras"),
        ("test", "model.keras"),
        ("validation_seen", "model.keras"),
    ):
        ids, found, _ = logits(folder, part)
        np.testing.assert_allclose(found, said(folder, name, ids), atol=2e-2)
    ids, first, labels = logits(folder, "validation")
    _, seen, _ = logits(folder, "validation_seen")
    assert np.abs(first - seen).max() > 0.1
    facts = json.loads((folder / "study.json").read_text())["stages"]["train"]["facts"]["fine_tuning"]
    assert facts["retrained_images"] == 300
    assert facts["validation_accuracy"] == pytest.approx((first.argmax(axis=1) == labels).mean(), abs=0.02)
    # The curve is that of the training that validation could judge.
    rows = list(csv.DictReader((folder / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert "on all 300 pictures of both parts" in (folder / "report.html").read_text().replace(
        "\N{NO-BREAK SPACE}", " "
    )


GIVEN = {
    "network__backbone": "resnet20",
    "network__levels": "last",
    "augmentation__shift_pixels": "0",
    "fine_tuning__epochs": "0",
    "test_time__flips": "false",
    "test_time__shifts": "false",
}


@pytest.fixture
def reference(monkeypatch, tmp_path):
    """A state dict of the public ResNet-20, as a file to give, with the settings that vouch for it."""
    network = torch_definitions.TorchNetwork(seed=6)
    torch_definitions.resnet(network, np.zeros((1, 3, 8, 8)), blocks=3)
    tensors = {name: one for name, one in network.tensors.items() if "num_batches" not in name}
    monkeypatch.setattr(weights, "read_weights_file", lambda _: tensors)
    monkeypatch.setenv("LOWRES_CACHE", str(tmp_path / "cache"))
    (tmp_path / "resnet20.pth").touch()
    vouched = {"network__weights_sha256": f'"{weights.tensors_sha256(tensors)}"'}
    return tmp_path / "resnet20.pth", tensors, SETTINGS | GIVEN | vouched


class KnownWeights(torch_definitions.TorchNetwork):
    """The same definition on weights that are there already."""

    def __init__(self, tensors):
        super().__init__(seed=0)
        self.known = tensors

    def _draw(self, name, shape, centre, deviation):
        return self.known[name].reshape(shape)


def test_weights_made_elsewhere_give_the_answers_they_gave_there(reference, tmp_path):
    path, tensors, settings = reference
    finished = run_study(tiny_choice(tmp_path / "study", **settings), "report", given_files=[path])
    ids, found, _ = logits(finished.folder, "test")
    pixels = open_digits().pixels[[int(one.split("/")[1]) for one in ids]]
    scaled = (pixels / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    expected = torch_definitions.resnet(KnownWeights(tensors), scaled.transpose(0, 3, 1, 2), blocks=3)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    notes = {outcome.name: outcome.note for outcome in finished.stages}
    assert notes["head"].startswith("resnet20 as given: validation accuracy")
    page = (finished.folder / "report.html").read_text(encoding="utf-8")
    assert "drawn at random" not in page
    assert "Its weights were left as they came" in page


def test_a_network_that_was_given_is_trained_on_and_never_told_of_as_random(reference, tmp_path):
    path, _, settings = reference
    settings = settings | {"fine_tuning__epochs": "1", "fine_tuning__optimizer": "sgd"}
    finished = run_study(tiny_choice(tmp_path / "study", **settings), "report", given_files=[path])
    notes = {outcome.name: outcome.note for outcome in finished.stages}
    assert "before training" in notes["train"]
    page = " ".join((finished.folder / "report.html").read_text(encoding="utf-8").split())
    assert "resnet20 began with the weights named below. Training changed it and its head" in page
    assert not re.search(r"(began|drawn|%) at random", page)


def test_of_given_weights_for_other_classes_nothing_is_judged_untrained(reference, tmp_path):
    path, tensors, settings = reference
    tensors["linear.weight"], tensors["linear.bias"] = np.ones((4, 64), np.float32), np.ones(4, np.float32)
    settings = settings | {"network__weights_sha256": f'"{weights.tensors_sha256(tensors)}"'}
    with pytest.raises(TrainingError, match="resnet20 with a classifier of 64 channels and 10 classes, as nothing"):
        run_study(tiny_choice(tmp_path / "study", **settings), "head", given_files=[path])


def test_what_validation_never_saw_has_no_best_epoch():
    with pytest.raises(RecipeError, match='expected keep = "last" with retrain_on_all'):
        tiny_choice("x", **(SETTINGS | {"fine_tuning__retrain_on_all": "true", "fine_tuning__keep": "best"}))
