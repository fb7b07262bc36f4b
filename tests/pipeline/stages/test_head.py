"""The frozen phase writes a classifier and its history, and augmented views cost what they touch."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from lowres.errors import TrainingError
from lowres.files.sources.digits import open_digits
from lowres.pipeline.stages.features import wants_mirrored
from lowres.pipeline.stages.head import _Watchdog
from lowres.pipeline.study import run_study
from pipeline.chain import Watcher
from tiny_study import tiny_choice

VIEWS = {"augmentation__shift_pixels": "1", "augmentation__flip": "alternating", "frozen_phase__views": "2"}


def made(answer):
    return [outcome.name for outcome in answer.stages if outcome.made]


@pytest.fixture
def bring(tmp_path):
    """Bring one study to its head with other settings; return the answer."""

    def run(**settings):
        return run_study(tiny_choice(tmp_path / "study", **settings), until="head")

    return run


def history(folder):
    return list(csv.DictReader((folder / "checkpoints" / "frozen" / "history.csv").read_text().splitlines()))


def test_views_cost_features_and_a_head(bring):
    bring()
    answer = bring(**VIEWS)
    assert made(answer) == ["preflight", "features", "head"]
    notes = {outcome.name: outcome.note for outcome in answer.stages}
    assert notes["features"].endswith("; 2 augmented views")
    name = "linear 0.01, with 2 augmented views"
    assert notes["head"].startswith(f"chose {name}: validation accuracy ")
    assert notes["head"].endswith(" (n = 288)")
    (row,) = history(answer.folder)
    assert (row["phase"], row["head"], row["is_kept"]) == ("frozen", name, "true")
    assert made(bring(**VIEWS)) == []


def test_a_seed_draws_other_views_only_where_there_are_any(bring):
    bring(**VIEWS)
    assert made(bring(**VIEWS, seed="3")) == ["preflight", "features", "head"]
    bring()
    assert made(bring(seed="3")) == ["preflight", "head"]


@pytest.mark.parametrize(
    ("choice", "views", "wanted"),
    [("auto", {}, True), ("always", {}, True), ("never", {}, False),
     ("auto", VIEWS, False), ("always", VIEWS, True), ("never", VIEWS, False)],
)  # fmt: skip
def test_mirrored_images_are_extracted_where_they_are_wanted(choice, views, wanted, tmp_path):
    assert wants_mirrored(tiny_choice(tmp_path, features__flipped_views=choice, **views).recipe) is wanted


def test_views_of_nothing_are_not_made(bring):
    bring()
    assert made(bring(frozen_phase__views="2")) == ["preflight", "head"]


def test_the_kept_epoch_of_a_dense_head_is_the_saved_one(bring):
    """Any Keras opens the checkpoint, and is right as often as its history says."""
    import keras

    settings = {"head__kinds": '["dense"]', "head__epochs": "4", "head__standardise": "false"}
    answer = bring(**settings, **VIEWS)
    rows = history(answer.folder)
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert {row["head"] for row in rows} == {"dense, with 2 augmented views"}
    (kept,) = (row for row in rows if row["is_kept"] == "true")
    digits = open_digits()
    with (answer.folder / "split.csv").open(newline="") as file:
        validation = [int(row["id"].split("/")[1]) for row in csv.DictReader(file) if row["part"] == "validation"]
    model = keras.saving.load_model(answer.folder / "checkpoints" / "frozen" / "model.keras", compile=False)
    found = accuracy_score(digits.labels[validation], model.predict_on_batch(digits.pixels[validation]).argmax(axis=1))
    assert float(kept["validation_accuracy"]) == pytest.approx(found, abs=1e-6)


class Accepting:
    """As much of a run as the watchdog looks at; `labels` are of validation."""

    def __init__(self, labels, kinds=("dense",), accepts=False):
        self.progress, self.accepts_preflight = Watcher(), accepts
        self.recipe = tiny_choice("x", head__kinds=json.dumps(kinds)).recipe
        self.images = SimpleNamespace(class_names=("a", "b", "c", "d"), labels=labels)
        self.split = SimpleNamespace(validation=np.arange(len(labels)))

    @property
    def notes(self):
        return [event[1] for event in self.progress.events if event[0] == "note"]


LABELS = np.arange(40) % 4
ALIKE, AT_CHANCE = np.full(4, 10), [np.log(4)] * 250


def test_a_dense_head_that_stays_at_chance_is_stopped_with_its_causes():
    with pytest.raises(TrainingError, match=r"the dense head to learn, got one that is stuck at chance: .*\n  1\."):
        _Watchdog(Accepting(LABELS))(AT_CHANCE, ALIKE)
    with pytest.raises(TrainingError, match="one class"):
        _Watchdog(Accepting(LABELS))([0.9] * 250, np.array([40, 0, 0, 0]))
    _Watchdog(Accepting(LABELS))([0.9] * 250, ALIKE)


def test_whoever_accepts_it_is_told_once_unless_nothing_is_left_of_the_numbers():
    run = Accepting(LABELS, accepts=True)
    watchdog = _Watchdog(run)
    for _ in range(3):
        watchdog(AT_CHANCE, ALIKE)
    (note,) = run.notes
    assert note.startswith("stuck at chance: mean loss 1.3863 in the last 100 steps")
    assert note.endswith("it goes on all the same, as preflight was accepted")
    with pytest.raises(TrainingError, match="diverged: loss nan in step 1"):
        watchdog([np.nan], ALIKE)


def test_a_dense_head_beside_others_is_told_of_and_they_go_on():
    run = Accepting(LABELS, kinds=("linear", "dense"))
    _Watchdog(run)(AT_CHANCE, ALIKE)
    assert run.notes[0].startswith("the dense head is stuck at chance")


def test_the_watchdog_is_shown_every_epoch_of_the_dense_head(bring, monkeypatch):
    seen = []
    monkeypatch.setattr(_Watchdog, "__call__", lambda _, *shown: seen.append(shown))
    answer = bring(head__kinds='["dense"]', head__epochs="2", frozen_phase__early_stopping_patience_epochs="0")
    rows = history(answer.folder)
    steps = -(-1149 // 32)
    assert [len(losses) for losses, _ in seen] == [steps, 2 * steps]
    assert [losses[-1] for losses, _ in seen] == pytest.approx([float(row["loss"]) for row in rows], abs=1e-6)
    assert [counts.sum() for _, counts in seen] == [288, 288]
