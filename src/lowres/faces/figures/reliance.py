"""How far to rely on it: what leaving the doubtful images to people gains, and what damaged images cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lowres.faces.figures.amounts import legend_spot
from lowres.faces.figures.canvas import (
    BLUE,
    HEADER_PIXELS,
    INK,
    MARGIN_PIXELS,
    MUTED,
    ORANGE,
    PAPER,
    RUST,
    SAND,
    WIDTH_PIXELS,
    Drawing,
    add_axes,
    cut_names,
    draw,
    ramp,
    text_pixels,
    write,
)
from lowres.faces.numbers_in_words import percent
from lowres.values.judging.robustness import Robustness
from lowres.values.judging.selective import ReviewOutcome, RiskCoverage

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOSS_COLOURS = (PAPER, SAND, ORANGE, "#8f3d00")
_LEFT = MARGIN_PIXELS + 90
_ACROSS = WIDTH_PIXELS - _LEFT - MARGIN_PIXELS - 20
_CELL, _ROW = 120, 44


def risk_coverage(curve: RiskCoverage, n: int, outcome: ReviewOutcome | None = None) -> Drawing:
    """Draw the share of wrong answers against the share of images answered, the surest first.

    outcome: what the review threshold that validation chose came to on these `n` images; drawn as a point.
    """
    coverage = np.array([point.coverage for point in curve.points])
    risk = np.array([point.risk for point in curve.points])

    def paint(figure: Figure) -> None:
        axes = add_axes(figure, _LEFT, HEADER_PIXELS + 44, _ACROSS, 480)
        axes.plot(coverage, risk, color=BLUE, linewidth=2.4, label="wrong among the answers given")
        ideal = np.maximum(coverage - (1 - risk[-1]), 0) / coverage
        axes.plot(coverage, ideal, color=MUTED, linewidth=1.4, linestyle="--", label="if it doubted its mistakes most")
        if outcome is not None and outcome.error is not None:
            _mark(axes, outcome.coverage, outcome.error)
        top = max(float(risk.max()), 0.01) * 1.12
        axes.set_xlim(0, 1)
        axes.set_ylim(0, top)
        axes.set_xticks(np.linspace(0, 1, 11), [percent(tick, 0) for tick in np.linspace(0, 1, 11)])
        axes.yaxis.set_major_formatter(lambda value, _: percent(value, 0 if top > 0.05 else 1))
        axes.set_xlabel("share of the images it answers itself, the surest first")
        axes.set_ylabel("share of those that is wrong")
        axes.grid()
        figure.legend(loc="upper left", bbox_to_anchor=legend_spot(figure), ncols=3, borderaxespad=0, handlelength=1.8)

    half = float(np.interp(0.5, coverage, risk))
    title = f"On the half it is surest of it is wrong in {percent(half)}, on all in {percent(float(risk[-1]))}"
    note = f"n = {n:,} test images; area under the curve {percent(curve.aurc, 2)}, lowest possible "
    note += percent(curve.lowest_aurc, 2)
    return draw("risk_coverage", title, note, (WIDTH_PIXELS, HEADER_PIXELS + 44 + 480 + 80), paint)


def robustness(found: Robustness) -> Drawing:
    """Draw the accuracy on damaged images as a table: a row each damage, the worst last, a column each severity.

    The colour is the loss against the same images undamaged, so white is harmless.
    """
    rows, clean = sorted(found.corruptions, key=lambda row: -row.mean), found.clean_accuracy
    table = np.array([row.accuracies for row in rows], dtype=np.float64)
    severities = table.shape[1]
    labels = cut_names([row.name for row in rows])
    left = MARGIN_PIXELS + text_pixels(labels, 9.5) + 18
    size = (WIDTH_PIXELS, HEADER_PIXELS + 40 + len(rows) * _ROW + 60)

    def paint(figure: Figure) -> None:
        axes = add_axes(figure, left, HEADER_PIXELS + 40, _CELL * (severities + 1), len(rows) * _ROW)
        whole = np.column_stack([table, table.mean(axis=1)])
        axes.imshow(clean - whole, cmap=ramp(*LOSS_COLOURS), vmin=0, vmax=max(clean, 0.01), aspect="auto")
        axes.set_yticks(np.arange(len(rows)), labels, size=9.5)
        heads = [*(f"severity {number + 1}" for number in range(severities)), "mean"]
        axes.xaxis.set_ticks_position("top")
        axes.set_xticks(np.arange(severities + 1), heads, size=8.5)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.axvline(severities - 0.5, color=PAPER, linewidth=4)
        _write_values(axes, whole, clean)
        write(figure, left, size[1] - 34, "darker: more of the accuracy is lost", size=8.5, color=MUTED)

    title = f"Of damaged images {percent(found.mean_accuracy)} are named correctly, of undamaged {percent(clean)}"
    note = f"n = {found.n:,} test images a cell; hardest: {labels[-1]}, {percent(rows[-1].mean)} on average"
    return draw("robustness", title, note, size, paint)


def _mark(axes: Axes, coverage: float, error: float) -> None:
    axes.plot(coverage, error, "o", color=RUST, markersize=9, zorder=4, label="as validation chose")
    axes.axvline(coverage, color=RUST, linewidth=1, linestyle=(0, (4, 3)))
    words = f"answers {percent(coverage, 0)} itself,\n{percent(error)} of them wrong"
    is_late = coverage > 0.5
    style: dict[str, Any] = {"size": 9, "color": RUST, "weight": "bold", "va": "bottom"}
    style["ha"] = "right" if is_late else "left"
    axes.annotate(words, (coverage, error), (-10 if is_late else 10, 14), "data", "offset points", **style)


def _write_values(axes: Axes, values: NDArray[np.float64], clean: float) -> None:
    for (row, column), value in np.ndenumerate(values):
        dark = clean - value > 0.72 * clean
        weight = "bold" if column == values.shape[1] - 1 else "normal"
        words = percent(float(value), 0)
        axes.text(column, row, words, ha="center", va="center", size=9, color=PAPER if dark else INK, weight=weight)
