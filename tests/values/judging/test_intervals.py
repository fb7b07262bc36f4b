"""Intervals against published tables of Newcombe and against SciPy."""

import numpy as np
import pytest
from scipy.stats import binomtest

from lowres.errors import PredictionsError
from lowres.values.judging.intervals import error_bound, paired_wilson_interval, wilson_interval


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_newcombe_1998_table_1_method_3(successes, n, low, high):
    assert wilson_interval(successes, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (3, 7), (889, 1000), (8890, 10000), (10000, 10000)])
def test_as_scipy_has_it(successes, n, level):
    expected = binomtest(successes, n).proportion_ci(confidence_level=level, method="wilson")
    assert wilson_interval(successes, n, level) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_ends_are_exact():
    assert wilson_interval(0, 50)[0] == 0.0
    assert wilson_interval(50, 50)[1] == 1.0


def test_nothing_seen_says_nothing():
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("successes", [-1, 11])
def test_refuses_impossible_counts(successes):
    with pytest.raises(PredictionsError, match=rf"expected from 0 to 10 successes, got {successes} of 10"):
        wilson_interval(successes, 10)


def test_a_paired_interval_is_newcombes_own():
    # Newcombe 1998, Table II: 36, 12, 2 and 0 of 50, method 10.
    low, high = paired_wilson_interval(36, 12, 2, 0)
    assert (round(low, 4), round(high, 4)) == (0.0569, 0.3404)
    # Cavo et al. 2012 as in Fagerland, Lydersen and Laake 2017, chapter 8; pairs that mostly agree.
    assert paired_wilson_interval(59, 6, 16, 80) == pytest.approx((-0.1186, -0.0046), abs=5e-5)
    turned = paired_wilson_interval(36, 2, 12, 0)
    assert turned == pytest.approx((-high, -low))
    assert paired_wilson_interval(0, 0, 0, 0) == (-1.0, 1.0)


def test_a_paired_interval_covers_a_true_difference_also_where_few_changed():
    counts = np.random.default_rng(2).multinomial(60, [0.85, 0.04, 0.02, 0.09], size=2000)
    intervals = [paired_wilson_interval(*row) for row in counts.tolist()]
    assert 0.94 <= np.mean([low <= 0.02 <= high for low, high in intervals]) <= 0.995


@pytest.mark.parametrize(("errors", "n", "doubt"), [(0, 50, 0.05), (3, 200, 0.01), (49, 50, 0.2)])
def test_an_error_bound_is_scipys_one_sided_exact_one(errors, n, doubt):
    expected = binomtest(errors, n, alternative="less").proportion_ci(1 - doubt, method="exact")
    assert error_bound(errors, n, doubt) == pytest.approx(expected.high)
