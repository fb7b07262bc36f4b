"""Preflight stops a training that cannot learn, says why, and lets sound ones through untouched."""

import json
import shutil

import keras
import numpy as np
import pytest

from lowres.errors import PreflightFailed, StudyError
from lowres.networks.probes.starting_head import StartingHead
from lowres.pipeline.choice import choose_study
from lowres.pipeline.stages.preflight import read_preflight
from lowres.pipeline.study import STAGES, run_study
from pipeline.chain import Watcher
from tiny_study import TINY_SETTINGS, tiny_choice

TWICE = {"network__scaling": "unit-then-contract"}
DENSE = {"head__kinds": '["dense"]'}
TUNED = {"fine_tuning__epochs": "2", "fine_tuning__batch_images": "16"}
HEALTHY = [
    {},
    {"network__input_pixels": "8"},
    {"network__input_pixels": "32", "network__interpolation": "bilinear"},
    {"network__levels": "several", "head__kinds": '["linear", "lda"]'},
    {"features__flipped_views": "auto", "augmentation__flip": "random", "frozen_phase__views": "2"},
    DENSE | {"head__learning_rate": "3e-3", "head__batch_images": "64"},
    TUNED,
    TUNED | {"fine_tuning__from_layer": "tiny_conv2", "augmentation__shift_pixels": "1", "fine_tuning__views": "2"},
    TUNED | DENSE | {"fine_tuning__layer_decay": "0.5", "fine_tuning__weight_averaging": "0.9"},
    TUNED | {"fine_tuning__optimizer": "sgd", "fine_tuning__learning_rate": "0.1", "fine_tuning__mixup_alpha": "0.2"},
    TUNED | {"fine_tuning__precision": "bfloat16", "augmentation__policy": "trivial", "fine_tuning__epochs": "3"},
]


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    """A study of digits brought to its split; copy it before going on."""
    folder = tmp_path_factory.mktemp("split") / "study"
    run_study(tiny_choice(folder), until="split")
    return folder


@pytest.fixture
def fly(split, tmp_path):
    """Bring a copy of that study through preflight with other settings; return the answer."""
    shutil.copytree(split, tmp_path / "study")

    def run(accepts=False, progress=None, until="preflight", **settings):
        dotted = {key.replace("__", "."): text for key, text in settings.items()}
        choice = choose_study("digits", None, TINY_SETTINGS | dotted, tmp_path / "study", accepts_preflight=accepts)
        return run_study(choice, until, progress)

    run.folder = tmp_path / "study"
    return run


def found(folder):
    return {finding.name: finding for finding in read_preflight(folder).findings}


@pytest.mark.parametrize("settings", HEALTHY, ids=range(len(HEALTHY)))
def test_a_healthy_recipe_raises_no_fail(fly, settings):
    fly(**settings)
    report = read_preflight(fly.folder)
    assert report.status in ("PASS", "WARN")
    assert report.images == 64
    assert report.minutes.fine_tuning > 0 or "fine_tuning__epochs" not in settings


def test_pixels_scaled_twice_stop_the_study_with_figures_and_repairs(fly):
    words = (
        r"expected a training that can learn, got one that fails \d of \d+ checks:\n"
        r"  input range: pixels are scaled twice \(.*\): -1.* the contract is -1[^\n]*\n    try: [^\n]*contract"
        r"(.|\n)*  feature spread: the features of 32 images have a deviation of 0.000\d+(.|\n)*--accept preflight"
    )
    watcher = Watcher()
    with pytest.raises(PreflightFailed, match=words):
        fly(progress=watcher, **TWICE)
    # The refusal says it, and once is enough.
    assert not [event for event in watcher.events if event[0] == "note" and event[1].startswith("FAIL")]
    report = read_preflight(fly.folder)
    assert (report.status, report.accepted) == ("FAIL", False)
    assert {"input range", "feature spread", "recipe: scaling"} <= {finding.name for finding in report.failed}


