"""Records are summed up by the database, span by span: only sums leave it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Integer, case, cast, func, select

from lowres.errors import StoreError
from lowres.files.monitoring.reading import Chosen, chosen_rows, class_names_of
from lowres.files.monitoring.schema import records
from lowres.values.monitoring.image_statistics import STATISTICS
from lowres.values.monitoring.record_trend import RecordTrend

_SUMMED = ("confidence", "entropy", "seconds", *STATISTICS)


def read_trend(connection: Connection, chosen: Chosen, span: timedelta) -> RecordTrend:
    """Return counts and means by spans, which begin at whole spans since 1970; refused as `Store.read_trend` is."""
    microseconds = span // timedelta(microseconds=1)
    if microseconds < 1:
        raise StoreError(f"expected spans of a microsecond or more, got {span}; ask for longer ones")
    class_names = class_names_of(connection, chosen)
    start = (records.c.at // microseconds).label("start")
    flag = cast(records.c.needs_review, Integer)
    query = (
        select(
            start,
            records.c.predicted,
            func.count().label("n"),
            func.count(records.c.seconds).label("waited"),
            func.count(flag).label("flagged"),
            func.sum(case((flag == 1, 1), else_=0)).label("reviewed"),
            *(func.sum(records.c[name]).label(name) for name in _SUMMED),
        )
        .where(*chosen_rows(connection, chosen))
        .group_by(start, records.c.predicted)
        .order_by(start, records.c.predicted)
    )
    return _trend(chosen.model, class_names, connection.execute(query).all(), microseconds)


def _trend(model: str, class_names: tuple[str, ...], rows: Sequence[Any], microseconds: int) -> RecordTrend:
    starts, places = np.unique(np.array([row.start for row in rows], np.int64), return_inverse=True)

    def summed(name: str) -> NDArray[np.float64]:
        values = np.array([getattr(row, name) or 0 for row in rows], np.float64)
        return np.asarray(np.bincount(places, values, minlength=len(starts)), np.float64)

    counts = summed("n")
    by_class = np.zeros((len(starts), len(class_names)), np.int64)
    np.add.at(by_class, (places, [row.predicted for row in rows]), [row.n for row in rows])
    with np.errstate(invalid="ignore"):
        return RecordTrend(
            model=model,
            class_names=class_names,
            starts=(starts * microseconds).view("datetime64[us]"),
            counts=counts.astype(np.int64),
            by_class=by_class,
            confidences=summed("confidence") / counts,
            entropies=summed("entropy") / counts,
            seconds=summed("seconds") / summed("waited"),
            review_shares=summed("reviewed") / summed("flagged"),
            statistics={name: (summed(name) / counts).astype(np.float32) for name in STATISTICS},
        )
