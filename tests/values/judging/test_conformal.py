"""Conformal sets cover simulated images as often as asked, and their scores are a slow loop's."""

from dataclasses import replace

import numpy as np
import pytest

from lowres.errors import PredictionsError
from lowres.values.judging.conformal import METHODS, class_scores, conformal_quantile, conformal_sets
from lowres.values.predictions import Predictions


def drawn(seed, n, classes=5, factor=2.5):
    """Overconfident predictions whose labels are drawn from the logits before they were multiplied."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(n, classes)) * 1.5
    labels = (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
    names = tuple("abcdefgh"[:classes])
    return Predictions(tuple(f"{seed}/{row}" for row in range(n)), labels, (logits * factor).astype(np.float32), names)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("asked", [0.8, 0.95])
def test_coverage_on_simulated_data_is_as_asked(method, asked):
    test = drawn(999, 4000)
    covered = [conformal_sets(drawn(seed, 300), test, asked, method).coverage for seed in range(60)]
    # The mean over validation parts lies between asked and asked + 1 / 301, give or take sampling.
    assert np.mean(covered) == pytest.approx(asked, abs=0.012)
    assert np.std(covered) > 0.005


def test_lac_makes_the_smallest_sets():
    validation, test = drawn(1, 2000), drawn(2, 2000)
    sizes = [conformal_sets(validation, test, 0.9, method).mean_size for method in METHODS]
    assert sizes[0] < sizes[1]


def test_the_quantile_by_hand():
    scores = np.array([0.5, 0.1, 0.4, 0.2, 0.3])
    # ceil(6 * .5) = 3rd, ceil(6 * .8) = 5th, ceil(6 * .9) = 6th of 5.
    assert [conformal_quantile(scores, coverage) for coverage in (0.5, 0.8, 0.9)] == [0.3, 0.5, np.inf]
    # 20 * .95 is 19 and no hair more.
    assert conformal_quantile(np.arange(19) / 100, 0.95) == 0.18


def test_aps_scores_are_those_of_a_slow_loop():
    predictions = drawn(3, 200)
    scores, probabilities = class_scores(predictions, "APS"), predictions.probabilities()
    for row in range(200):
        own = {}
        for name in range(5):
            likelier = sum(p for p in probabilities[row] if p > probabilities[row, name])
            own[name] = (scores[row, name] - likelier) / probabilities[row, name]
        # One random part an image, the same for all its classes.
        assert 0 <= min(own.values()) <= max(own.values()) <= 1 + 1e-6
        assert max(own.values()) - min(own.values()) < 1e-3 or min(probabilities[row]) < 1e-9
    likeliest = probabilities.argmax(axis=1)
    own = scores[np.arange(200), likeliest] / probabilities[np.arange(200), likeliest]
    assert np.abs(np.sort(own) - np.arange(200) / 200).max() < 0.12


def test_the_random_part_belongs_to_the_image_and_not_to_its_row():
    predictions = drawn(4, 100)
    order = np.random.default_rng(0).permutation(100)
    ids = tuple(predictions.ids[row] for row in order)
    shuffled = replace(predictions, ids=ids, labels=predictions.labels[order], logits=predictions.logits[order])
    np.testing.assert_allclose(class_scores(shuffled, "APS"), class_scores(predictions, "APS")[order])


def test_sizes_and_coverage_are_those_of_the_sets():
    validation, test = drawn(5, 500), drawn(6, 400)
    found = conformal_sets(validation, test, 0.9, "LAC")
    in_set = 1 - test.probabilities() <= found.quantile
    assert found.sizes == tuple(int((in_set.sum(axis=1) == size).sum()) for size in range(6))
    assert found.mean_size == pytest.approx(in_set.sum() / 400)
    assert found.coverage == np.mean([in_set[row, label] for row, label in enumerate(test.labels)])
    assert found.coverage_interval[0] < found.coverage < found.coverage_interval[1]


def test_too_small_a_validation_part_leaves_every_class_in_the_set():
    found = conformal_sets(drawn(7, 10), drawn(8, 50), 0.95, "LAC")
    assert found.quantile is None
    assert (found.coverage, found.mean_size) == (1.0, 5.0)


def test_refuses_what_makes_no_sets():
    with pytest.raises(PredictionsError, match="expected the coverage of sets as a fraction inside"):
        conformal_sets(drawn(1, 10), drawn(2, 10), 95, "LAC")
    with pytest.raises(PredictionsError, match="expected the same classes in validation and judged"):
        conformal_sets(drawn(1, 10, classes=4), drawn(2, 10), 0.9, "LAC")
