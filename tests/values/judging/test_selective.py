"""Risk by coverage against a slow average over all orders; review thresholds keep their promise on simulated data."""

from itertools import permutations
from math import comb

import numpy as np
import pytest
from scipy.stats import binomtest

from lowres.errors import PredictionsError
from lowres.values.judging.selective import LEVELS, choose_review_threshold, review_outcome, risk_coverage


def slow_aurc(confidence, right):
    """The mean risk over all coverages, averaged over every order that ranks by confidence."""
    areas = []
    for order in permutations(range(len(right))):
        if all(confidence[a] >= confidence[b] for a, b in zip(order, order[1:], strict=False)):
            wrong = np.cumsum([not right[row] for row in order])
            areas.append(np.mean(wrong / np.arange(1, len(right) + 1)))
    return np.mean(areas)


def test_aurc_by_hand():
    # Risks 0/1, 1/2, 1/3, 2/4; at best 0/1, 0/2, 1/3, 2/4.
    curve = risk_coverage(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, False]))
    assert curve.aurc == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert curve.lowest_aurc == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)
    assert [(point.threshold, point.coverage, point.risk) for point in curve.points] == [
        (0.9, 0.25, 0.0),
        (0.8, 0.5, 0.5),
        (0.7, 0.75, pytest.approx(1 / 3)),
        (0.6, 1.0, 0.5),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_ties_count_as_the_mean_over_their_orders(seed):
    random = np.random.default_rng(seed)
    confidence, right = random.choice([0.5, 0.7, 0.9], size=6), random.random(6) < 0.6
    assert risk_coverage(confidence, right).aurc == pytest.approx(slow_aurc(confidence, right))


def test_the_order_of_the_rows_changes_nothing():
    random = np.random.default_rng(1)
    confidence, right = random.integers(0, 20, 500) / 20, random.random(500) < 0.8
    order = random.permutation(500)
    assert risk_coverage(confidence, right) == risk_coverage(confidence[order], right[order])


def test_a_long_curve_is_told_in_short_and_ends_with_all_images():
    random = np.random.default_rng(2)
    curve = risk_coverage(random.random(5000), random.random(5000) < 0.9)
    assert len(curve.points) == 101
    assert curve.points[0].coverage == 1 / 5000
    assert curve.points[-1].coverage == 1


def simulated(random, n):
    """Confidences and whether right: a network that is sure of the most, and right as often as it says."""
    confidence = 1 - 0.5 * random.beta(0.3, 2.0, size=n)
    return confidence, random.random(n) < confidence


def test_the_threshold_keeps_its_promise_on_fresh_data():
    random = np.random.default_rng(7)
    world = simulated(random, 200_000)
    broken, found, trials = 0, 0, 400
    for _ in range(trials):
        chosen = choose_review_threshold(*simulated(random, 2000), asked_error=0.02)
        if chosen.threshold is not None:
            found += 1
            broken += review_outcome(*world, chosen.threshold).error > 0.02
    assert found > 0.9 * trials
    # A promise broken in 5 % of the trials at most; by binomial luck 33 of 400 would still be no surprise.
    assert broken <= 33


def test_the_bound_is_clopper_and_pearsons_with_a_part_of_the_doubt():
    confidence = np.linspace(1, 0.5, 1000)
    right = np.ones(1000, dtype=bool)
    right[600:] = np.arange(400) % 2 == 0
    chosen = choose_review_threshold(confidence, right, 0.05)
    kept = round(chosen.validation_coverage * 1000)
    errors = int((~right[:kept]).sum())
    expected = binomtest(errors, kept).proportion_ci(1 - 0.05 / LEVELS, method="exact")
    # A two-sided interval leaves half of the doubt above it.
    one_sided = binomtest(errors, kept, alternative="less").proportion_ci(1 - 0.05 / LEVELS, method="exact")
    assert one_sided.high < expected.high
    assert chosen.error_bound == pytest.approx(one_sided.high)
    assert chosen.error_bound <= 0.05
    assert chosen.threshold == confidence[kept - 1]
    more = kept + 50
    loose = binomtest(int((~right[:more]).sum()), more, alternative="less").proportion_ci(1 - 0.05 / LEVELS)
    assert loose.high > 0.05


def test_too_few_images_are_said_to_be_too_few():
    chosen = choose_review_threshold(np.linspace(1, 0.5, 300), np.ones(300, dtype=bool), 0.01)
    assert chosen.threshold is None
    assert chosen.error_bound == pytest.approx(1 - (0.05 / LEVELS) ** (1 / 300))
    assert 0.99**chosen.images_needed <= 0.05 / LEVELS < 0.99 ** (chosen.images_needed - 1)
    enough = choose_review_threshold(
        np.linspace(1, 0.5, chosen.images_needed), np.ones(chosen.images_needed, dtype=bool), 0.01
    )
    assert enough.validation_coverage == 1


def test_images_of_one_confidence_are_kept_or_reviewed_together():
    confidence = np.repeat([0.9, 0.6], [1500, 500])
    right = np.r_[np.ones(1500, dtype=bool), np.zeros(500, dtype=bool)]
    chosen = choose_review_threshold(confidence, right, 0.01)
    assert (chosen.threshold, chosen.validation_coverage) == (0.9, 0.75)


def test_what_a_threshold_came_to():
    outcome = review_outcome(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, False]), 0.7)
    assert (outcome.n, outcome.kept, outcome.errors, outcome.coverage) == (4, 3, 1, 0.75)
    assert outcome.error == pytest.approx(1 / 3)
    low, high = binomtest(1, 3).proportion_ci(method="wilson")
    assert outcome.error_interval == pytest.approx((low, high))
    nothing = review_outcome(np.array([0.5]), np.array([False]), 0.7)
    assert (nothing.kept, nothing.error, nothing.error_interval) == (0, None, (0.0, 1.0))


@pytest.mark.parametrize("asked", [0.0, 1.0, -0.1])
def test_refuses_an_error_that_is_no_fraction(asked):
    with pytest.raises(PredictionsError, match="expected the error that may remain as a fraction inside"):
        choose_review_threshold(np.array([0.5]), np.array([True]), asked)


def test_a_binomial_tail_by_hand():
    # The bound b of 1 error in 10 is where P(at most 1) is the doubt.
    from lowres.values.judging.intervals import error_bound

    bound = error_bound(1, 10, 0.05)
    assert sum(comb(10, k) * bound**k * (1 - bound) ** (10 - k) for k in (0, 1)) == pytest.approx(0.05)
    assert error_bound(10, 10, 0.05) == 1.0
    with pytest.raises(PredictionsError, match="expected errors among n >= 1 and a doubt inside"):
        error_bound(0, 0, 0.05)
