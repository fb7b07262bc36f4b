"""Numbers as people read them: the one place where a report or a figure rounds."""

from __future__ import annotations

from collections.abc import Sequence

from lowres.values.judging.intervals import Interval

# A number and its unit stay on one line.
_SPACE = "\N{NO-BREAK SPACE}"


def percent(fraction: float, digits: int = 1) -> str:
    """Return a fraction as "90.1 %"; what is not quite all or nothing is never rounded to it: ">99.9 %", "<0.1 %"."""
    step = 10.0**-digits
    words, nearly = f"{100 * fraction:.{digits}f}", f"{100 - step:.{digits}f}"
    if fraction < 1 and float(words) >= 100:
        return f">{nearly}{_SPACE}%"
    if fraction > 0 and float(words) == 0:
        return f"<{step:.{digits}f}{_SPACE}%"
    return f"{words}{_SPACE}%"


def points(fraction: float) -> str:
    """Return a difference of fractions as percentage points, without its sign."""
    return f"{100 * abs(fraction):.1f}{_SPACE}points"


def count(number: int, noun: str) -> str:
    """Return "1 image" or "1,234 images"."""
    return f"{number:,}{_SPACE}{noun}" if number == 1 else f"{number:,}{_SPACE}{noun}s"


def duration(seconds: float) -> str:
    """Return seconds as people say them."""
    if seconds < 100:
        return f"{seconds:.{1 if seconds < 10 else 0}f}{_SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}{_SPACE}h {minutes}{_SPACE}min" if hours else f"{minutes}{_SPACE}min {rest}{_SPACE}s"


def listed(names: Sequence[str], last: str) -> str:
    """Return names, at least one, as a sentence lists them; last: the word before the last one, "and" or "or"."""
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else names[0]


def of_hundred(interval: Interval) -> str:
    """Return an interval as "between 90 and 92 of 100", with decimals only where it is too narrow for whole ones."""
    width = interval[1] - interval[0]
    digits = 0 if width >= 0.02 else 1 if width >= 0.002 else 2
    low, high = (f"{100 * end:.{digits}f}" for end in interval)
    return f"between {low} and {high} of 100"


def with_plain_spaces(words: str) -> str:
    """Return the words as a terminal or a log takes them: with plain spaces only."""
    return words.replace(_SPACE, " ")
