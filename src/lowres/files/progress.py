"""A count on its way to a total, told at most twice a second."""

from __future__ import annotations

import time
from collections.abc import Callable

Report = Callable[[str], None]

_PAUSE_SECONDS = 0.5


class Meter:
    """Counts towards `total` (0: unknown) and reports `<what>: 12 of 34 <unit>`, the last count always."""

    def __init__(self, report: Report, what: str, total: float, unit: str) -> None:
        """Count nothing yet; the first report comes with the first advance."""
        self._report, self._what, self._total, self._unit = report, what, total, unit
        self._done, self._reported_at = 0.0, 0.0

    def advance(self, amount: float) -> None:
        """Add to the count."""
        self._done += amount
        now = time.monotonic()
        if now - self._reported_at >= _PAUSE_SECONDS or (self._total and self._done >= self._total):
            self._reported_at = now
            of_total = f" of {self._total:,.0f}" if self._total else ""
            self._report(f"{self._what}: {self._done:,.0f}{of_total} {self._unit}")
