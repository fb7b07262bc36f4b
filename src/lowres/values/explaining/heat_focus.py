"""Where heat maps lie in their pictures: in the middle or at the rim, on one spot or all over."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lowres.values.explaining.explanation import Maps
from lowres.values.judging.intervals import Interval

# Its side is this fraction of the picture's, so that it has half the area.
CENTRE_SIDE = math.sqrt(0.5)
EVEN_SHARE = 0.5
_NORMAL_95 = 1.959964


@dataclass(frozen=True)
class HeatFocus:
    """What `n` heat maps have in common; all fractions.

    centre_share: mean share of a map's positive heat in the middle half of the picture's area; heat spread evenly has
    0.5 there. centre_interval: 95 % of that mean, by the normal approximation. half_area: mean share of the area that
    the hottest places holding half the heat take up; heat spread evenly takes 0.5. half_area_interval: likewise.
    empty: further maps that have no positive heat.
    """

    n: int
    centre_share: float
    centre_interval: Interval
    half_area: float
    half_area_interval: Interval
    empty: int = 0

    @property
    def leans_to_centre(self) -> bool:
        """Whether the interval lies above that of even heat."""
        return self.centre_interval[0] > EVEN_SHARE

    @property
    def leans_to_rim(self) -> bool:
        """Whether the interval lies below that of even heat."""
        return self.centre_interval[1] < EVEN_SHARE


def heat_focus(maps: Maps) -> HeatFocus | None:
    """Return where the positive part of raw maps `[n, height, width]` lies; None of fewer than two that have any."""
    positive = np.maximum(maps, 0).astype(np.float64)
    totals = positive.sum(axis=(1, 2))
    has_heat = totals > 0
    if has_heat.sum() < 2:
        return None
    shares = positive[has_heat] / totals[has_heat, None, None]
    centre, area = _centre_shares(shares), _half_areas(shares)
    return HeatFocus(
        n=int(has_heat.sum()),
        centre_share=float(centre.mean()),
        centre_interval=_interval_of_mean(centre),
        half_area=float(area.mean()),
        half_area_interval=_interval_of_mean(area),
        empty=int((~has_heat).sum()),
    )


def _centre_shares(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = (_inside(fields) for fields in shares.shape[1:])
    return np.asarray(np.einsum("nhw,h,w->n", shares, rows, columns))


def _inside(fields: int) -> NDArray[np.float64]:
    """Which fraction of each field along one side lies in the middle part of that side."""
    low, high = (1 - CENTRE_SIDE) / 2 * fields, (1 + CENTRE_SIDE) / 2 * fields
    edges = np.arange(fields + 1, dtype=np.float64)
    return np.asarray(np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0, 1))


def _half_areas(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of the area that half of each map's heat takes up, the last field counted in part."""
    hottest = -np.sort(-shares.reshape(len(shares), -1), axis=1)
    before = np.cumsum(hottest, axis=1) - hottest
    return np.asarray(np.clip((0.5 - before) / np.maximum(hottest, 1e-300), 0, 1).mean(axis=1))


def _interval_of_mean(values: NDArray[np.float64]) -> Interval:
    mean, margin = float(values.mean()), _NORMAL_95 * float(values.std(ddof=1)) / math.sqrt(len(values))
    return mean - margin, mean + margin
