"""How far a mean can be trusted, by drawing the same images again and again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.judging.intervals import Interval

RESAMPLES = 2000


def mean_interval(values: NDArray[np.floating], seed: int, level: float = 0.95) -> Interval:
    """Return the percentile bootstrap interval of the mean of `values` `[n]`, from 2,000 resamples drawn by the seed.

    Of paired differences it is the interval of the mean difference: the images are drawn, each with its pair. Efron and
    Tibshirani, An Introduction to the Bootstrap (1993), section 13.3. Refused with PredictionsError: fewer than two.
    """
    n = len(values)
    if n < 2:
        raise PredictionsError(f"expected at least 2 values to draw again, got {n}")
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    means = drawn @ np.asarray(values, dtype=np.float64) / n
    low, high = np.quantile(means, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)
