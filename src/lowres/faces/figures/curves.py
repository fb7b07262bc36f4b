"""How the training went: accuracy, loss and learning rate by epoch, both phases beside each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lowres.faces.figures.amounts import legend_spot
from lowres.faces.figures.canvas import (
    BLUE,
    GRID,
    HEADER_PIXELS,
    INK,
    MARGIN_PIXELS,
    MUTED,
    PAPER,
    RUST,
    WIDTH_PIXELS,
    Drawing,
    add_axes,
    cut,
    draw,
    text_pixels,
)
from lowres.faces.figures.curves_headline import headline
from lowres.faces.numbers_in_words import percent
from lowres.faces.training_course import TrainingCourse
from lowres.values.training.history import EpochRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEFT = MARGIN_PIXELS + 90
_ACROSS = WIDTH_PIXELS - _LEFT - MARGIN_PIXELS - 20
_TOP, _ACCURACY, _LOSS, _RATE, _GAP = HEADER_PIXELS + 66, 330, 250, 90, 22
# Above so many epochs the dots of a line would touch.
_MOST_DOTS = 40
_MOST_TICKS = 14
# Where one value is so many times another, only a logarithmic scale shows both.
_FAR_APART = 5
_FROZEN = "frozen trunk"
_LEAST_ACCURACY, _LEAST_LOSS = 0.05, 0.3
_BACKING: dict[str, Any] = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5, "alpha": 0.85}


@dataclass(frozen=True)
class _Phase:
    """Consecutive epochs drawn side by side.

    more: what its name is followed by where there is room. left, right: where its ground begins and ends, in epochs.
    """

    name: str
    more: str
    rows: tuple[EpochRow, ...]
    kept: EpochRow | None
    left: float
    right: float

    @property
    def places(self) -> NDArray[np.float64]:
        return np.arange(len(self.rows), dtype=np.float64) + (self.right - len(self.rows) + 0.5)

    def values(self, name: str) -> NDArray[np.float64]:
        found = [getattr(row, name) for row in self.rows]
        return np.array([np.nan if value is None else value for value in found], dtype=np.float64)


def training_curves(course: TrainingCourse, *, classes: int, validation_images: int, from_layer: str = "") -> Drawing:
    """Draw accuracy, loss and rate against the epoch; the phases stand beside each other, the frozen one first.

    A phase's result is ringed; where the frozen phase has no epochs, its head being solved at once, the result is a
    dashed line. The course needs epochs. from_layer: the first layer that fine-tuning trained; empty: all.
    """
    phases = _phases(course, from_layer)
    has_rates = any(np.isfinite(phase.values("learning_rate")).any() for phase in phases)
    height = _TOP + _ACCURACY + _GAP + _LOSS + (_GAP + _RATE if has_rates else 0) + 76

    def paint(figure: Figure) -> None:
        accuracy = add_axes(figure, _LEFT, _TOP, _ACROSS, _ACCURACY)
        loss = add_axes(figure, _LEFT, _TOP + _ACCURACY + _GAP, _ACROSS, _LOSS)
        below = [add_axes(figure, _LEFT, _TOP + _ACCURACY + _LOSS + 2 * _GAP, _ACROSS, _RATE)] if has_rates else []
        _paint_accuracy(accuracy, phases, course, 1 / classes)
        _paint_loss(loss, phases, course, math.log(classes))
        for axes in below:
            _paint_rate(axes, phases)
        for axes in (accuracy, loss, *below):
            _paint_ground(axes, phases, labelled=axes is (below or [loss])[-1])
        _name_phases(accuracy, phases)
        lines, words = accuracy.get_legend_handles_labels()
        spot = legend_spot(figure)
        figure.legend(lines, words, loc="upper left", bbox_to_anchor=spot, ncols=4, borderaxespad=0, handlelength=2.2)

    note = f"n = {validation_images:,} validation images; training values are means over the epoch as it went"
    return draw("training_curves", headline(course), note, (WIDTH_PIXELS, height), paint)


def _phases(course: TrainingCourse, from_layer: str) -> list[_Phase]:
    """The frozen phase where there is one, on a little ground where it has no epochs; fine-tuning; its student."""
    head, tuning, student = course.head_epochs, course.fine_tuning, course.student
    phases: list[_Phase] = []
    begins = 0.0
    if course.frozen is not None:
        begins = float(len(head) or 0.18 * len(tuning))
        kept = course.frozen if course.frozen in head else None
        learning = f", head: {cut(head[0].head, 30)}" if head else ""
        phases.append(_Phase(_FROZEN, learning, head, kept, 0.0, begins))
    if tuning:
        name = "training" if course.frozen is None else "fine-tuning"
        more = f" from {cut(from_layer, 24)} up" if from_layer else " of the whole network"
        phases.append(_Phase(name, more, tuning, course.tuned, begins, begins + len(tuning)))
    if student:
        begins = phases[-1].right
        phases.append(_Phase("student", " of that network", student, course.taught, begins, begins + len(student)))
    return phases


def _paint_accuracy(axes: Axes, phases: Sequence[_Phase], course: TrainingCourse, chance: float) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    _paint_lines(axes, phases, "accuracy", "validation_accuracy")
    seen = [phase.values(name) for phase in phases for name in ("accuracy", "validation_accuracy")]
    values = np.concatenate([*seen, [course.level.validation_accuracy] if course.level else []])
    low, room = _span(values, _LEAST_ACCURACY)
    axes.set_ylim(max(-0.01, low - 0.16 * room), low + 1.16 * room)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, 0)))
    axes.set_ylabel("accuracy")
    axes.grid(axis="y")
    for phase in phases:
        if phase.kept is not None:
            _ring(axes, phase, phase.kept, course.level)
    if course.level is not None:
        _paint_level(axes, course, course.level)
    if axes.get_ylim()[0] < chance:
        _paint_chance(axes, chance, f"chance: {percent(chance)}")


def _paint_loss(axes: Axes, phases: Sequence[_Phase], course: TrainingCourse, chance: float) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    _paint_lines(axes, phases, "loss", "validation_loss")
    if course.level is not None:
        axes.axhline(course.level.validation_loss, color=BLUE, linewidth=1.2, linestyle=(0, (6, 3)))
    seen = [phase.values(name) for phase in phases for name in ("loss", "validation_loss")]
    low, room = _span(np.concatenate([*seen, [chance]]), _LEAST_LOSS * chance)
    high = low + room
    if low > 0 and high / low > _FAR_APART:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(low / 1.25, high * 1.4)
    else:
        axes.set_ylim(low - 0.1 * room, high + 0.12 * room)
    axes.set_ylabel("loss")
    axes.grid(axis="y")
    _paint_chance(axes, chance, f"chance: ln(classes) = {chance:.2f}")


def _paint_rate(axes: Axes, phases: Sequence[_Phase]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

    tops = []
    for phase in phases:
        rates = phase.values("learning_rate")
        axes.plot(phase.places, rates, color=INK, linewidth=1.4, drawstyle="steps-mid")
        tops += [float(np.nanmax(rates))] if np.isfinite(rates).any() else []
    axes.set_ylabel("rate")
    axes.grid(axis="y")
    if max(tops) > _FAR_APART * min(tops) > 0:
        axes.set_yscale("log")
        # A cosine ends at nothing, which this scale has no place for.
        axes.set_ylim(min(tops) / 100, max(tops) * 2)
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(0, max(tops) * 1.15 or 1)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _paint_lines(axes: Axes, phases: Sequence[_Phase], training: str, validation: str) -> None:
    dots = sum(len(phase.rows) for phase in phases) <= _MOST_DOTS
    for number, phase in enumerate(phase for phase in phases if phase.rows):
        words = ("training", "validation") if number == 0 else (None, None)
        line: dict[str, Any] = {"marker": "o" if dots else "", "markersize": 4}
        axes.plot(phase.places, phase.values(training), "--", color=MUTED, linewidth=1.6, label=words[0], **line)
        axes.plot(phase.places, phase.values(validation), "-", color=BLUE, linewidth=2.2, label=words[1], **line)


def _ring(axes: Axes, phase: _Phase, kept: EpochRow, level: EpochRow | None) -> None:
    """Ring the kept epoch, with its words on whichever side has more room; none where its dashed line has them."""
    place, height = float(phase.places[phase.rows.index(kept)]), kept.validation_accuracy
    axes.plot(place, height, "o", color="none", markeredgecolor=RUST, markeredgewidth=2, markersize=11, zorder=4)
    if kept is level:
        return
    ends, (first, last) = axes.get_ylim(), axes.get_xlim()
    others = [*ends, kept.accuracy] + ([level.validation_accuracy] if level else [])
    above = min(other - height for other in others if other >= height)
    below = min(height - other for other in others if other <= height)
    is_early = place < first + 0.3 * (last - first)
    side, away = ("bottom", 11) if above > below else ("top", -11)
    words = f"kept: epoch {kept.epoch}, {percent(height)}"
    style: dict[str, Any] = {"size": 9, "color": RUST, "weight": "bold", "va": side, "bbox": _BACKING, "zorder": 5}
    style["ha"] = "left" if is_early else "right"
    axes.annotate(words, (place, height), (-6 if is_early else 6, away), "data", "offset points", **style)


def _paint_level(axes: Axes, course: TrainingCourse, level: EpochRow) -> None:
    height = level.validation_accuracy
    axes.axhline(height, color=BLUE, linewidth=1.2, linestyle=(0, (6, 3)))
    last = (course.student or course.fine_tuning or course.head_epochs)[-1].validation_accuracy
    side, away = ("top", -4) if last >= height else ("bottom", 4)
    kept = "kept: " if course.kept is level else ""
    words = f"{kept}frozen trunk, {cut(level.head, 40)}: {percent(height)}"
    style: dict[str, Any] = {"size": 9, "color": BLUE, "ha": "right", "va": side, "bbox": _BACKING}
    axes.annotate(words, (1, height), (-6, away), ("axes fraction", "data"), "offset points", zorder=3, **style)


def _paint_chance(axes: Axes, height: float, words: str) -> None:
    axes.axhline(height, color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
    style: dict[str, Any] = {"size": 8.5, "color": MUTED, "ha": "right", "va": "bottom"}
    axes.annotate(words, (1, height), (-6, 2), ("axes fraction", "data"), "offset points", **style)


def _paint_ground(axes: Axes, phases: Sequence[_Phase], *, labelled: bool) -> None:
    axes.set_xlim(phases[0].left, phases[-1].right)
    if len(phases) > 1 and phases[0].name == _FROZEN:
        axes.axvspan(phases[0].left, phases[0].right, color=GRID, alpha=0.5, linewidth=0, zorder=-1)
    for phase in phases[:-1]:
        axes.axvline(phase.right, color=INK, linewidth=1.2)
    step = _tick_step(sum(len(phase.rows) for phase in phases))
    ticks = [
        (place, f"{row.epoch:,}")
        for phase in phases
        for place, row in zip(phase.places, phase.rows, strict=True)
        if row.epoch and row.epoch % step == 0
    ]
    axes.set_xticks([place for place, _ in ticks], [words if labelled else "" for _, words in ticks])
    if labelled:
        axes.set_xlabel("epoch, counted in each phase" if len(phases) > 1 and phases[0].rows else "epoch")


def _name_phases(axes: Axes, phases: Sequence[_Phase]) -> None:
    for phase in phases:
        room = _ACROSS * (phase.right - phase.left) / (phases[-1].right - phases[0].left)
        whole = phase.name + phase.more
        words = whole if text_pixels([whole], 9, "bold") < room else phase.name
        middle = ((phase.left + phase.right) / 2, 1)
        style: dict[str, Any] = {"size": 9, "weight": "bold", "ha": "center", "va": "bottom"}
        axes.annotate(words, middle, (0, 5), ("data", "axes fraction"), "offset points", **style)


def _tick_step(epochs: int) -> int:
    steps = (scale * unit for scale in (1, 10, 100, 1000, 10_000) for unit in (1, 2, 5))
    return next(step for step in steps if epochs / step <= _MOST_TICKS)


def _span(values: NDArray[np.float64], least: float) -> tuple[float, float]:
    """Where a panel's values begin and how far they reach, at least so far: what barely moves must look it."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return (low, high - low) if high - low >= least else ((low + high - least) / 2, least)
