"""The frozen phase tried out whole: a sound one passes, and what another process answers is judged to 1e-5."""

import numpy as np
import pytest

from lowres.networks.backbones.trunk import build_trunk
from lowres.networks.features import FeatureExtractor
from lowres.networks.preflight import Sample, examine_trunk, judge_reload, try_frozen_phase
from lowres.values.recipes.recipe import Network, recipe_from_data

NAMES = [str(digit) for digit in range(10)]


@pytest.fixture
def tried(digits):
    """Try a recipe out on digits; return the trial and its findings by name."""

    def attempt(network=None, **sections):
        network = {"backbone": "tiny-conv", "input_pixels": 16} | (network or {})
        recipe = recipe_from_data({"name": "test", "network": network, **sections}, "the test")
        choices = recipe.network
        trunk = build_trunk(
            choices.backbone, (8, 8, 3), choices.input_pixels, choices.interpolation, scaling=choices.scaling
        )
        pixels, labels = digits.pixels[:64], digits.labels[:64]
        sample = Sample(pixels, labels, FeatureExtractor(trunk, "keras").extract(pixels), NAMES)
        trial = try_frozen_phase(trunk, recipe, sample)
        return trial, {finding.name: finding for finding in trial.findings}

    return attempt


def test_a_sound_recipe_passes_every_check(tried):
    trial, found = tried()
    assert list(found) == [
        "input range",
        "feature spread",
        "labels",
        "logits",
        "first loss",
        "two batches: frozen phase",
        "what trains: frozen phase",
    ]
    assert {finding.status for finding in found.values()} == {"PASS"}, found
    assert trial.classifier.class_names == tuple(NAMES)


def test_the_described_mistake_fails_two_checks_and_says_why(tried):
    _, found = tried(network={"scaling": "unit-then-contract"})
    assert found["input range"].status == found["feature spread"].status == "FAIL"
    assert "scaled twice" in found["input range"].measured
    assert "correctly scaled pixels give" in found["feature spread"].measured


def test_features_are_compared_only_where_the_input_is_wrong(digits, tiny_trunk, monkeypatch):
    from lowres.networks import preflight as room

    monkeypatch.setattr(room, "features_of_preprocessed", lambda *_: pytest.fail("a pass too many"))
    network = Network(backbone="tiny-conv", input_pixels=16)
    features = np.asarray(tiny_trunk.predict_on_batch(digits.pixels[:32])).mean(axis=(1, 2))
    fed, spread = examine_trunk(tiny_trunk, network, digits.pixels[:32], features)
    assert (fed.status, spread.status) == ("PASS", "PASS")


LOGITS = np.array([[1.0, -2.0], [0.5, 20.0]], np.float32)


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ({"logits": LOGITS.tolist()}, "PASS", "logits of 2 images differ by 0 at most in a fresh process, 1.5 s"),
        # 1e-5 of the largest logit, 20.
        ({"logits": (LOGITS + 1.9e-4).tolist()}, "PASS", "differ by 0.00019"),
        ({"logits": (LOGITS + 2.2e-4).tolist()}, "FAIL", "more than 0.0002"),
        ({"logits": LOGITS[:1].tolist()}, "FAIL", "differ by inf"),
        ({"fault": "TypeError: no such layer"}, "FAIL", "does not load the saved network: TypeError: no such layer"),
    ],
)
def test_the_answer_of_another_process_is_judged(answer, status, words):
    found = judge_reload(answer, LOGITS, 1.5)
    assert (found.status, words in found.measured) == (status, True), found
