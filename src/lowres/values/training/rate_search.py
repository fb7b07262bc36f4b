"""A learning rate found by trying: the loss over rates that rise from update to update, and what that says."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lowres.errors import TrainingError

UPDATES = 100
LOWEST_RATE, HIGHEST_RATE = 1e-6, 1.0
# Share of the smoothed loss that comes from before, as in fastai's finder.
SMOOTHING = 0.9
# The training has run away where the smoothed loss is so many times its lowest.
_RUN_AWAY = 4.0
_SAFETY = 10.0
_NEAR = 1.1
_FEWEST = 10


@dataclass(frozen=True)
class RateSearch:
    """Losses of a training whose rate rose with every update.

    rates: of each update, rising. losses: smoothed, what each update met before it changed anything.
    edge: the highest rate at which the smoothed loss was within a tenth of its lowest. suggested: a tenth of that rate.
    ran_away_at: the rate at which the training was lost; None where none was that high.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    edge: float
    suggested: float
    ran_away_at: float | None

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers, those a person reads first."""
        return {
            "suggested": self.suggested,
            "edge": self.edge,
            "ran_away_at": self.ran_away_at,
            "rates": [float(f"{rate:.4g}") for rate in self.rates],
            "losses": [round(loss, 5) for loss in self.losses],
        }


def rising_rates(updates: int = UPDATES) -> tuple[float, ...]:
    """Return so many rates from the lowest to the highest, each the same number of times the one before."""
    return tuple(float(rate) for rate in np.geomspace(LOWEST_RATE, HIGHEST_RATE, updates))


def search_rate(rates: Sequence[float], losses: Iterable[float]) -> RateSearch:
    """Return what a training with rising rates says; losses are taken one by one, and none after it has run away.

    The range test of Smith 2017, "Cyclical Learning Rates", section 3.3, and a tenth as fastai's `lr_find` takes of the
    rate with the lowest loss ("minimum"). Not of the lowest itself: a head that is trained already falls no further at
    any rate, so where its loss is lowest is chance, and where it begins to rise is not.
    Refused with TrainingError: a training that ran away within 10 updates.
    """
    smoothed: list[float] = []
    average, ran_away_at = 0.0, None
    for number, (rate, loss) in enumerate(zip(rates, losses, strict=False), start=1):
        average = SMOOTHING * average + (1 - SMOOTHING) * loss
        now = average / (1 - SMOOTHING**number)
        if not math.isfinite(now) or (smoothed and now > _RUN_AWAY * min(smoothed)):
            ran_away_at = rate
            break
        smoothed.append(now)
    if len(smoothed) < _FEWEST:
        raise TrainingError(
            f"expected a loss that stays finite for {_FEWEST} updates at rates from {rates[0]:.0e}, got "
            f"{len(smoothed)}; run `lowres preflight` and look at the input range and the first loss"
        )
    edge = rates[int(np.flatnonzero(np.array(smoothed) <= _NEAR * min(smoothed))[-1])]
    suggested = float(f"{edge / _SAFETY:.1e}")
    return RateSearch(tuple(rates[: len(smoothed)]), tuple(smoothed), edge, suggested, ran_away_at)
