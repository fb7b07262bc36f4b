"""Paired differences: McNemar by SciPy and by hand, Holm by hand, intervals by resampling rows, and refusals."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from lowres.errors import PredictionsError
from lowres.values.judging.answers import Answers
from lowres.values.judging.paired import align, compare_all, exact_mcnemar, holm, paired_interval


def answers(seed, share, n=400, order=None):
    labels = np.random.default_rng(0).integers(0, 3, n)
    random = np.random.default_rng(seed)
    predicted = np.where(random.random(n) < share, labels, (labels + 1) % 3)
    found = Answers(tuple(f"i{row}" for row in range(n)), labels, predicted, ("a", "b", "c"))
    return found if order is None else found.rows(order)


@pytest.mark.parametrize(("gained", "lost"), [(5, 15), (15, 5), (0, 7), (10, 10), (1, 1), (300, 200)])
def test_mcnemar_is_the_binomial_test_of_the_discordant_images(gained, lost):
    expected = binomtest(min(gained, lost), gained + lost, 0.5).pvalue
    assert exact_mcnemar(gained, lost) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_by_hand():
    # P(at most 1 of 6) at 1/2, both sides: 2 * (1 + 6) / 64.
    assert exact_mcnemar(1, 5) == pytest.approx(14 / 64)
    assert exact_mcnemar(0, 0) == 1.0
    assert exact_mcnemar(3, 3) == 1.0


def test_holm_by_hand():
    # .005 * 4, .01 * 3, .03 * 2, and .04 * 1 raised to the one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([0.03]) == [0.03]


def test_the_interval_is_that_of_resampled_rows():
    random = np.random.default_rng(3)
    steps = np.r_[np.ones(60), -np.ones(30), np.zeros(310)]
    means = steps[random.integers(0, 400, (4000, 400))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    assert paired_interval(60, 30, 400) == pytest.approx((low, high), abs=0.006)
    assert paired_interval(60, 30, 400) == paired_interval(60, 30, 400)
    assert paired_interval(600, 300, 4000) != paired_interval(600, 300, 4000, seed=1)


def test_the_interval_covers_a_true_difference():
    random = np.random.default_rng(4)
    counts = random.multinomial(500, [0.08, 0.05, 0.87], size=150)
    intervals = [paired_interval(gained, lost, 500) for gained, lost, _ in counts.tolist()]
    covered = np.mean([low <= 0.03 <= high for low, high in intervals])
    assert 0.90 <= covered <= 0.99


def test_a_pair_by_hand():
    one = Answers(("p", "q", "r", "s"), np.array([0, 0, 1, 1]), np.array([0, 1, 1, 0]), ("a", "b"))
    other = Answers(("p", "q", "r", "s"), np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0]), ("a", "b"))
    pair = compare_all([("one", one), ("other", other)])[0]
    assert (pair.first, pair.second, pair.n, pair.difference) == ("one", "other", 4, 0.0)
    assert (pair.gained, pair.lost, pair.otherwise_wrong, pair.p_value) == (("q",), ("r",), 0, 1.0)
    assert [(row.name, row.n, row.gain) for row in pair.per_class] == [("a", 2, 0.5), ("b", 2, -0.5)]


def test_accuracies_differ_by_the_difference_and_classes_add_up():
    one, other = answers(1, 0.7), answers(2, 0.8)
    pair = compare_all([("one", one), ("other", other)])[0]
    assert pair.difference == pytest.approx(other.is_right.mean() - one.is_right.mean())
    assert sum(row.n * row.gain for row in pair.per_class) == pytest.approx(400 * pair.difference)
    assert pair.difference_interval[0] < pair.difference < pair.difference_interval[1]
    assert pair.p_value == pytest.approx(binomtest(len(pair.lost), len(pair.lost) + len(pair.gained)).pvalue)


def test_a_class_nothing_changed_in_keeps_its_doubt():
    one = answers(1, 1.0)
    pair = compare_all([("one", one), ("same", one)])[0]
    assert all(low < -0.02 and high > 0.02 for low, high in (row.gain_interval for row in pair.per_class))


def test_wrong_in_different_ways_is_told():
    one, other = answers(1, 0.0), answers(1, 0.0)
    other = replace(other, predicted=np.where(np.arange(400) < 25, (other.labels + 2) % 3, other.predicted))
    assert compare_all([("one", one), ("other", other)])[0].otherwise_wrong == 25


def test_several_are_compared_by_every_two_and_corrected_together():
    pairs = compare_all([("a", answers(1, 0.7)), ("b", answers(2, 0.8)), ("c", answers(3, 0.82))])
    assert [(pair.first, pair.second) for pair in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [pair.holm_p_value for pair in pairs] == holm([pair.p_value for pair in pairs])
    assert any(pair.holm_p_value > pair.p_value for pair in pairs)


def test_other_orders_of_images_and_classes_are_brought_together():
    one, order = answers(1, 0.7), np.random.default_rng(5).permutation(400)
    shuffled = answers(2, 0.8, order=order)
    turned = replace(
        shuffled, labels=2 - shuffled.labels, predicted=2 - shuffled.predicted, class_names=("c", "b", "a")
    )
    expected = compare_all([("one", one), ("two", answers(2, 0.8))])
    assert compare_all([("one", one), ("two", turned)]) == expected


def test_other_images_are_refused_by_name():
    one, other = answers(1, 0.7), answers(2, 0.8)
    less = other.rows(np.arange(1, 400))
    with pytest.raises(
        PredictionsError, match=r"same images, got 399 in both, 1 only in one \(i0\); judge both on one"
    ):
        align(("one", one), ("two", less))
    renamed = replace(other, ids=("new", *other.ids[1:]))
    with pytest.raises(PredictionsError, match=r"1 only in one \(i0\) and 1 only in two \(new\)"):
        compare_all([("one", one), ("two", renamed)])


def test_other_labels_and_classes_are_refused_by_name():
    one, other = answers(1, 0.7), answers(2, 0.8)
    labels = other.labels.copy()
    labels[[3, 5]] = (labels[[3, 5]] + 1) % 3
    with pytest.raises(
        PredictionsError, match="the same true labels in one and two, got others for 2 of 400 images: i3, i5"
    ):
        compare_all([("one", one), ("two", replace(other, labels=labels))])
    with pytest.raises(PredictionsError, match="the same classes in one and two, got c, d in one of them only"):
        compare_all([("one", one), ("two", replace(other, class_names=("a", "b", "d")))])
    with pytest.raises(PredictionsError, match="expected at least two results to compare, got 1"):
        compare_all([("one", one)])
