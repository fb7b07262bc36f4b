"""The dashboard of a study whose predictions are recorded: what the watch said, and the record's own sums."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowres.files.monitoring.watch_files import read_reference, read_watched
from lowres.pipeline.serving.recorded_study import find_recorded

if TYPE_CHECKING:
    from lowres.faces.watching.dashboard import DashboardData
    from lowres.files.monitoring.store import Store
    from lowres.values.monitoring.served_record import RecordedModel
    from lowres.values.watching.reference import Reference

# Longer ago is a matter for the store.
_DAYS = 7
_NEWEST = 500
_SPANS = (
    (timedelta(hours=2), timedelta(minutes=5), "in 5 minutes"),
    (timedelta(days=1), timedelta(hours=1), "an hour"),
    (timedelta(days=_DAYS), timedelta(hours=6), "in 6 hours"),
)


def dashboard_page(folder: Path, store: str) -> str:
    """Return the page of the study in `folder`; refused as `open_store` refuses."""
    from lowres.faces.watching.dashboard import render_dashboard
    from lowres.files.monitoring.store import open_store

    with open_store(store, make=False) as opened:
        return render_dashboard(dashboard_data(folder, opened))


def dashboard_data(folder: Path, store: Store) -> DashboardData:
    """Return what the page shows of the study's predictions in an open store."""
    model = find_recorded(folder, store)
    verdicts = [] if model is None else list(read_watched(folder, store.identity, model).verdicts)
    return dashboard_of(folder.resolve().name, store, model, verdicts, read_reference(folder))


def dashboard_of(
    name: str, store: Store, model: RecordedModel | None, verdicts: list[dict[str, Any]], reference: Reference | None
) -> DashboardData:
    """Return what the page shows of a model that is recorded; name: what it is called where it is not."""
    from lowres.faces.watching.dashboard import DashboardData

    shown = [id for verdict in verdicts[-8:] for cause in verdict["causes"][:1] for id in cause["ids"]]
    newest = None if model is None else store.read_window(model.name, model.version, last=_NEWEST, embeddings=False)
    trend, words = (None, "") if newest is None or not len(newest) else _trend(store, model, newest.times[-1])
    return DashboardData(
        model=name if model is None else model.name,
        version=1 if model is None else model.version,
        class_names=() if model is None else model.class_names,
        reference_accuracy=None if reference is None else reference.accuracy,
        verdicts=verdicts,
        trend=trend,
        span_words=words,
        latencies=_latencies(newest),
        waiting_for_review=0 if newest is None else int(((newest.needs_review == 1) & ~newest.is_labelled).sum()),
        lost=store.lost(),
        then=() if reference is None else tuple(reference.examples),
        now=store.read_pictures(shown),
    )


def _latencies(newest: Any) -> Any:
    import numpy as np

    return np.zeros(0, np.float32) if newest is None else newest.seconds


def _trend(store: Store, model: Any, last: Any) -> tuple[Any, str]:
    """The spans of the last week, or of what is newer, in steps that suit."""
    end = datetime.fromtimestamp(last.astype("datetime64[us]").astype(int) / 1e6, UTC) + timedelta(seconds=1)
    week = store.read_window(model.name, model.version, since=end - timedelta(days=_DAYS), first=1, embeddings=False)
    begin = datetime.fromtimestamp(week.times[0].astype("datetime64[us]").astype(int) / 1e6, UTC)
    length = end - begin
    span, words = next(((span, words) for most, span, words in _SPANS if length <= most), _SPANS[-1][1:])
    return store.read_trend(model.name, model.version, span=span, since=begin, until=end), words
