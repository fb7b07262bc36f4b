"""Whether two samples come of the same source: p-values that count the reference's own chance as well."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

_PERMUTATIONS = 200
_MOST_ROWS = 500


class Shift(NamedTuple):
    """p: how often chance alone does as much. size: how far apart, 0 to 1. direction: -1 fell, 1 rose, 0 neither."""

    p: float
    size: float
    direction: int


NO_SHIFT = Shift(1.0, 0.0, 0)


def number_shift(reference: NDArray[Any], now: NDArray[Any]) -> Shift:
    """Return the Kolmogorov-Smirnov test of two samples of one number; size is its statistic. NaN are left out."""
    first, second = reference[~np.isnan(reference)], now[~np.isnan(now)]
    if len(first) < 2 or len(second) < 2:
        return NO_SHIFT
    found = stats.ks_2samp(first, second, method="asymp")
    # Where the reference's distribution function is ahead, its numbers are the smaller ones.
    return Shift(float(found.pvalue), float(found.statistic), int(found.statistic_sign))


def mix_shift(reference_counts: NDArray[np.int64], counts: NDArray[np.int64]) -> Shift:
    """Return the chi-square test of homogeneity of two rows of class counts; size is the total variation distance.

    Classes that neither row has ever seen are left out. Expected counts below 5 make the test approximate; classes
    are joined, rarest first, until none is (Cochran 1954).
    """
    table = np.stack([reference_counts, counts]).astype(np.float64)
    table = table[:, table.sum(axis=0) > 0]
    if table.sum(axis=1).min() == 0 or table.shape[1] < 2:
        return NO_SHIFT
    shares = table / table.sum(axis=1, keepdims=True)
    size = float(np.abs(shares[0] - shares[1]).sum() / 2)
    table = table[:, np.argsort(table.sum(axis=0))]
    while table.shape[1] > 2 and stats.contingency.expected_freq(table).min() < 5:
        table = np.concatenate([table[:, :2].sum(axis=1, keepdims=True), table[:, 2:]], axis=1)
        table = table[:, np.argsort(table.sum(axis=0))]
    return Shift(float(stats.chi2_contingency(table, correction=False).pvalue), size, 0)


def embedding_shift(reference: NDArray[np.float32], now: NDArray[np.float32], seed: int = 0) -> Shift:
    """Return the kernel two-sample test (maximum mean discrepancy) of rows of unit length, at most 500 of each side.

    Gretton et al. 2012, equation 3, with a Gaussian kernel whose width is the median distance. The p-value is by
    permutation; below what 200 of them can tell it follows the gamma law with their mean, deviation and skewness.
    size: the square root of the discrepancy, against its largest possible value, the square root of 2.
    """
    random = np.random.default_rng(seed)
    first, second = (_some(rows[~np.isnan(rows).any(axis=1)], random) for rows in (reference, now))
    n, m = len(first), len(second)
    if min(n, m) < 10:
        return NO_SHIFT
    rows = np.concatenate([first, second])
    squares = np.maximum(2 - 2 * (rows @ rows.T), 0)
    width = float(np.median(squares[np.triu_indices(n + m, 1)])) or 1.0
    kernel = np.exp(-squares / width)
    sides = np.zeros((n + m, _PERMUTATIONS + 1), np.float32)
    sides[:n, 0] = 1
    for column in range(1, _PERMUTATIONS + 1):
        sides[random.permutation(n + m)[:n], column] = 1
    found = _discrepancies(kernel, sides, n, m)
    own, chance = found[0], found[1:]
    p = float((1 + np.count_nonzero(chance >= own)) / (1 + _PERMUTATIONS))
    if p <= 5 / _PERMUTATIONS and chance.std() > 0:
        p = float(stats.pearson3.sf(own, max(stats.skew(chance), 1e-3), chance.mean(), chance.std()))
    return Shift(p, float(np.sqrt(max(own, 0.0) / 2)), 0)


def _discrepancies(kernel: NDArray[Any], sides: NDArray[Any], n: int, m: int) -> NDArray[np.float64]:
    """The unbiased estimate for each column of marks, 1 where a row counts as one of the first n."""
    others = 1 - sides
    diagonal = np.trace(kernel) / (n + m)
    first, second = kernel @ sides, kernel @ others
    within_first = (sides * first).sum(axis=0) - n * diagonal
    within_second = (others * second).sum(axis=0) - m * diagonal
    across = (sides * second).sum(axis=0)
    return np.asarray(within_first / (n * (n - 1)) + within_second / (m * (m - 1)) - 2 * across / (n * m), np.float64)


def _some(rows: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    return rows if len(rows) <= _MOST_ROWS else rows[random.choice(len(rows), _MOST_ROWS, replace=False)]
