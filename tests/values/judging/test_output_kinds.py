"""Logits, probabilities and hard labels are told apart by looking, and what could be two things is refused."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from lowres.errors import PredictionsError
from lowres.values.judging.output_kinds import kind_and_scores, logits_of

LOGITS = np.random.default_rng(0).normal(size=(50, 4)) * 3
PROBABILITIES = softmax(LOGITS, axis=1)
SIGMOIDS = 1 / (1 + np.exp(-LOGITS))


def kind(outputs, told=None, named=None):
    return kind_and_scores(np.asarray(outputs), told, named, "x.npy")[0]


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        (LOGITS, "logits"),
        (LOGITS.astype(np.float32), "logits"),
        (log_softmax(LOGITS, axis=1), "logits"),
        (PROBABILITIES, "probabilities"),
        (PROBABILITIES.astype(np.float16), "probabilities"),
        (PROBABILITIES.round(3), "probabilities"),
        (PROBABILITIES[:, :1], "probabilities"),
        (np.eye(4)[[0, 3, 1]], "labels"),
        ([0, 2, 1], "labels"),
        ([[0], [2], [1]], "labels"),
        ([0.0, 2.0, 1.0], "labels"),
        ([True, False], "labels"),
        (["cat", "dog"], "labels"),
    ],
)
def test_the_kind_is_seen(outputs, expected):
    assert kind(outputs) == expected


def test_logits_of_probabilities_have_them_as_their_softmax():
    found, scores = kind_and_scores(PROBABILITIES, None, None, "x")
    np.testing.assert_allclose(softmax(logits_of(scores, found), axis=1), PROBABILITIES)
    np.testing.assert_array_equal(logits_of(LOGITS, "logits"), LOGITS)
    assert np.isfinite(logits_of(np.eye(3), "probabilities")).all()


def test_one_column_of_fractions_is_the_second_of_two_classes():
    found, scores = kind_and_scores(np.array([0.2, 0.9]), None, None, "x")
    assert found == "probabilities"
    np.testing.assert_allclose(scores, [[0.8, 0.2], [0.1, 0.9]])
    found, scores = kind_and_scores(np.array([-2.0, 3.5]), "logits", None, "x")
    np.testing.assert_allclose(scores, [[0, -2], [0, 3.5]])


def test_what_is_told_is_believed_where_it_can_be():
    assert kind(SIGMOIDS, told="logits") == "logits"
    assert kind(PROBABILITIES, told="logits") == "logits"
    assert kind(np.eye(4), told="probabilities") == "probabilities"
    assert kind(SIGMOIDS, named="logits") == "logits"
    assert kind(PROBABILITIES, told="probabilities", named="logits") == "probabilities"


@pytest.mark.parametrize(
    ("outputs", "more", "expected"),
    [
        (SIGMOIDS, {}, "which could be either; say --kind logits if a softmax"),
        (np.abs(LOGITS), {}, "which could be either; say --kind logits if a softmax"),
        (100 * PROBABILITIES, {}, "got percentages; divide them by 100"),
        (
            np.r_[PROBABILITIES, [[0.5, 0.5, 0.5, 0.5]]],
            {},
            "got 1 of 51 rows that do not; row 50 has 0.5 to 0.5 and sums",
        ),
        (SIGMOIDS, {"named": "probabilities"}, "whose rows sum to one in x.npy, got 50 of 50 rows"),
        (LOGITS, {"told": "probabilities"}, "whose rows sum to one in x.npy, got 50 of 50 rows"),
        (PROBABILITIES, {"named": "logits"}, "got rows that sum to one as probabilities do; a softmax of these would"),
        (PROBABILITIES, {"told": "labels"}, "expected hard labels in x.npy, got 4 columns that are no single 1"),
        (["cat", "dog"], {"told": "logits"}, "expected logits in x.npy, got names of shape"),
        ([-2.0, 3.5], {}, "say --kind logits if they are the logit of the second class"),
        ([[0.1, np.nan], [0.5, 0.5]], {}, "got NaN or infinity in 1 of 2 rows, the first in row 0"),
        ([[0.5, 0.5], [-np.inf, 0]], {}, "got NaN or infinity in 1 of 2 rows, the first in row 1"),
        (np.zeros((2, 3, 4)), {}, r"expected outputs \[n\] or \[n, classes\] in x.npy, got shape \[2, 3, 4\]"),
        (np.zeros((0, 3)), {}, "expected outputs"),
        (np.array([1 + 2j]), {}, "expected numbers or names as outputs in x.npy, got complex128"),
    ],
)
def test_what_is_ambiguous_or_wrong_is_refused(outputs, more, expected):
    with pytest.raises(PredictionsError, match=expected):
        kind(outputs, **more)