def test_what_failed_is_not_taken_for_done(fly):
    for _ in range(2):
        with pytest.raises(PreflightFailed):
            fly(**TWICE)
    assert "preflight" not in json.loads((fly.folder / "study.json").read_text())["stages"]


def test_accepted_once_it_goes_on_and_says_so(fly):
    watcher = Watcher()
    answer = fly(accepts=True, progress=watcher, **TWICE)
    assert answer.stages[-1].made
    assert "3 FAILED and accepted" in answer.stages[-1].note
    assert any(event[0] == "note" and event[1].startswith("FAIL  input range: ") for event in watcher.events)
    assert read_preflight(fly.folder).accepted
    assert not fly(accepts=True, **TWICE).stages[-1].made
    assert not fly(**TWICE).stages[-1].made


def test_an_acceptance_is_of_that_recipe_and_of_no_other(fly):
    fly(accepts=True, **TWICE)
    with pytest.raises(PreflightFailed):
        fly(**TWICE, head__regularisations="[0.5]")


def test_a_sound_recipe_is_not_called_accepted(fly):
    fly(accepts=True)
    assert not read_preflight(fly.folder).accepted


def test_a_layer_that_is_not_loaded_again_is_found(fly, monkeypatch):
    build = StartingHead.model

    def with_lambda(self, feature_shape):
        head = build(self, feature_shape)
        doubled = keras.layers.Lambda(lambda logits: 1.0 * logits, name="again")(head.output)
        return keras.Model(head.input, doubled, name="head")

    monkeypatch.setattr(StartingHead, "model", with_lambda)
    with pytest.raises(
        PreflightFailed, match="save and reload: a fresh process does not load the saved network: .*Lambda"
    ):
        fly()


def test_a_rate_that_never_drops_is_a_warning_on_the_way(fly):
    watcher = Watcher()
    fly(progress=watcher, **DENSE, frozen_phase__plateau_patience_epochs="9")
    notes = [event[1] for event in watcher.events if event[0] == "note"]
    words = "WARN  recipe: frozen_phase plateau: frozen_phase.plateau_patience_epochs = 9 is not below"
    assert [note for note in notes if note.startswith(words)]


def test_a_batch_larger_than_the_training_part_is_made_smaller_and_said(fly):
    watcher = Watcher()
    fly(progress=watcher, **TUNED | {"fine_tuning__batch_images": "1200"})
    notes = [event[1] for event in watcher.events if event[0] == "note"]
    words = "= 1200, more than the 1149 images of the training part: 300 images an update are taken, 8 updates in all"
    assert [note for note in notes if note.startswith("WARN  recipe: updates:") and words in note]


def test_a_study_without_preflight_is_told_how_to_get_one(split):
    with pytest.raises(StudyError, match="preflight.json, got nothing there; run `lowres preflight "):
        read_preflight(split)


def test_what_is_cached_costs_no_minutes(fly):
    # A size of its own, since tests share a cache.
    own = {"network__input_pixels": "20"}
    fly(features__engine="keras", **own)
    fly(until="features", **own)
    fly(head__regularisations="[0.5]", **own)
    assert read_preflight(fly.folder).minutes.features == 0


@pytest.mark.slow
def test_preflight_leaves_no_trace_in_what_is_trained(tmp_path):
    settings = TUNED | {"fine_tuning__from_layer": "tiny_conv2", "augmentation__shift_pixels": "1"}
    stages = tuple(stage for stage in STAGES if stage.name != "preflight")
    run_study(tiny_choice(tmp_path / "without", **settings), "predict", stages=stages)
    run_study(tiny_choice(tmp_path / "with", **settings), "predict")
    names = [tmp_path / folder / "predictions" / "validation.npz" for folder in ("with", "without")]
    with np.load(names[0]) as one, np.load(names[1]) as other:
        np.testing.assert_array_equal(one["logits"], other["logits"])
    assert found(tmp_path / "with")["what trains: fine-tuning"].status == "PASS"
