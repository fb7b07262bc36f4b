"""Parity by hand on ten images, and everything that must not pass."""

import json

import numpy as np
import pytest
from scipy.special import softmax

from lowres.errors import ExportError, ParityFailed
from lowres.values.exporting.parity import Pace, Parity, checked_threshold, judge_parity
from lowres.values.predictions import Predictions

PACE = Pace(1.5, 60, 200.0, 320, 32, 2, 0.5)
LABELS = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])


def study(right=8):
    """Ten predictions, the first `right` of them right; logits of 4 and 0, so a temperature of 2 makes 2 and 0."""
    named = np.where(np.arange(10) < right, LABELS, 1 - LABELS)
    return Predictions(tuple("abcdefghij"), LABELS, 4 * np.eye(2, dtype=np.float32)[named], ("cat", "dog"))


def judged(probabilities, threshold=0.8):
    return judge_parity(
        "onnx", study(), 2.0, probabilities, threshold=threshold, size_bytes=10, runtime="onnxruntime 1", pace=PACE
    )


@pytest.fixture
def same():
    return softmax(study().logits.astype(np.float64) / 2, axis=1).astype(np.float32)


def test_the_same_probabilities_agree_wholly(same):
    found = judged(same, threshold=1.0)
    assert (found.n, found.agreement, found.accuracy, found.study_accuracy, found.gain) == (10, 1.0, 0.8, 0.8, 0.0)
    assert found.largest_difference < 1e-6
    assert found.gain_interval[0] < 0 < found.gain_interval[1]


def test_two_images_turned_by_hand(same):
    # The third was right and is wrong now; the last was wrong and is right: nothing gained in all.
    turned = same.copy()
    turned[[2, 9]] = turned[[2, 9]][:, ::-1]
    found = judged(turned)
    assert (found.agreement, found.accuracy, found.gain) == (0.8, 0.8, 0.0)
    likelier = 1 / (1 + np.exp(-2))
    assert found.largest_difference == pytest.approx(2 * likelier - 1, abs=1e-6)


def test_a_loss_is_counted_with_its_sign(same):
    turned = same.copy()
    turned[0] = turned[0][::-1]
    assert judged(turned).gain == pytest.approx(-0.1)
    assert judged(turned).accuracy == pytest.approx(0.7)


def test_the_wrong_temperature_is_seen_in_the_probabilities():
    found = judged(softmax(study().logits, axis=1))
    assert found.agreement == 1
    assert found.largest_difference == pytest.approx(1 / (1 + np.exp(-4)) - 1 / (1 + np.exp(-2)), abs=1e-6)


def test_below_the_threshold_is_refused_and_what_would_pass_passes(same):
    turned = same.copy()
    turned[[2, 9, 0]] = turned[[2, 9, 0]][:, ::-1]
    with pytest.raises(ParityFailed, match=r"at least 80.0% of 10 validation images, got 70.0%.*--agreement 0.700"):
        judged(turned)
    assert judged(turned, threshold=0.7).agreement == 0.7


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: rows[:, :1], r"shape \[10, 2\], got \[10, 1\]"),
        (lambda rows: np.full_like(rows, np.nan), "got NaN"),
        (lambda rows: rows * 4 - 1.5, "numbers below 0"),
        (lambda rows: rows * 1.02, "sum to 1, got one that is off by 0.020"),
    ],
)
def test_what_is_no_probability_is_refused(same, spoil, said):
    with pytest.raises(ParityFailed, match=said):
        judged(spoil(same), threshold=0.01)


def test_it_comes_back_from_json(same):
    found = judged(same)
    assert Parity.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize("agreement", [0, -0.5, 1.01])
def test_a_threshold_that_cannot_be_meant(agreement):
    with pytest.raises(ExportError, match="above 0 and at most 1"):
        checked_threshold(agreement)
