"""A calm stream stays calm, each change is named for what it is, and accuracy is told without labels."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lowres.errors import PredictionsError
from lowres.values.monitoring.record_window import NO_LABEL
from lowres.values.watching.accuracy_estimate import fit_estimator
from lowres.values.watching.rules import WatchRules, parse_rules
from lowres.values.watching.verdict import TESTS, judge_window
from lowres.values.watching.window import figures_of
from values.watching.synthetic import hashes, reference, window

KNOWN = reference(np.random.default_rng(0))
ESTIMATOR = fit_estimator(KNOWN)
RULES = WatchRules()


def judged(*windows, rules=RULES):
    return judge_window([figures_of(one, KNOWN) for one in windows], KNOWN, ESTIMATOR, rules)


def kinds(verdict):
    return [cause.kind for cause in verdict.causes]


def test_calm_windows_are_calm():
    random = np.random.default_rng(1)
    windows = [figures_of(window(random, start=500 * number), KNOWN) for number in range(40)]
    verdicts = [
        judge_window(windows[max(0, place - 7) : place + 1], KNOWN, ESTIMATOR, RULES) for place in range(len(windows))
    ]
    assert [kinds(one) for one in verdicts if not one.is_calm] == []
    errors = [one.estimated.accuracy - KNOWN.accuracy for one in verdicts]
    assert np.abs(errors).max() < 0.05
    assert all(one.estimated.is_known for one in verdicts)


def test_the_level_is_shared_by_all_tests_and_lookbacks():
    assert RULES.test_level(len(TESTS)) == pytest.approx(1 / (2000 * 13 * 4))


@pytest.mark.parametrize(
    ("looks", "kind", "words"),
    [
        ({"brightness": 0.5, "contrast": 0.5, "sharpness": 0.25}, "brightness", "pictures are darker"),
        ({"contrast": 0.6, "sharpness": 0.36}, "contrast", "pictures have less contrast"),
        ({"sharpness": 0.3}, "sharpness", "pictures are blurred"),
        ({"sharpness": 3.0}, "sharpness", "pictures are noisier or sharper"),
        ({"saturation": 0.1}, "saturation", "colours are paler"),
        ({"width": 2.0}, "width", "pictures are wider"),
    ],
)
def test_another_look_is_named(looks, kind, words):
    verdict = judged(window(np.random.default_rng(2), looks=looks))
    assert kinds(verdict)[0] == kind
    assert verdict.causes[0].reason.startswith(words)
    assert len(verdict.causes[0].ids) == 12


def test_a_stuck_camera_is_named_before_all_it_shifts():
    random = np.random.default_rng(3)
    one = window(random, sha256=np.repeat(hashes(1, "stuck"), 500), looks={"brightness": 0.4})
    verdict = judged(one)
    assert kinds(verdict) == ["copies"]
    assert verdict.causes[0].reason.startswith("100% of the pictures are copies")


def test_another_mix_of_classes_is_no_other_picture():
    verdict = judged(window(np.random.default_rng(4), mix=(0.7, 0.1, 0.1, 0.1)))
    assert kinds(verdict) == ["classes"]
    assert "more" not in verdict.causes[0].reason
    assert verdict.causes[0].reason.startswith("another mix of classes: cat ")


def test_strangers_are_told_and_their_accuracy_is_not():
    def elsewhere(own, random):
        return random.normal(size=own.shape).astype(np.float16)

    verdict = judged(window(np.random.default_rng(5), embeddings=elsewhere))
    assert kinds(verdict)[0] == "strangers"
    assert not verdict.estimated.is_known


def test_labels_that_disagree_are_an_alarm():
    random = np.random.default_rng(6)
    verdict = judged(window(random, labelled=0.4, given=lambda labels: (labels + (labels == 0)) % 4))
    assert kinds(verdict) == ["labels"]
    assert verdict.labelled.n == pytest.approx(200, abs=40)
    assert sum(n for _, n in verdict.labelled.by_class) == verdict.labelled.n
    calm = judged(window(random, labelled=0.4))
    assert calm.is_calm


def test_labels_of_doubtful_pictures_are_no_alarm_and_are_put_right():
    """A queue prefers doubtful pictures; of them alone, accuracy reads far too low."""
    random = np.random.default_rng(11)
    kinds_found, raw, told, truth = [], [], [], []
    for _ in range(10):
        one = window(random, labelled=1.0)
        doubtful = np.argsort(one.confidences)[:120]
        labels = np.full(500, NO_LABEL)
        labels[doubtful] = one.labels[doubtful]
        truth.append((one.labels == one.predicted).mean())
        verdict = judged(replace(one, labels=labels))
        kinds_found += kinds(verdict)
        raw.append(verdict.labelled.right / verdict.labelled.n)
        told.append(verdict.labelled.to_json()["accuracy"])
    assert kinds_found == []
    assert np.mean(raw) < np.mean(truth) - 0.08
    assert np.mean(told) == pytest.approx(np.mean(truth), abs=0.03)


@pytest.mark.parametrize("sureness", [8.0, 4.0, 2.0])
def test_accuracy_without_labels_is_near_the_true_one(sureness):
    """Confidence is calibrated here, so the mean of what it says is the truth; the estimator has to find that."""
    random = np.random.default_rng(7)
    one = window(random, n=4000, labelled=1.0, sureness=sureness, spread=0.6 + 1 / sureness)
    truth = float((one.labels == one.predicted).mean())
    found = ESTIMATOR.estimate(figures_of(one, KNOWN).signals)
    assert abs(found.accuracy - truth) < 0.05
    assert found.low <= truth <= found.high


@pytest.mark.parametrize(("is_right", "low", "high"), [(True, -0.8, -0.2), (False, 0.2, 0.9)])
def test_how_far_it_is_off_on_a_way_it_never_saw_counts_whichever_the_sign(is_right, low, high):
    severe, said = KNOWN.spoiled_kinds == "severe", KNOWN.spoiled_probabilities.argmax(axis=1)
    labels = np.where(severe, said if is_right else (said + 1) % 4, KNOWN.spoiled_labels)
    found = fit_estimator(replace(KNOWN, spoiled_labels=labels))
    assert set(found.left_out) == {"mild", "middling", "severe"}
    assert low < found.left_out["severe"] < high
    assert found.error == abs(found.left_out["severe"])
    assert found.estimate(figures_of(window(np.random.default_rng(2)), KNOWN).signals).error == found.error


def test_a_slow_shift_is_seen_by_looking_back():
    random = np.random.default_rng(8)
    rules = WatchRules(smallest_shift=0.0)
    windows = [window(random, start=500 * number, looks={"brightness": 1.03}) for number in range(8)]
    assert judged(windows[0], rules=rules).is_calm
    verdict = judged(*windows, rules=rules)
    assert kinds(verdict)[0] == "brightness"
    assert verdict.alarms[0].lookback > 1


def test_a_verdict_is_plain_json():
    told = json.loads(json.dumps(judged(window(np.random.default_rng(9), labelled=0.1)).to_json(), allow_nan=False))
    assert set(told["shifts"]) == set(TESTS)
    assert told["calm"] is True
    assert sum(told["mix"]) == told["n"] == 500


def test_records_without_embeddings_are_judged_by_the_rest():
    one = window(np.random.default_rng(10), embeddings=lambda own, random: np.full(own.shape, np.nan, np.float16))
    assert judged(one).is_calm
    none = window(np.random.default_rng(10), embeddings=lambda own, random: own[:, :0])
    assert judged(none).is_calm


def test_thresholds_come_from_a_file_and_a_wrong_key_is_named():
    assert parse_rules("window_records = 100\nlookbacks = [1, 3]", "x.toml").lookbacks == (1, 3)
    with pytest.raises(PredictionsError, match="unknown key 'window_record' in x.toml; did you mean 'window_records'"):
        parse_rules("window_record = 100", "x.toml")
    with pytest.raises(PredictionsError, match="lookbacks in x.toml"):
        parse_rules("lookbacks = [4, 2]", "x.toml")
    with pytest.raises(PredictionsError, match="expected thresholds as TOML in x.toml"):
        parse_rules("window", "x.toml")
