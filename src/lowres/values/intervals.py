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
