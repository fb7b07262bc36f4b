"""Charts as the page draws them: lines on a small plot, as SVG that takes the page's colours, light or dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Look = Literal["blue", "rust", "muted", "ink"]
Point = tuple[float, float]
Tick = tuple[float, str]

# Narrow enough that its words can still be read on a phone; the page sets two beside each other where there is room.
WIDTH, HEIGHT = 360, 256
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 24, 40


@dataclass(frozen=True)
class Line:
    """A line through points, in the chart's own units; words: its key, none where it needs no telling."""

    points: tuple[Point, ...]
    look: Look
    words: str = ""
    is_dashed: bool = False
    has_dots: bool = False


@dataclass(frozen=True)
class Bar:
    """A filled rectangle from one corner to the other, in the chart's units."""

    low: Point
    high: Point
    look: Look


@dataclass(frozen=True)
class Mark:
    """A ring around a point, or an upright line where it has no height, with its words."""

    x: float
    y: float | None
    words: str


@dataclass(frozen=True)
class Chart:
    """What a chart shows: what is drawn, between which ends, and what stands along its axes.

    x_range, y_range: the ends of the axes; an axis may run downwards. spans: upright intervals as (x, low, high).
    words: what a reader hears who does not see it.
    """

    title: str
    words: str
    x_label: str
    y_label: str
    x_range: Point
    y_range: Point
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...] = ()
    bars: tuple[Bar, ...] = ()
    spans: tuple[tuple[float, float, float, Look], ...] = ()
    marks: tuple[Mark, ...] = ()

    def x(self, value: float) -> float:
        """Where a value lies across, in the drawing's units."""
        low, high = self.x_range
        return round(LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """Where a value lies down; what lies beyond the axis is drawn at its end."""
        low, high = self.y_range
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def path(self, line: Line) -> str:
        """The line as an SVG path."""
        return "M" + "L".join(f"{self.x(x):g} {self.y(y):g}" for x, y in line.points) if line.points else ""

    def corner(self, bar: Bar) -> tuple[float, float, float, float]:
        """A bar's left, top, width and height."""
        left, right = sorted((self.x(bar.low[0]), self.x(bar.high[0])))
        top, bottom = sorted((self.y(bar.low[1]), self.y(bar.high[1])))
        return left, top, round(right - left, 1), round(bottom - top, 1)

    @property
    def keys(self) -> tuple[Line, ...]:
        """The lines that have words."""
        return tuple(line for line in self.lines if line.words)


def round_ticks(low: float, high: float, most: int = 5) -> tuple[float, ...]:
    """Return at most `most` round numbers between two ends, evenly apart: steps of 1, 2 or 5 times a power of ten."""
    if high <= low:
        return (low,)
    raw = (high - low) / most
    scale = 10.0 ** math.floor(math.log10(raw))
    steps = (unit * scale * power for power in (1, 10) for unit in (1, 2, 5))
    for step in steps:
        first = math.ceil(low / step - 1e-9)
        last = math.floor(high / step + 1e-9)
        if last - first < most:
            return tuple(round(number * step, 12) for number in range(first, last + 1))
    return (low, high)


def padded(values: Sequence[float], least: float, low_end: float = -math.inf, high_end: float = math.inf) -> Point:
    """Return ends that hold the values with a little room, at least `least` apart, never beyond the ends given."""
    low, high = min(values), max(values)
    lack = max(0.0, least - (high - low)) / 2
    room = 0.06 * max(high - low, least)
    return max(low_end, low - lack - room), min(high_end, high + lack + room)
