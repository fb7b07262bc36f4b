"""Runs by SciPy's t tests, and the seeds a difference needs by statsmodels' power and by simulation."""

import numpy as np
import pytest
from scipy import stats

from lowres.errors import PredictionsError
from lowres.values.judging.seeds import difference_of_runs, pooled_deviation, seeds_needed, summarise_runs

FIRST, SECOND = (0.912, 0.905, 0.919, 0.908), (0.921, 0.926, 0.915)


def test_mean_deviation_and_interval_are_scipys():
    found = summarise_runs(FIRST)
    assert (found.mean, found.deviation) == (pytest.approx(np.mean(FIRST)), pytest.approx(np.std(FIRST, ddof=1)))
    assert found.mean_interval == pytest.approx(stats.t.interval(0.95, 3, np.mean(FIRST), stats.sem(FIRST)))


def test_no_mean_accuracy_is_above_all_right():
    assert summarise_runs([0.9, 0.99]).mean_interval[1] == 1.0
    assert summarise_runs([0.1, 0.01]).mean_interval[0] == 0.0


def test_the_difference_is_welchs():
    found = difference_of_runs(summarise_runs(FIRST), summarise_runs(SECOND))
    expected = stats.ttest_ind(SECOND, FIRST, equal_var=False)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.difference == pytest.approx(np.mean(SECOND) - np.mean(FIRST))
    assert found.difference_interval == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_runs_that_never_differ():
    one, two = summarise_runs([0.9, 0.9]), summarise_runs([0.8, 0.8])
    assert difference_of_runs(one, one).p_value == 1.0
    found = difference_of_runs(one, two)
    assert (found.p_value, found.difference_interval) == (0.0, pytest.approx((-0.1, -0.1)))


def test_the_pooled_deviation_by_hand():
    groups = [summarise_runs([0.0, 2.0]), summarise_runs([1.0, 1.0, 4.0])]
    # Sums of squares 2 and 6 over 1 + 2 degrees of freedom.
    assert pooled_deviation(groups) == pytest.approx(np.sqrt(8 / 3))


# statsmodels 0.15: ceil(TTestIndPower().solve_power(effect, alpha=.05, power=.8)).
@pytest.mark.parametrize(("effect", "seeds"), [(0.2, 394), (0.5, 64), (0.8, 26), (1.0, 17), (2.0, 6), (3.0, 4)])
def test_seeds_are_those_of_statsmodels(effect, seeds):
    assert seeds_needed(effect * 0.004, 0.004) == seeds
    assert seeds_needed(-effect * 0.004, 0.004) == seeds


def test_so_many_seeds_see_the_difference_in_four_of_five_cases():
    random, n = np.random.default_rng(1), seeds_needed(0.01, 0.008)
    first, second = random.normal(0.90, 0.008, (5000, n)), random.normal(0.91, 0.008, (5000, n))
    assert (stats.ttest_ind(first, second, axis=1).pvalue < 0.05).mean() == pytest.approx(0.82, abs=0.025)
    fewer = n - 3
    assert (stats.ttest_ind(first[:, :fewer], second[:, :fewer], axis=1).pvalue < 0.05).mean() < 0.8


def test_the_ends():
    assert seeds_needed(0.01, 0.0) == 2
    assert seeds_needed(0.00001, 0.01) is None
    with pytest.raises(PredictionsError, match="expected a difference other than 0"):
        seeds_needed(0.0, 0.01)
    with pytest.raises(PredictionsError, match="expected at least two runs, got 1; one run has no deviation"):
        summarise_runs([0.9])
