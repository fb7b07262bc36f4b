"""How far a measured proportion can be trusted."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from lowres.errors import PredictionsError

Interval = tuple[float, float]


def wilson_interval(successes: int, n: int, level: float = 0.95) -> Interval:
    """Return the Wilson score interval (low, high) of `successes / n`, as fractions.

    Of nothing, `n` = 0, it is (0, 1). Wilson, JASA 22 (1927); method 3 in Newcombe, Statistics in Medicine 17 (1998).
    Refused with PredictionsError: more successes than `n`, or a negative count.
    """
    if not 0 <= successes <= n:
        raise PredictionsError(f"expected from 0 to {n} successes, got {successes} of {n}")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends the formula gives 0 and 1 but for rounding; a low of 1e-18 would look like a finding.
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return low, high


def paired_wilson_interval(both: int, gained: int, lost: int, neither: int) -> Interval:
    """Return the 95 % interval of (gained - lost) / n from two Wilson intervals and the correlation of the pairs.

    both: images that both have right; gained, lost: that only the second, only the first has. It keeps its width where
    nothing was gained or lost, as a bootstrap does not; of nothing it is (-1, 1).
    Method 10 in Newcombe, Statistics in Medicine 17 (1998) 2635.
    """
    n = both + gained + lost + neither
    if n == 0:
        return -1.0, 1.0
    second, first = (both + gained) / n, (both + lost) / n
    low_2, high_2 = wilson_interval(both + gained, n)
    low_1, high_1 = wilson_interval(both + lost, n)
    margins = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    product = both * neither - gained * lost
    # Yates' correction for pairs that go together, as Newcombe has it; none for those that go apart.
    numerator = max(product - n / 2, 0) if product > 0 else product
    phi = numerator / sqrt(margins) if margins else 0.0
    down = (second - low_2) ** 2 - 2 * phi * (second - low_2) * (high_1 - first) + (high_1 - first) ** 2
    up = (high_2 - second) ** 2 - 2 * phi * (high_2 - second) * (first - low_1) + (first - low_1) ** 2
    difference = second - first
    return difference - sqrt(down), difference + sqrt(up)


def error_bound(errors: int, n: int, doubt: float) -> float:
    """Return the rate that the true error rate is above with probability `doubt` at most, after `errors` in `n`.

    One-sided Clopper and Pearson, Biometrika 26 (1934): the rate at which as few errors have probability `doubt`.
    Refused with PredictionsError: more errors than `n`, no image, a doubt outside (0, 1).
    """
    if not 0 <= errors <= n or n == 0 or not 0 < doubt < 1:
        raise PredictionsError(f"expected errors among n >= 1 and a doubt inside (0, 1), got {errors} of {n}, {doubt}")
    # Here and not above: a finished study is read without SciPy.
    from scipy.special import betaincinv

    return 1.0 if errors == n else float(betaincinv(errors + 1, n - errors, 1 - doubt))
