"""How far luck of the seed moves an accuracy, and how many seeds it takes to see a difference through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from lowres.errors import PredictionsError
from lowres.values.judging.intervals import Interval

LEVEL, POWER = 0.95, 0.8
MOST_SEEDS = 10_000


@dataclass(frozen=True)
class RunsSummary:
    """The accuracies of `n` runs that differ in their seed only.

    deviation: sample standard deviation (n - 1). mean_interval: 95 %, Student's t, within 0 and 1. It speaks of seeds
    on these very images; what other images would change is the interval of each single accuracy.
    """

    n: int
    accuracies: tuple[float, ...]
    mean: float
    deviation: float
    mean_interval: Interval


@dataclass(frozen=True)
class RunsDifference:
    """The second group's mean minus the first's, as a fraction, with its 95 % interval and p-value (Welch's t)."""

    difference: float
    difference_interval: Interval
    p_value: float


def summarise_runs(accuracies: Sequence[float]) -> RunsSummary:
    """Return mean, deviation and interval of the runs; refused with PredictionsError: fewer than two."""
    if len(accuracies) < 2:
        raise PredictionsError(f"expected at least two runs, got {len(accuracies)}; one run has no deviation")
    from scipy.special import stdtrit

    n, mean, deviation = len(accuracies), float(np.mean(accuracies)), float(np.std(accuracies, ddof=1))
    half = float(stdtrit(n - 1, 0.5 + LEVEL / 2)) * deviation / sqrt(n)
    interval = max(0.0, mean - half), min(1.0, mean + half)
    return RunsSummary(n, tuple(map(float, accuracies)), mean, deviation, interval)


def difference_of_runs(first: RunsSummary, second: RunsSummary) -> RunsDifference:
    """Return the difference of the means by Welch's t (Biometrika 34, 1947)."""
    from scipy.special import stdtr, stdtrit

    difference = second.mean - first.mean
    parts = [one.deviation**2 / one.n for one in (first, second)]
    error = sqrt(sum(parts))
    if error == 0:
        # Runs that never differ: whatever difference there is, is no luck of the seed.
        return RunsDifference(difference, (difference, difference), 1.0 if difference == 0 else 0.0)
    freedom = error**4 / sum(part**2 / (one.n - 1) for part, one in zip(parts, (first, second), strict=True))
    half = float(stdtrit(freedom, 0.5 + LEVEL / 2)) * error
    p_value = 2 * float(stdtr(freedom, -abs(difference) / error))
    return RunsDifference(difference, (difference - half, difference + half), p_value)


def pooled_deviation(summaries: Sequence[RunsSummary]) -> float:
    """Return the common standard deviation of groups of runs, by degrees of freedom."""
    freedom = sum(one.n - 1 for one in summaries)
    return sqrt(sum((one.n - 1) * one.deviation**2 for one in summaries) / freedom)


def seeds_needed(difference: float, deviation: float) -> int | None:
    """Return how many seeds each of two methods needs for a true difference to be seen; None above `MOST_SEEDS`.

    Seen: a two-sided two-sample t test at 5 % finds it with probability `POWER` (Cohen, Statistical Power Analysis,
    1988, section 2.4). Both are fractions; without any deviation two seeds do.
    Refused with PredictionsError: no difference.
    """
    if difference == 0:
        raise PredictionsError("expected a difference other than 0; no number of seeds would show none")
    effect = abs(difference) / deviation if deviation else float("inf")
    # From below: SciPy's noncentral t is wrong far out, where the power is 1 to all digits.
    high = 2
    while _power(high, effect) < POWER:
        high *= 2
        if high > 2 * MOST_SEEDS:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _power(middle, effect) >= POWER else (middle, high)
    return high if high <= MOST_SEEDS else None


def _power(n: int, effect: float) -> float:
    from scipy.special import nctdtr, stdtrit

    if np.isinf(effect):
        return 1.0
    freedom, shift = 2 * (n - 1), effect * sqrt(n / 2)
    limit = float(stdtrit(freedom, 0.5 + LEVEL / 2))
    return float(1 - nctdtr(freedom, shift, limit) + nctdtr(freedom, shift, -limit))
