"""A network that looks at one known patch: maps of that patch win, everything else is no better than chance."""

import json

import numpy as np
import pytest

from lowres.errors import PredictionsError
from lowres.values.explaining.faithfulness import STEPS, Faithfulness, forward_passes, judge, score_maps
from lowres.values.explaining.saliency_baselines import baseline_maps
from lowres.values.judging.bootstrap import mean_interval

N = 24
PATCH = (slice(1, 4), slice(8, 12))
TARGETS = np.arange(N) % 2


def pictures():
    """Noise, and a bright patch in the upper right corner that alone decides."""
    pixels = np.random.default_rng(0).integers(0, 120, (N, 12, 12, 3), dtype=np.uint8)
    pixels[:, *PATCH] = 250
    return pixels


def looks_at_the_patch(pixels, targets):
    brightness = pixels[:, *PATCH].mean(axis=(1, 2, 3)) / 255
    return 1 / (1 + np.exp(-12 * (brightness - 0.6)))


def looks_at_nothing(pixels, targets):
    return np.full(len(pixels), 0.5)


def true_maps():
    maps = np.zeros((N, 12, 12), np.float32)
    maps[:, *PATCH] = 1
    return maps


@pytest.fixture(scope="module")
def judged():
    """The true map, and its opposite, beside the baselines."""
    pixels, true = pictures(), true_maps()
    maps = {"true": true, "false": -true, **baseline_maps(pixels, (4, 4), 0)}
    scores = score_maps(looks_at_the_patch, pixels, TARGETS, maps, seed=0)
    return {name: judge(name, scores, seed=0) for name in ("true", "false")} | {"scores": scores}


def test_the_true_map_is_better_than_every_baseline(judged):
    true = judged["true"]
    assert {name: true.verdict(name) for name in ("random", "centre", "edges", "false")} == dict.fromkeys(
        ("random", "centre", "edges", "false"), "better"
    )
    assert true.is_better_than_all
    assert true.n == N


def test_its_opposite_is_no_better_than_any(judged):
    false = judged["false"]
    assert {false.verdict(name) for name in false.baselines} == {"no better"}
    assert not false.is_better_than_all
    assert any(one.is_worse for one in false.comparisons)


def test_a_network_that_looks_at_nothing_has_no_true_map():
    pixels = pictures()
    maps = {"true": true_maps(), **baseline_maps(pixels, (4, 4), 0)}
    found = judge("true", score_maps(looks_at_nothing, pixels, TARGETS, maps, seed=0), seed=0)
    assert {found.verdict(name) for name in found.baselines} == {"no better"}
    assert all(one.improvement == 0 for one in found.comparisons)


def test_the_areas_are_scikit_learns_and_the_ends_are_the_whole_and_nothing(judged):
    from sklearn.metrics import auc

    scores = judged["scores"]
    places = np.linspace(0, 1, STEPS + 1)
    for found in scores.values():
        for measure, curve in (("deletion", found.deletion_curve), ("insertion", found.insertion_curve)):
            np.testing.assert_allclose(found.values[measure].mean(), auc(places, curve), rtol=1e-9)
    whole = looks_at_the_patch(pictures(), TARGETS).mean()
    assert {round(float(found.deletion_curve[0] - whole), 9) for found in scores.values()} == {0}
    assert {round(float(found.insertion_curve[-1] - whole), 9) for found in scores.values()} == {0}
    # The patch is a twelfth of the picture, so after the first tenth has gone nothing is left of it.
    assert scores["true"].deletion_curve[1] < 0.03 < scores["random"].deletion_curve[1]
    # And all of it is back after the first tenth has come.
    assert scores["true"].insertion_curve[0] < 0.7
    np.testing.assert_allclose(scores["true"].insertion_curve[1], whole)


def test_chunks_change_nothing(judged, monkeypatch):
    monkeypatch.setattr("lowres.values.explaining.faithfulness.CHUNK_IMAGES", 7)
    seen = []
    pixels = pictures()
    again = score_maps(
        looks_at_the_patch, pixels, TARGETS, {"true": true_maps()}, 0, advance=lambda *done: seen.append(done)
    )
    for measure, values in judged["scores"]["true"].values.items():
        np.testing.assert_allclose(again["true"].values[measure], values)
    assert seen == [(7, N), (14, N), (21, N), (N, N)]


def test_every_picture_is_scored_for_its_own_class():
    asked = []

    def score(pixels, targets):
        asked.append((len(pixels), targets.reshape(-1, N if len(targets) % N == 0 else len(targets))))
        return np.zeros(len(pixels))

    pixels = pictures()[:10]
    score_maps(score, pixels, TARGETS[:10], {"a": true_maps()[:10], "b": true_maps()[:10]}, seed=0)
    shown, targets = asked[0]
    assert shown == forward_passes(2) * 10
    np.testing.assert_array_equal(targets.reshape(-1, 10), np.tile(TARGETS[:10], (forward_passes(2), 1)))


def test_it_comes_back_from_json(judged):
    data = json.loads(json.dumps(judged["true"].to_json()))
    assert Faithfulness.from_json(data) == judged["true"]
    assert data["verdicts"]["random"] == "better"


def test_a_method_alone_cannot_be_judged(judged):
    with pytest.raises(PredictionsError, match="scores of 'true' and of a baseline, got true"):
        judge("true", {"true": judged["scores"]["true"]}, seed=0)


def test_the_bootstrap_is_the_normal_interval_of_a_large_sample():
    values = np.random.default_rng(4).normal(3, 2, size=4000)
    half = 1.96 * values.std() / np.sqrt(4000)
    np.testing.assert_allclose(mean_interval(values, seed=0), [values.mean() - half, values.mean() + half], atol=0.006)
    assert mean_interval(values, seed=0) == mean_interval(values, seed=0)
    with pytest.raises(PredictionsError, match="at least 2 values to draw again, got 1"):
        mean_interval(values[:1], seed=0)
