"""The house look, and the one way from paint to bytes: the same arrays give the same PNG, byte for byte."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

INK, MUTED, GRID, PAPER = "#1f2a37", "#5d6975", "#e3e7ec", "#ffffff"
# Blue and orange stay apart for every common kind of colour blindness; blue is right, orange is wrong, everywhere.
BLUE, SKY, ORANGE, SAND = "#2b6cb0", "#a9cbee", "#d9721a", "#f6d3b3"
# Orange for words: dark enough to be read at any size on white.
RUST = "#b0500c"

DOTS_PER_INCH = 150
WIDTH_PIXELS = 1200
MARGIN_PIXELS = 36
HEADER_PIXELS = 104

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    # A class may be called "a$b$c"; nothing a user writes is a formula.
    "text.parse_math": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
}
# rc_context changes settings of the whole process, so two threads draw one after the other.
_one_at_a_time = threading.RLock()


@dataclass(frozen=True)
class Drawing:
    """One finished figure: its file name without `.png`, what its title and second line say, and the PNG's bytes."""

    name: str
    title: str
    note: str
    png: bytes = field(repr=False)
    width_pixels: int
    height_pixels: int

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The figure in a notebook, at half its pixels so that dense screens show it sharp."""
        return self.png, {"width": self.width_pixels // 2, "height": self.height_pixels // 2}


def draw(name: str, title: str, note: str, size: tuple[int, int], paint: Callable[[Figure], None]) -> Drawing:
    """Return the drawing that `paint` makes on an empty figure of `size` (width, height) pixels under its two lines."""
    import matplotlib
    from matplotlib.figure import Figure

    buffer = io.BytesIO()
    with _one_at_a_time, matplotlib.rc_context(_house_style()), _quiet_about_glyphs():
        figure = Figure(figsize=(size[0] / DOTS_PER_INCH, size[1] / DOTS_PER_INCH), dpi=DOTS_PER_INCH)
        across = size[0] - 2 * MARGIN_PIXELS
        _write_fitting(figure, 34, title, 13, across, weight="bold")
        _write_fitting(figure, 74, note, 9.5, across, weight="normal", color=MUTED)
        paint(figure)
        figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return Drawing(name, title, note, buffer.getvalue(), *size)


def write(figure: Figure, left: float, top: float, words: str, **style: Any) -> None:
    """Put words on the figure, `left` and `top` in pixels from its upper left corner."""
    width, height = figure.get_size_inches() * figure.dpi
    figure.text(left / width, 1 - top / height, words, **{"va": "center", "ha": "left", **style})


def add_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Return new axes whose frame lies at these pixels from the upper left corner."""
    across, down = figure.get_size_inches() * figure.dpi
    return figure.add_axes((left / across, 1 - (top + height) / down, width / across, height / down))


def count_axis(axis: Axis) -> None:
    """Write the axis' ticks as whole numbers with commas."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    axis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def ramp(*colours: str) -> Colormap:
    """Return a colour map that runs through the colours evenly."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("lowres", colours)


def text_pixels(words: Sequence[str], points: float, weight: str = "normal") -> float:
    """Width in pixels of the widest of some words set in the house font at a size in points; 0 for none."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family=["DejaVu Sans"], weight=weight)))
    widest = 0.0
    with _one_at_a_time, _quiet_about_glyphs():
        font.set_size(points, DOTS_PER_INCH)
        for line in words:
            font.set_text(line, 0.0)
            widest = max(widest, font.get_width_height()[0] / 64)
    return widest


def cut(words: str, longest: int) -> str:
    """Return the words on one line, printable, and ended by an ellipsis where they were longer than `longest`."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def cut_names(names: Sequence[str], longest: int = 24) -> list[str]:
    """Return names fit for a label; where the ends that differ would be cut off, the middle goes instead."""
    short = [cut(name, longest) for name in names]
    twins = {name for name in short if short.count(name) > 1}
    return [_cut_middle(whole, longest) if name in twins else name for whole, name in zip(names, short, strict=True)]


def write_figures(folder: Path, drawings: Sequence[Drawing]) -> dict[str, Path]:
    """Write each drawing as `NAME.png` into the folder, whole or not at all, and return the paths by name."""
    from lowres.files.atomic import atomic_write_bytes

    paths = {drawing.name: folder / f"{drawing.name}.png" for drawing in drawings}
    for drawing in drawings:
        atomic_write_bytes(paths[drawing.name], drawing.png)
    return paths


def _write_fitting(figure: Figure, top: float, words: str, points: float, across: float, **style: Any) -> None:
    """Put words on the figure, smaller where they are too wide, and cut where they would be too small to read."""
    size = max(0.7 * points, points * min(1.0, across / max(text_pixels([words], points, style["weight"]), 1.0)))
    while text_pixels([words], size, style["weight"]) > across:
        words = cut(words, len(words) - 1)
    write(figure, MARGIN_PIXELS, top, words, size=size, **style)


def _cut_middle(name: str, longest: int) -> str:
    line = cut(name, len(name) + 1)
    if len(line) <= longest:
        return line
    half = (longest - 1) // 2
    return f"{line[:half].rstrip()}…{line[-half:].lstrip()}"


@contextmanager
def _quiet_about_glyphs() -> Iterator[None]:
    """A class name in a script that the font lacks is drawn as boxes; the page beside the figure spells it out."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph [0-9]+ ")
        yield


@cache
def _house_style() -> Any:
    """The library's own defaults under the house style, so a user's matplotlibrc changes no figure."""
    import matplotlib

    defaults = {key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith("backend")}
    return defaults | _STYLE
