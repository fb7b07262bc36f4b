"""A curve of a few lines of text: what a training has come to so far, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from lowres.faces.numbers_in_words import percent, with_plain_spaces

# A character filled from below by eighths.
_EIGHTHS = " ▁▂▃▄▅▆▇█"
ROWS = 5
_WIDEST_EPOCH = 4
_LEAST_SPAN = 0.01


def text_curve(what: str, values: Sequence[float], columns: int) -> list[str]:
    """Return lines at most `columns` wide: fractions by epoch as bars, between two round ends written at the left.

    More epochs than fit are drawn by the mean of neighbours.
    """
    labels = len("100.0 % ")
    room = max(1, columns - labels - 1)
    shown = _merged(values, room)
    wide = max(1, min(_WIDEST_EPOCH, room // len(shown)))
    low, high = _ends(values)
    heights = [round((value - low) / (high - low) * ROWS * 8) for value in shown]
    best = max(range(len(values)), key=values.__getitem__)
    lines = [f"{what} by epoch: now {percent(values[-1])}, best {percent(values[best])} (epoch {best + 1})"]
    for row in range(ROWS - 1, -1, -1):
        label = percent(high) if row == ROWS - 1 else percent(low) if row == 0 else ""
        bars = "".join(_EIGHTHS[min(max(height - 8 * row, 0), 8)] * wide for height in heights)
        lines.append(f"{label:>{labels - 1}} │{bars}".rstrip())
    return [with_plain_spaces(line)[:columns] for line in lines]


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """Ends a little outside the values: the lowest bar still has a height, and what barely moves looks it."""
    low, high = min(values), max(values)
    span = max(high - low, _LEAST_SPAN)
    return max(0.0, low - 0.15 * span), min(1.0, max(high, low + span))


def _merged(values: Sequence[float], most: int) -> list[float]:
    if len(values) <= most:
        return list(values)
    edges = [round(place * len(values) / most) for place in range(most + 1)]
    return [sum(values[start:end]) / (end - start) for start, end in zip(edges, edges[1:], strict=False) if end > start]
