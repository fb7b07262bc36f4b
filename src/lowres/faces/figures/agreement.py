"""Which classes are told apart: the confusion matrix, and precision, recall and F1 a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lowres.faces.figures.amounts import MOST_ROWS, legend_spot, row_axes, row_pitch
from lowres.faces.figures.canvas import (
    BLUE,
    DOTS_PER_INCH,
    GRID,
    HEADER_PIXELS,
    INK,
    MARGIN_PIXELS,
    MUTED,
    ORANGE,
    PAPER,
    SAND,
    SKY,
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
from lowres.values.judging.evaluation import ClassScore

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ANNOTATED = 20
MOST_NAMED = 120
RIGHT_COLOURS = (PAPER, SKY, BLUE)
WRONG_COLOURS = (PAPER, SAND, ORANGE, "#8f3d00")


def confusion_matrix(confusion: NDArray[np.int64], class_names: Sequence[str]) -> Drawing:
    """Draw the counts, true classes as rows and predicted ones as columns; blue is right, orange is wrong.

    The colour is the share of its row, on a square-root scale so that one mistake in a hundred is still seen. Up to
    20 classes every count is written; up to 120 every class is named.
    """
    counts = np.asarray(confusion, dtype=np.int64)
    classes = len(counts)
    names = cut_names(class_names, 24 if classes <= MOST_ANNOTATED else 18) if classes <= MOST_NAMED else []
    side = float(np.clip(classes * (105 - 3 * min(classes, 20)), 320, 1000 if classes > MOST_ANNOTATED else 760))
    points = float(np.clip(side / classes * 72 / DOTS_PER_INCH * 0.85, 3.5, 9.5))
    label = text_pixels(names, points) + 14
    fits = label < side / classes
    slant = 30 if fits else label + 6 if classes > MOST_ANNOTATED else label * 0.75 + 10
    left, top = MARGIN_PIXELS + 34 + label, HEADER_PIXELS + 34 + slant
    size = (int(left + max(side + slant + MARGIN_PIXELS, 800)), int(top + side + 120))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    def paint(figure: Figure) -> None:
        axes = add_axes(figure, left, top, side, side)
        _paint_cells(axes, shares)
        _name_sides(axes, names, points, fits=fits)
        if classes <= MOST_ANNOTATED:
            _write_counts(axes, counts, shares, side / classes)
        _explain_colours(figure, left, top + side + 34)

    note = f"n = {counts.sum():,}; {np.trace(counts):,} right, {counts.sum() - np.trace(counts):,} wrong"
    return draw("confusion_matrix", _worst_confusion(counts, class_names), note, size, paint)


def per_class_bars(scores: Sequence[ClassScore]) -> Drawing:
    """Draw each class's recall as a bar with its interval, its precision and F1 as marks; the best class on top.

    What is undefined (the precision of a class never predicted) is left out. Above 60 classes the 60 weakest are drawn.
    """
    ordered = sorted(scores, key=lambda score: -score.f1)[-MOST_ROWS:]
    names = cut_names([score.name for score in ordered])
    pitch = row_pitch(len(ordered))
    rows = np.arange(len(ordered))
    recall = np.array([score.recall if score.support else np.nan for score in ordered])
    precision = np.array([score.precision if score.predicted else np.nan for score in ordered])
    f1 = np.array([score.f1 for score in ordered])
    arms = np.abs(np.array([score.recall_interval for score in ordered]).T - recall)

    def paint(figure: Figure) -> None:
        axes = row_axes(figure, names, HEADER_PIXELS + 40, pitch)
        mark = float(np.clip(pitch / 5, 3.5, 7))
        marks: list[Any] = [
            axes.barh(rows, recall, color=SKY, height=0.7),
            axes.errorbar(recall, rows, xerr=arms, fmt="none", ecolor=BLUE, elinewidth=1.8),
            *axes.plot(precision, rows, "D", color=ORANGE, ms=mark, mec=PAPER, mew=0.7),
            *axes.plot(f1, rows, "|", color=INK, ms=mark * 2.2, mew=1.8),
        ]
        axes.set_xlim(0, 1)
        axes.set_xticks(np.linspace(0, 1, 6), [percent(tick, 0) for tick in np.linspace(0, 1, 6)])
        axes.grid(axis="x")
        words = ["recall: share of its images found", "95 % interval", "precision: share of its answers right", "F1"]
        spot = legend_spot(figure)
        figure.legend(marks, words, loc="upper left", bbox_to_anchor=spot, ncols=4, borderaxespad=0, handlelength=1.2)

    support = [score.support for score in scores]
    each = f"{min(support):,}" if min(support) == max(support) else f"{min(support):,} to {max(support):,}"
    note = f"n = {sum(support):,} test images, {each} a class"
    if len(ordered) < len(scores):
        note += f"; the {MOST_ROWS} weakest of {len(scores)} classes"
    best = max(scores, key=lambda score: score.f1)
    strongest, weakest = cut_names([best.name, ordered[-1].name], 20)
    title = f"Strongest class: {strongest} (F1 {best.f1:.2f}); weakest: {weakest} ({ordered[-1].f1:.2f})"
    height = HEADER_PIXELS + 40 + len(ordered) * pitch + 60
    return draw("per_class_bars", title, note, (WIDTH_PIXELS, height), paint)


def _worst_confusion(counts: NDArray[np.int64], class_names: Sequence[str]) -> str:
    wrong = counts - np.diag(np.diag(counts))
    if not wrong.any():
        return "No class was taken for another"
    true, predicted = divmod(int(wrong.argmax()), len(wrong))
    seen, said = cut_names([class_names[true], class_names[predicted]])
    return f"Most often: {seen} taken for {said}, {wrong[true, predicted]:,} of {counts[true].sum():,}"


def _paint_cells(axes: Axes, shares: NDArray[np.float64]) -> None:
    from matplotlib.colors import PowerNorm

    diagonal = np.eye(len(shares), dtype=bool)
    scale = PowerNorm(0.5, 0, 1)
    axes.imshow(np.ma.masked_where(~diagonal, shares), cmap=ramp(*RIGHT_COLOURS), norm=scale)
    axes.imshow(np.ma.masked_where(diagonal, shares), cmap=ramp(*WRONG_COLOURS), norm=scale)
    lines = np.arange(len(shares) + 1) - 0.5
    # Two collections: a tick for every line takes seconds at a hundred classes.
    width = 0.8 if len(shares) <= 60 else 0.3
    axes.vlines(lines, lines[0], lines[-1], color=GRID, linewidth=width)
    axes.hlines(lines, lines[0], lines[-1], color=GRID, linewidth=width)
    axes.spines[:].set_visible(False)


def _name_sides(axes: Axes, names: Sequence[str], points: float, *, fits: bool) -> None:
    axes.xaxis.set_ticks_position("top")
    axes.xaxis.set_label_position("top")
    turn: dict[str, Any] = {}
    if not fits:
        turn = {"rotation": 45, "ha": "left", "rotation_mode": "anchor"} if len(names) <= 20 else {"rotation": 90}
    axes.set_xticks(np.arange(len(names)), names, size=points, **turn)
    axes.set_yticks(np.arange(len(names)), names, size=points)
    axes.tick_params(which="both", length=0)
    axes.set_ylabel("true class", color=MUTED)
    axes.set_xlabel("predicted class", color=MUTED, labelpad=8)


def _write_counts(axes: Axes, counts: NDArray[np.int64], shares: NDArray[np.float64], cell_pixels: float) -> None:
    digits = len(f"{counts.max():,}")
    points = float(np.clip(cell_pixels * 72 / DOTS_PER_INCH / digits * 1.25, 5, 11))
    for row, column in zip(*np.nonzero(counts), strict=True):
        dark = shares[row, column] > (0.3 if row == column else 0.35)
        colour = PAPER if dark else INK
        axes.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", size=points, color=colour)


def _explain_colours(figure: Figure, left: float, top: float) -> None:
    # Even in colour, so the ticks (squares of their place) carry the square-root scale.
    places = np.sqrt([0, 0.01, 0.1, 0.25, 0.5, 1])
    for row, (words, colours) in enumerate((("right", RIGHT_COLOURS), ("wrong", WRONG_COLOURS))):
        axes = add_axes(figure, left + 60, top + row * 22, 420, 16)
        axes.imshow(np.linspace(0, 1, 256)[None], cmap=ramp(*colours), aspect="auto", extent=(0, 1, 0, 1))
        axes.set_yticks([0.5], [words], size=8)
        axes.set_xticks(places if row else [], [percent(place**2, 0) for place in places] if row else [], size=8)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    write(figure, left + 514, top + 19, "of the row (its true class)", size=8, color=MUTED)
