"""How many images each class has, and in which part of the split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lowres.faces.figures.canvas import (
    BLUE,
    HEADER_PIXELS,
    INK,
    MARGIN_PIXELS,
    ORANGE,
    SKY,
    WIDTH_PIXELS,
    Drawing,
    add_axes,
    count_axis,
    cut_names,
    draw,
    text_pixels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS = 60
_PART_COLOURS = (BLUE, SKY, ORANGE)


def class_counts(counts: Mapping[str, NDArray[np.int64]], class_names: Sequence[str]) -> Drawing:
    """Draw images per class as stacked bars, one colour a part; largest class on top.

    counts: int `[classes]` for each part's name. Above 60 classes the 30 largest and the 30 smallest are drawn.
    """
    table = np.stack([np.asarray(part, dtype=np.int64) for part in counts.values()])
    totals = table.sum(axis=0)
    shown = ends_of(np.argsort(-totals, kind="stable"))
    note = f"n = {table.sum():,}: " + ", ".join(f"{part.sum():,} {name}" for name, part in counts.items())
    if len(shown) < len(totals):
        note += f"; the {MOST_ROWS // 2} largest and {MOST_ROWS // 2} smallest of {len(totals)} classes"
    names = cut_names([class_names[row] for row in shown])
    pitch = row_pitch(len(shown))
    height = HEADER_PIXELS + 40 + len(shown) * pitch + 70

    def paint(figure: Figure) -> None:
        axes = row_axes(figure, names, HEADER_PIXELS + 40, pitch)
        left = np.zeros(len(shown))
        for colour, (name, part) in zip(_PART_COLOURS, counts.items(), strict=False):
            axes.barh(np.arange(len(shown)), part[shown], left=left, color=colour, height=0.74, label=name)
            left += part[shown]
        if len(shown) <= 30:
            for row, total in enumerate(left):
                axes.annotate(f"{total:,.0f}", (total, row), (4, 0), textcoords="offset points", va="center", size=8.5)
        axes.set_xlim(0, max(1.0, float(left.max())) * 1.09)
        axes.set_xlabel("images")
        count_axis(axes.xaxis)
        axes.grid(axis="x")
        figure.legend(loc="upper left", bbox_to_anchor=legend_spot(figure), ncols=3, borderaxespad=0, handlelength=1.0)

    return draw("class_counts", _headline(totals, class_names), note, (WIDTH_PIXELS, height), paint)


def ends_of(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the whole order, or its first and last 30 where it is longer than 60."""
    half = MOST_ROWS // 2
    return order if len(order) <= MOST_ROWS else np.concatenate([order[:half], order[-half:]])


def row_pitch(rows: int) -> int:
    """Pixels from one row to the next: airy for a few classes, tight for many."""
    return int(np.clip(900 / rows, 22, 46))


def row_axes(figure: Figure, names: Sequence[str], top: float, pitch: float) -> Axes:
    """Return axes with one row a name, the first on top, the names on the left in full width."""
    points = 9.5 if pitch >= 26 else 7.5
    left = MARGIN_PIXELS + text_pixels(names, points) + 18
    axes = add_axes(figure, left, top, WIDTH_PIXELS - left - MARGIN_PIXELS - 20, len(names) * pitch)
    axes.set_yticks(np.arange(len(names)), names, size=points)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_color(INK)
    axes.set_ylim(len(names) - 0.5, -0.5)
    return axes


def legend_spot(figure: Figure) -> tuple[float, float]:
    """Return where a legend starts, as fractions of the figure: under the two lines of words."""
    width, height = figure.get_size_inches() * figure.dpi
    return (MARGIN_PIXELS - 4) / width, 1 - (HEADER_PIXELS - 6) / height


def _headline(totals: NDArray[np.int64], class_names: Sequence[str]) -> str:
    low, high = int(totals.min()), int(totals.max())
    if low == high:
        return f"Every class has {high:,} images"
    if high < 1.5 * low:
        return f"The classes are of similar size: {low:,} to {high:,} images"
    largest, smallest = cut_names([class_names[int(totals.argmax())], class_names[int(totals.argmin())]])
    return f"{largest} has {high / max(low, 1):.1f} times the images of {smallest}"
