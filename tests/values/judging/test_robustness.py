"""Accuracies under corruption by hand, and an interval that does not take one image's versions for many images."""

import json

import numpy as np
import pytest

from lowres.errors import PredictionsError
from lowres.values.judging.intervals import wilson_interval
from lowres.values.judging.robustness import Robustness, judge_robustness

CLEAN = np.array([True, True, True, False])
FOG = np.array([[True, True, True, False], [True, False, False, False]])
SNOW = np.array([[True, True, False, False], [False, False, False, True]])


def test_a_case_worked_by_hand():
    found = judge_robustness(CLEAN, {("fog", "weather"): FOG, ("snow", "weather"): SNOW}, seed=3)
    assert (found.n, found.seed, found.clean_accuracy) == (4, 3, 0.75)
    assert found.clean_interval == wilson_interval(3, 4)
    assert [row.accuracies for row in found.corruptions] == [(0.75, 0.25), (0.5, 0.25)]
    assert [row.mean for row in found.corruptions] == [0.5, 0.375]
    assert found.mean_accuracy == 0.4375


def test_the_interval_counts_images_and_not_their_versions():
    random = np.random.default_rng(0)
    # Ten severities that always agree say no more than one.
    answers = random.random(400) < 0.7
    once = judge_robustness(answers, {("fog", "weather"): answers[None]}, seed=0)
    often = judge_robustness(answers, {("fog", "weather"): np.tile(answers, (10, 1))}, seed=0)
    assert often.mean_interval == pytest.approx(once.mean_interval)
    low, high = wilson_interval(int(answers.sum()), 400)
    assert once.mean_interval == pytest.approx((low, high), abs=0.003)


def test_the_interval_holds_the_truth_nineteen_times_in_twenty():
    random, held = np.random.default_rng(1), 0
    for _ in range(400):
        hardness = random.random(200)
        answers = random.random((5, 200)) < hardness
        low, high = judge_robustness(answers[0], {("fog", "weather"): answers}, seed=0).mean_interval
        held += low <= 0.5 <= high
    assert 0.92 < held / 400 < 0.98


def test_it_comes_back_from_json_equal():
    found = judge_robustness(CLEAN, {("fog", "weather"): FOG}, seed=0)
    assert Robustness.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert found.to_json()["corruptions"][0]["mean"] == 0.5


def test_a_file_of_something_else_is_refused():
    with pytest.raises(PredictionsError, match="expected robustness figures, got a file without 'corruptions'"):
        Robustness.from_json({"n": 4})


def test_answers_of_other_images_are_refused():
    with pytest.raises(PredictionsError, match=r"the same 4 images under every corruption, got \{'fog': \(2, 3\)\}"):
        judge_robustness(CLEAN, {("fog", "weather"): FOG[:, :3]}, seed=0)
