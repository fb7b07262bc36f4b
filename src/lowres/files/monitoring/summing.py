"""Records are summed up by the database, span by span: only sums leave it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Integer, case, cast, func, select

from lowres.errors import StoreError
from lowres.files.monitoring.instants import to_microseconds
from lowres.files.monitoring.reading import Chosen, class_names_of, keys_of
from lowres.files.monitoring.schema import records
from lowres.values.monitoring.image_statistics import STATISTICS
from lowres.values.monitoring.record_trend import RecordTrend

_SUMMED = ("confidence", "entropy", "seconds", *STATISTICS)
_FLAG = cast(records.c.needs_review, Integer)
_TOTALS = select(
    func.count().label("n"),
    func.count(records.c.seconds).label("waited"),
    func.count(_FLAG).label("flagged"),
    func.sum(case((_FLAG == 1, 1), else_=0)).label("reviewed"),
    *(func.sum(records.c[name]).label(name) for name in _SUMMED),
)
_BY_CLASS = select(records.c.predicted, func.count()).group_by(records.c.predicted)


class _Span(NamedTuple):
    start: int
    totals: Any
    by_class: Sequence[Any]


def read_trend(connection: Connection, chosen: Chosen, span: timedelta) -> RecordTrend:
    """Return counts and means by spans, which begin at whole spans since 1970; refused as `Store.read_trend` is."""
    microseconds = span // timedelta(microseconds=1)
    if microseconds < 1:
        raise StoreError(f"expected spans of a microsecond or more, got {span}; ask for longer ones")
    class_names = class_names_of(connection, chosen)
    return _trend(chosen.model, class_names, list(_spans(connection, chosen, microseconds)), microseconds)


def _spans(connection: Connection, chosen: Chosen, microseconds: int) -> Iterator[_Span]:
    """Each span by itself: grouped by span, SQLite would sort all the wide rows, and take three times as long."""
    keys = tuple(keys_of(connection, chosen))
    begin = 0 if chosen.since is None else to_microseconds(chosen.since)
    end = None if chosen.until is None else to_microseconds(chosen.until)
    while (first := _first_at(connection, keys, begin)) is not None and (end is None or first < end):
        start = first // microseconds
        stop = (start + 1) * microseconds
        stop = stop if end is None else min(stop, end)
        inside: list[ColumnElement[bool]] = [records.c.model.in_(keys), records.c.at >= begin, records.c.at < stop]
        totals = connection.execute(_TOTALS.where(*inside)).one()
        yield _Span(start, totals, connection.execute(_BY_CLASS.where(*inside)).all())
        begin = stop


def _first_at(connection: Connection, keys: Sequence[int], begin: int) -> int | None:
    """The time of the first record from then on; a step into the index for each version."""
    found = [
        connection.execute(
            select(records.c.at).where(records.c.model == key, records.c.at >= begin).order_by(records.c.at).limit(1)
        ).scalar()
        for key in keys
    ]
    return min((one for one in found if one is not None), default=None)


def _trend(model: str, class_names: tuple[str, ...], spans: Sequence[_Span], microseconds: int) -> RecordTrend:
    def summed(name: str) -> NDArray[np.float64]:
        return np.array([getattr(one.totals, name) or 0 for one in spans], np.float64)

    counts = summed("n")
    by_class = np.zeros((len(spans), len(class_names)), np.int64)
    for row, one in zip(by_class, spans, strict=True):
        for predicted, count in one.by_class:
            row[predicted] = count
    with np.errstate(invalid="ignore"):
        return RecordTrend(
            model=model,
            class_names=class_names,
            starts=(np.array([one.start for one in spans], np.int64) * microseconds).view("datetime64[us]"),
            counts=counts.astype(np.int64),
            by_class=by_class,
            confidences=summed("confidence") / counts,
            entropies=summed("entropy") / counts,
            seconds=summed("seconds") / summed("waited"),
            review_shares=summed("reviewed") / summed("flagged"),
            statistics={name: (summed(name) / counts).astype(np.float32) for name in STATISTICS},
        )
