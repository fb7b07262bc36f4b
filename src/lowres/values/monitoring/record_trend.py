"""Recorded predictions summed up span by span: what a chart over weeks needs, without a single record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.monitoring.image_statistics import STATISTICS, Statistics


@dataclass(frozen=True, eq=False)
class RecordTrend:
    """Counts and means of the records of a model in spans of equal length; spans without a record are left out.

    starts: datetime64[us], UTC, rising. counts: int64 `[spans]`; by_class: int64 `[spans, classes]`, predicted as each.
    confidences, entropies (in nats), seconds (NaN where nobody waited): means, float64 `[spans]`. review_shares: of
    the records of which that is known, NaN where of none. statistics: means by name, float32 `[spans]`.
    Refused with PredictionsError: columns of different lengths, counts that are not those of the classes.
    """

    model: str
    class_names: tuple[str, ...]
    starts: NDArray[np.datetime64]
    counts: NDArray[np.int64]
    by_class: NDArray[np.int64]
    confidences: NDArray[np.float64]
    entropies: NDArray[np.float64]
    seconds: NDArray[np.float64]
    review_shares: NDArray[np.float64]
    statistics: Statistics

    def __post_init__(self) -> None:
        """Refuse columns that do not belong together."""
        spans = len(self.starts)
        columns: list[NDArray[Any]] = [self.counts, self.confidences, self.entropies, self.seconds, self.review_shares]
        columns += [self.statistics[name] for name in STATISTICS]
        if any(column.shape != (spans,) for column in columns) or self.by_class.shape != (spans, len(self.class_names)):
            raise PredictionsError(f"expected {spans} spans of {len(self.class_names)} classes in every column")
        if not (self.by_class.sum(axis=1) == self.counts).all():
            raise PredictionsError("expected as many records as there are in the classes, got another number")

    def __len__(self) -> int:
        """Return how many spans have records."""
        return len(self.starts)
