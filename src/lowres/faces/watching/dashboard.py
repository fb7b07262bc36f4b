"""The dashboard: how a served model is doing today, as one page that needs nothing from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.faces.numbers_in_words import count
from lowres.faces.page_templates import page_templates
from lowres.faces.report import page_charts as charts
from lowres.faces.report.page_charts import Chart, Line, Look, Tick
from lowres.values.judging.intervals import wilson_interval
from lowres.values.monitoring.record_trend import RecordTrend
from lowres.values.watching.signals import SIGNALS

_TREND_LABELS = 3
_NEWEST = 40


@dataclass(frozen=True, eq=False)
class DashboardData:
    """What the page shows.

    verdicts: as `WindowVerdict.to_json` has them, oldest first. reference_accuracy: of the validation part. trend: of
    the last days, by spans of `span_words`. latencies: seconds of the newest answers. waiting_for_review: predictions a
    person should look at and nobody has. lost: not recorded, by reason. then, now: pictures of the validation part, and
    those kept of what alarms, by record id.
    """

    model: str
    version: int
    class_names: tuple[str, ...]
    reference_accuracy: float | None
    verdicts: Sequence[dict[str, Any]]
    trend: RecordTrend | None
    span_words: str
    latencies: NDArray[np.float32]
    waiting_for_review: int
    lost: dict[str, int]
    then: Sequence[NDArray[np.uint8]] = ()
    now: dict[str, NDArray[np.uint8]] = field(default_factory=dict)


def render_dashboard(data: DashboardData, at: datetime | None = None) -> str:
    """Return the page; at: when it was made, now where left out."""
    page = page_templates()
    newest = data.verdicts[-1] if data.verdicts else None
    recent = list(data.verdicts[-_NEWEST:])
    context = {
        "data": data,
        "newest": newest,
        "made": f"{(at or datetime.now(UTC)):%Y-%m-%d %H:%M} UTC",
        "alarms": [one for one in recent if not one["calm"]][::-1][:8],
        "charts": [*_window_charts(recent, data.reference_accuracy), *_trend_charts(data)],
        "classes": _class_rows(data, recent),
        "shifts": _shift_rows(recent),
        "latency": _latency(data.latencies),
        "queue": count(data.waiting_for_review, "prediction"),
        "figures": {},
        "box": charts,
    }
    return page.get_template("dashboard.html.j2").render(context)


def _window_charts(verdicts: Sequence[dict[str, Any]], reference: float | None) -> list[Chart]:
    if not verdicts:
        return []
    estimates = [one["estimated_accuracy"] for one in verdicts]
    places = list(range(len(verdicts)))
    lows = [one["interval"][0] for one in estimates]
    highs = [one["interval"][1] for one in estimates]
    labelled = [(place, one["labelled_accuracy"]) for place, one in enumerate(verdicts) if one["labelled_accuracy"]]
    known: tuple[Look, ...] = tuple("blue" if one["is_known"] else "muted" for one in estimates)
    lines = [
        Line(
            tuple((place, one["accuracy"]) for place, one in zip(places, estimates, strict=True)),
            "blue",
            "reckoned without labels",
            has_dots=True,
        )
    ]
    if labelled:
        lines.append(
            Line(tuple((place, one["accuracy"]) for place, one in labelled), "rust", "by labels", has_dots=True)
        )
    if reference is not None:
        lines.append(Line(((places[0], reference), (max(places[-1], 1), reference)), "muted", "validation", True))
    low, high = charts.padded([*lows, *highs, *([reference] if reference is not None else [])], 0.1, 0, 1)
    ticks = tuple((tick, f"{tick:.0%}") for tick in charts.round_ticks(low, high))
    return [
        Chart(
            "Accuracy, window by window",
            f"The newest is about {estimates[-1]['accuracy']:.0%}.",
            "window, the newest at the right (UTC)",
            "accuracy",
            (-0.4, max(places[-1], 1) + 0.4),
            (low, high),
            _window_ticks(verdicts),
            ticks,
            lines=tuple(lines),
            spans=tuple(zip(places, lows, highs, known, strict=True)),
        )
    ]


def _window_ticks(verdicts: Sequence[dict[str, Any]]) -> tuple[Tick, ...]:
    step = max(1, len(verdicts) // _TREND_LABELS)
    return tuple((place, str(verdicts[place]["end"])[11:16]) for place in range(step // 2, len(verdicts), step))


def _trend_charts(data: DashboardData) -> list[Chart]:
    trend = data.trend
    if trend is None or len(trend) < 2:
        return []
    hours = (trend.starts - trend.starts[0]).astype("timedelta64[s]").astype(np.int64) / 3600
    rows: list[tuple[str, NDArray[Any], float]] = [
        (f"Predictions {data.span_words}", trend.counts.astype(float), 1.0),
        ("Confidence, mean", trend.confidences, 0.1),
        ("Brightness, mean", trend.statistics["brightness"].astype(float), 0.1),
        ("Sharpness, mean", trend.statistics["sharpness"].astype(float), 1e-3),
        ("Seconds until the answer, mean", trend.seconds, 0.01),
        ("Share a person should look at", trend.review_shares, 0.05),
    ]
    return [
        _trend_chart(title, hours, values, least, trend.starts)
        for title, values, least in rows
        if np.isfinite(values).sum() > 1
    ]


def _trend_chart(
    title: str, hours: NDArray[np.float64], values: NDArray[Any], least: float, starts: NDArray[np.datetime64]
) -> Chart:
    known = np.isfinite(values)
    points = tuple((float(x), float(y)) for x, y in zip(hours[known], values[known], strict=True))
    low, high = charts.padded([y for _, y in points], least, low_end=0)
    step = max(1, len(hours) // _TREND_LABELS)
    places = range(step // 2, len(hours), step)
    ticks = tuple((float(hours[place]), str(starts[place])[5:16].replace("T", " ")) for place in places)
    numbers = tuple((tick, f"{tick:g}") for tick in charts.round_ticks(low, high))
    words = f"From {points[0][1]:.3g} to {points[-1][1]:.3g}."
    ends = (float(hours[0]), max(float(hours[-1]), 1e-6))
    return Chart(title, words, "time, UTC", "", ends, (low, high), ticks, numbers, lines=(Line(points, "blue"),))


def _class_rows(data: DashboardData, verdicts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """By class given by people, over the windows shown; and the share of answers of the newest window."""
    if not verdicts:
        return []
    sums = np.zeros((len(data.class_names), 2), np.int64)
    for one in verdicts:
        if one["labelled_accuracy"]:
            sums += np.array(one["labelled_accuracy"]["by_class"], np.int64).reshape(sums.shape)
    mix = np.array(verdicts[-1]["mix"], np.float64)
    shares = mix / max(1.0, mix.sum())
    return [
        {
            "name": name,
            "share": float(shares[number]),
            "n": int(n),
            "accuracy": right / n if n else None,
            "interval": wilson_interval(int(right), int(n)) if n else None,
        }
        for number, (name, (right, n)) in enumerate(zip(data.class_names, sums, strict=True))
    ]


def _shift_rows(verdicts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each test with its size in the newest window and in those before."""
    if not verdicts:
        return []
    alarmed = {alarm["test"] for alarm in verdicts[-1]["alarms"]}
    rows = []
    for test, shift in verdicts[-1]["shifts"].items():
        signal = SIGNALS.get(test)
        words = "" if signal is None else {-1: signal.less, 0: "", 1: signal.more}[shift["direction"]]
        rows.append(
            {
                "test": test,
                "size": shift["size"],
                "words": words if test in alarmed else "",
                "is_alarmed": test in alarmed,
                "course": [one["shifts"].get(test, {"size": 0})["size"] for one in verdicts],
            }
        )
    return sorted(rows, key=lambda row: -float(str(row["size"])))


def _latency(seconds: NDArray[np.float32]) -> dict[str, float] | None:
    known = seconds[np.isfinite(seconds)]
    if not len(known):
        return None
    return {"n": len(known), "median": float(np.median(known)) * 1000, "p95": float(np.quantile(known, 0.95)) * 1000}
