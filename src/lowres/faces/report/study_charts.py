"""The charts of a study's page, made from the values its report tells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lowres.faces.numbers_in_words import percent
from lowres.faces.report.data import Reliance
from lowres.faces.report.page_charts import Bar, Chart, Line, Look, Mark, Point, Tick, padded, round_ticks
from lowres.faces.training_course import TrainingCourse
from lowres.values.judging.calibration import reliability_bins
from lowres.values.judging.evaluation import Evaluation
from lowres.values.predictions import Predictions
from lowres.values.training.history import EpochRow

# Consecutive epochs of one phase, with the place of the first.
_Phase = tuple[float, Sequence[EpochRow]]
_BARS = 20
_FEW_IMAGES = 10
_MOST_DOTS, _MOST_TICKS = 40, 12
_EVERY_FIFTH = tuple(step / 5 for step in range(6))


def training_charts(course: TrainingCourse, classes: int) -> tuple[Chart, ...]:
    """Return accuracy and loss by epoch, phase beside phase; none where nothing had epochs."""
    if not course.has_epochs:
        return ()
    level, end = course.level, 0.0
    phases: list[_Phase] = []
    boundaries: tuple[Mark, ...] = ()
    named = (("", course.head_epochs), ("fine-tuning", course.fine_tuning), ("student", course.student))
    for name, rows in named:
        if rows:
            boundaries += (Mark(end, None, name),) if phases else ()
            phases.append((end + 0.5, rows))
            end += len(rows)
    lines = _lines(phases, "accuracy", "validation_accuracy")
    lines += _level(level.validation_accuracy if level else None, end)
    low, high = padded(_heights(lines), 0.05, 0.0, 1.0)
    accuracy = Chart(
        title="Accuracy by epoch",
        words=_told(phases, "validation_accuracy", "validation accuracy"),
        x_label="epoch",
        y_label="accuracy",
        x_range=(0, end),
        y_range=(low, high),
        x_ticks=_epoch_ticks(phases),
        y_ticks=_percents(round_ticks(low, high)),
        lines=lines,
        marks=(*boundaries, *_rings(course, phases)),
    )
    lines = _lines(phases, "loss", "validation_loss") + _level(level.validation_loss if level else None, end)
    low, high = padded(_heights(lines), 0.1, 0.0, 1.4 * math.log(classes))
    loss = replace(
        accuracy,
        title="Loss by epoch",
        words=_told(phases, "validation_loss", "validation loss"),
        y_label="loss",
        y_range=(low, high),
        y_ticks=tuple((value, f"{value:g}") for value in round_ticks(low, high)),
        lines=lines,
        marks=boundaries,
    )
    return accuracy, loss


def reliability_chart(predictions: Predictions, evaluation: Evaluation) -> Chart:
    """Return the share that was right against the confidence claimed, before and after the temperature."""
    claims: tuple[tuple[str, Look, bool, float], ...] = (
        ("as trained", "rust", True, 1.0),
        ("after the temperature", "blue", False, evaluation.temperature),
    )
    lines: list[Line] = [Line(((0, 0), (1, 1)), "muted", "as right as it claims", is_dashed=True)]
    spans: list[tuple[float, float, float, Look]] = []
    for words, look, is_dashed, temperature in claims:
        bins = reliability_bins(predictions.probabilities(temperature), predictions.labels)
        trusted = [row for row in bins if row.n >= _FEW_IMAGES]
        points = tuple((row.confidence, row.accuracy) for row in trusted)
        lines.append(Line(points, look, words, is_dashed, has_dots=True))
        spans += [(row.confidence, *row.accuracy_interval, look) for row in trusted]
    return Chart(
        title="How often it is right, by how sure it is",
        words=(
            f"Mean distance between confidence and accuracy: {percent(evaluation.ece)} as trained, "
            f"{percent(evaluation.ece_after_temperature)} after the temperature."
        ),
        x_label="confidence in the answer",
        y_label="share that was right",
        x_range=(0, 1),
        y_range=(0, 1),
        x_ticks=_percents(_EVERY_FIFTH),
        y_ticks=_percents(_EVERY_FIFTH),
        lines=tuple(lines),
        spans=tuple(spans),
    )


def confidence_chart(confidence: NDArray[np.float64], is_right: NDArray[np.bool_]) -> Chart:
    """Return right answers upwards and wrong ones downwards by confidence, each as a share of its own kind."""
    upwards, downwards = (_shares(confidence[members]) for members in (is_right, ~is_right))
    tallest = max(*upwards, *downwards)
    lowest, highest = -1.06 * max(*downwards, 0.1 * tallest), 1.06 * max(*upwards, 0.1 * tallest)
    ticks = round_ticks(0, tallest, 4)
    both = sorted({-tick for tick in ticks} | set(ticks))
    right, wrong = int(is_right.sum()), int((~is_right).sum())
    return Chart(
        title="How sure it is when right (up) and when wrong (down)",
        words=f"{right:,} right answers above the line, {wrong:,} wrong ones below it, each as shares of its own kind.",
        x_label="confidence in the answer",
        y_label="share of its kind",
        x_range=(0, 1),
        y_range=(lowest, highest),
        x_ticks=_percents(_EVERY_FIFTH),
        y_ticks=tuple((tick, percent(abs(tick), 0)) for tick in both if lowest <= tick <= highest),
        lines=(Line(((0, 0), (1, 0)), "ink"),),
        bars=_bars(upwards, "blue") + _bars([-share for share in downwards], "rust"),
    )


def risk_chart(reliance: Reliance) -> Chart:
    """Return the share wrong among the answers given against the share given, the surest first."""
    points = reliance.curve.points
    outcome = reliance.review.outcome if reliance.review else None
    top = 1.1 * max(0.01, *(point.risk for point in points))
    marks: tuple[Mark, ...] = ()
    if outcome is not None and outcome.error is not None:
        marks = (Mark(outcome.coverage, outcome.error, f"answers {percent(outcome.coverage, 0)} itself"),)
    return Chart(
        title="Wrong among the answers it gives itself, the surest first",
        words=f"On all {percent(points[-1].risk)} are wrong; area under the curve {percent(reliance.curve.aurc, 2)}.",
        x_label="share of the pictures it answers itself",
        y_label="share of those that is wrong",
        x_range=(0, 1),
        y_range=(0, top),
        x_ticks=_percents(_EVERY_FIFTH),
        y_ticks=_percents(round_ticks(0, top)),
        lines=(Line(tuple((point.coverage, point.risk) for point in points), "blue"),),
        marks=marks,
    )


def _epoch_ticks(phases: Sequence[_Phase]) -> tuple[Tick, ...]:
    """Every epoch's number, or of many epochs every second, fifth, ..."""
    epochs = sum(len(rows) for _, rows in phases)
    every = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if epochs / step <= _MOST_TICKS or step == 1000)
    return tuple(
        (first + place, str(row.epoch))
        for first, rows in phases
        for place, row in enumerate(rows)
        if row.epoch and row.epoch % every == 0
    )


