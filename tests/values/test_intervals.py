"""Wilson's interval against Newcombe's published table and SciPy."""

import pytest
from scipy.stats import binomtest

from lowres.errors import PredictionsError
from lowres.values.intervals import wilson_interval


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
