"""Rows hold SciPy's softmax and entropy, the likeliest classes in order, and the flags that validation asks for."""

import json
import math

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import entropy

from lowres.errors import PredictionsError
from lowres.values.judging.appraisal import AppraisalChoices, appraise
from lowres.values.judging.conformal import class_scores, conformal_quantile
from lowres.values.judging.prediction_rows import AnswerRules, Prediction, UnreadPicture, prediction_rows, rules_of
from lowres.values.predictions import Predictions

NAMES = ("a", "b", "c", "d")


@pytest.fixture
def logits():
    return np.random.default_rng(0).normal(scale=2, size=(50, 4)).astype(np.float32)


def rows_of(logits, rules, top=2):
    return prediction_rows([str(row) for row in range(len(logits))], np.asarray(logits), NAMES, rules, top)


def test_probabilities_and_entropy_are_scipys(logits):
    rows, expected = rows_of(logits, AnswerRules(temperature=1.7), 4), softmax(logits.astype(float) / 1.7, axis=1)
    for row, shares in zip(rows, expected, strict=True):
        assert [share for _, share in row.top] == pytest.approx(sorted(shares, reverse=True), rel=1e-12)
        assert {name: share for name, share in row.top} == pytest.approx(dict(zip(NAMES, shares, strict=True)))
        assert row.entropy == pytest.approx(entropy(shares), rel=1e-12)
        assert (row.class_name, row.probability) == row.top[0]
    assert [row.id for row in rows[:3]] == ["0", "1", "2"]


def test_entropy_is_log_of_the_classes_without_a_clue_and_nothing_when_sure():
    clueless, sure = rows_of([[3, 3, 3, 3], [9000, 0, 0, 0]], AnswerRules())
    assert clueless.entropy == pytest.approx(math.log(4))
    assert (sure.entropy, sure.probability) == (0.0, 1.0)
    assert [name for name, _ in clueless.top] == ["a", "b"]


def test_no_more_classes_than_there_are(logits):
    assert [len(row.top) for row in rows_of(logits[:2], AnswerRules(), 9)] == [4, 4]
    assert [len(row.top) for row in rows_of(logits[:2], AnswerRules(), 1)] == [1, 1]


def test_a_person_looks_below_the_threshold_and_not_at_it(logits):
    confidence = softmax(logits.astype(float), axis=1).max(axis=1)
    threshold = float(np.sort(confidence)[20])
    asked = [row.needs_review for row in rows_of(logits, AnswerRules(review_threshold=threshold))]
    assert asked == (confidence < threshold).tolist()
    assert sum(asked) == 20
    assert {row.needs_review for row in rows_of(logits, AnswerRules())} == {None}
    assert {row.needs_review for row in rows_of(logits, AnswerRules(review_threshold=math.inf))} == {True}


def test_possible_classes_are_those_of_the_conformal_sets(logits):
    labels = np.random.default_rng(1).integers(0, 4, 50)
    told = Predictions(tuple(str(row) for row in range(50)), labels, logits, NAMES)
    scores = class_scores(told, "LAC")
    quantile = conformal_quantile(scores[np.arange(50), labels], 0.8)
    rows = rows_of(logits, AnswerRules(temperature=3.0, set_quantile=quantile))
    assert [row.possible for row in rows] == [
        tuple(name for name, score in zip(NAMES, row, strict=True) if score <= quantile) for row in scores
    ]
    assert sum(NAMES[label] in row.possible for label, row in zip(labels, rows, strict=True)) >= 40


def test_rules_come_from_what_an_evaluation_wrote(logits):
    labels = logits.argmax(axis=1)
    parts = [Predictions(tuple(f"{part}{row}" for row in range(50)), labels, logits, NAMES) for part in "vt"]
    data = appraise(parts[1], parts[0], AppraisalChoices(None, 0.2, 0.9)).to_json()
    rules = rules_of(json.loads(json.dumps(data)))
    assert rules.temperature == data["temperature"]
    assert rules.review_threshold == data["review"]["chosen"]["threshold"]
    assert (rules.asked_error, rules.set_coverage) == (0.2, 0.9)
    assert rules.set_quantile == next(one["quantile"] for one in data["conformal"] if one["method"] == "LAC")


def test_what_an_evaluation_has_no_ground_for_is_absent():
    assert rules_of({"temperature": 2}) == AnswerRules(2.0)
    none_enough = {"temperature": 1, "review": {"chosen": {"threshold": None, "asked_error": 0.01}, "outcome": None}}
    assert rules_of(none_enough).review_threshold == math.inf
    too_few = {"temperature": 1, "conformal": [{"method": "LAC", "quantile": None, "asked_coverage": 0.95}]}
    assert rules_of(too_few) == AnswerRules(1.0)


@pytest.mark.parametrize(
    ("evaluation", "message"),
    [
        ({}, r"got one that lacks 'temperature'; evaluate the study again"),
        ({"temperature": 1, "review": {"chosen": {}}}, "lacks 'threshold'"),
        ({"temperature": 0}, "expected a temperature above 0, got 0.0"),
        ({"temperature": math.nan}, "expected a temperature above 0, got nan"),
        ({"temperature": 1, "review": {"chosen": {"threshold": -1, "asked_error": 0}}}, "threshold of 0 or more"),
    ],
)
def test_an_evaluation_that_makes_no_rules_is_refused(evaluation, message):
    with pytest.raises(PredictionsError, match=message):
        rules_of(evaluation)


def test_logits_that_fit_nothing_are_refused(logits):
    with pytest.raises(PredictionsError, match=r"logits of shape \[1, 4\].* got \[2, 4\] and 1"):
        prediction_rows(["a"], logits[:2], NAMES, AnswerRules(), 1)
    with pytest.raises(PredictionsError, match=r"at least one class a row, got \[50, 4\] and 0"):
        rows_of(logits, AnswerRules(), 0)
    with pytest.raises(PredictionsError, match="expected finite logits"):
        rows_of(np.full((2, 4), np.nan), AnswerRules())


@pytest.mark.parametrize(
    ("top", "surprise", "message"),
    [
        ((), 0.0, "from 0 to 1 for x, got"),
        ((("a", 1.2),), 0.0, "from 0 to 1 for x"),
        ((("a", 0.6), ("b", 0.6)), 0.0, "from 0 to 1 for x"),
        ((("a", 0.2), ("b", 0.6)), 0.0, "likeliest class of x first"),
        ((("a", 0.6),), -0.1, "an entropy of 0 nats or more for x, got -0.1"),
        ((("a", 0.6),), math.nan, "an entropy of 0 nats or more"),
    ],
)
def test_a_row_that_no_softmax_gives_is_refused(top, surprise, message):
    with pytest.raises(PredictionsError, match=message):
        Prediction("x", top, surprise)


def test_rows_as_plain_data():
    (row,) = rows_of([[5, 1, 0, 0]], AnswerRules(review_threshold=0.5, set_quantile=0.5))
    data = json.loads(json.dumps(row.to_json()))
    assert list(data) == ["id", "predicted", "probability", "top", "entropy_nats", "needs_review", "possible"]
    assert (data["predicted"], data["needs_review"], data["possible"]) == ("a", False, ["a"])
    assert [one["class"] for one in data["top"]] == ["a", "b"]
    assert not {"needs_review", "possible"} & set(rows_of([[5, 1, 0, 0]], AnswerRules())[0].to_json())
    assert UnreadPicture("x", "why").to_json() == {"id": "x", "problem": "why"}
    with pytest.raises(PredictionsError, match="expected a reason why x was not read"):
        UnreadPicture("x", "")
