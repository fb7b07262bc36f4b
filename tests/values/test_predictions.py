"""Predictions refuse rows that do not belong together, and their softmax is SciPy's."""

import numpy as np
import pytest
from scipy.special import softmax

from lowres.errors import PredictionsError
from lowres.values.predictions import Predictions

IDS = ("p", "q", "r")
LABELS = np.array([0, 1, 1])
LOGITS = np.array([[2, 1], [0, 3], [5, -5]], dtype=np.float32)
NAMES = ("cat", "dog")


def test_says_what_was_predicted_and_what_is_right():
    predictions = Predictions(IDS, LABELS, LOGITS, NAMES)
    assert len(predictions) == 3
    assert predictions.predicted.tolist() == [0, 1, 0]
    assert predictions.is_right.tolist() == [True, True, False]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_probabilities_are_the_softmax(random_predictions, temperature):
    expected = softmax(random_predictions.logits.astype(np.float64) / temperature, axis=1)
    np.testing.assert_allclose(random_predictions.probabilities(temperature), expected, rtol=1e-12)


def test_probabilities_of_huge_logits_stay_finite(predictions_of):
    assert predictions_of([[9e4, -9e4]], [0]).probabilities().tolist() == [[1.0, 0.0]]


def test_arrays_are_read_only():
    predictions = Predictions(IDS, LABELS, LOGITS, NAMES)
    for array in (predictions.labels, predictions.logits):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"logits": LOGITS[:2]}, r"expected logits of shape \[3, 2\], got \[2, 2\]"),
        ({"logits": LOGITS[:, :1]}, r"expected logits of shape \[3, 2\], got \[3, 1\]"),
        ({"labels": LABELS[:2]}, r"expected labels of shape \[3\], got \[2\]"),
        ({"ids": ("p", "p", "r")}, r"expected at least one id and no id twice, got 3, 2 different"),
        ({"ids": (), "labels": LABELS[:0], "logits": LOGITS[:0]}, r"expected at least one id .* got 0"),
        ({"labels": np.array([0, 1, 2])}, r"expected labels from 0 to 1, got 0 to 2"),
        ({"labels": np.array([-1, 1, 0])}, r"expected labels from 0 to 1, got -1 to 1"),
        ({"logits": np.where(LOGITS == 3, np.nan, LOGITS)}, r"expected finite logits, got NaN or infinity in 1 of 3"),
        ({"logits": np.where(LOGITS == 5, np.inf, LOGITS)}, r"expected finite logits, got NaN or infinity in 1 of 3"),
    ],
)
def test_refuses(changed, message):
    parts = {"ids": IDS, "labels": LABELS, "logits": LOGITS, "class_names": NAMES} | changed
    with pytest.raises(PredictionsError, match=message):
        Predictions(**parts)