def _rings(course: TrainingCourse, phases: Sequence[_Phase]) -> tuple[Mark, ...]:
    """A ring around the epoch of each phase that was kept."""
    kept = [row for row in (course.frozen, course.tuned, course.taught) if row is not None]
    return tuple(
        Mark(first + place, row.validation_accuracy, f"kept: epoch {row.epoch}")
        for first, rows in phases
        for place, row in enumerate(rows)
        if row in kept
    )


def _lines(phases: Sequence[_Phase], training: str, validation: str) -> tuple[Line, ...]:
    has_dots = sum(len(rows) for _, rows in phases) <= _MOST_DOTS
    lines: list[Line] = []
    for number, phase in enumerate(phases):
        words = ("training", "validation") if number == 0 else ("", "")
        lines.append(Line(_course(phase, training), "muted", words[0], is_dashed=True, has_dots=has_dots))
        lines.append(Line(_course(phase, validation), "blue", words[1], has_dots=has_dots))
    return tuple(lines)


def _course(phase: _Phase, name: str) -> tuple[Point, ...]:
    first, rows = phase
    return tuple((first + place, getattr(row, name)) for place, row in enumerate(rows))


def _level(height: float | None, end: float) -> tuple[Line, ...]:
    return () if height is None else (Line(((0, height), (end, height)), "rust", "frozen trunk", is_dashed=True),)


def _heights(lines: Sequence[Line]) -> list[float]:
    return [y for line in lines for _, y in line.points]


def _percents(values: Sequence[float]) -> tuple[Tick, ...]:
    digits = 0 if all(abs(100 * value - round(100 * value)) < 1e-6 for value in values) else 1
    return tuple((value, percent(value, digits)) for value in values)


def _told(phases: Sequence[_Phase], name: str, words: str) -> str:
    """The course in words: where it began and ended."""
    rows = [row for _, found in phases for row in found]
    return f"{words} went from {getattr(rows[0], name):.3f} to {getattr(rows[-1], name):.3f} in {len(rows)} epochs."


def _shares(confidence: NDArray[np.float64]) -> list[float]:
    counts, _ = np.histogram(confidence, bins=np.linspace(0, 1, _BARS + 1))
    return [count / max(len(confidence), 1) for count in counts.tolist()]


def _bars(shares: Sequence[float], look: Look) -> tuple[Bar, ...]:
    wide, gap = 1 / _BARS, 0.003
    return tuple(
        Bar((place * wide + gap, 0.0), ((place + 1) * wide - gap, share), look)
        for place, share in enumerate(shares)
        if share
    )
