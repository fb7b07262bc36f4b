"""A study's facts as people read them: one place for how each unit is written."""

from __future__ import annotations

from lowres.faces.numbers_in_words import duration, percent
from lowres.values.study_facts.fact import Fact

_SPACE = "\N{NO-BREAK SPACE}"
_MEBIBYTE, _GIBIBYTE, _MEGABYTE = 2**20, 2**30, 10**6


def fact_in_words(fact: Fact) -> str:
    """Return the value with its unit, rounded for reading; what is text stays as it is."""
    value = fact.value
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return _several(fact, value)
    if fact.unit == "fraction":
        return percent(value, 2 if fact.name.endswith("accuracy") else 1)
    if fact.unit == "points":
        return f"{100 * value:.1f}{_SPACE}points"
    if fact.unit == "bytes":
        return _bytes(value)
    if fact.unit == "seconds":
        return duration(value)
    if fact.unit == "ratio":
        return f"{value:.3g}x"
    if fact.unit == "nats":
        return f"{value:.3f}"
    if fact.unit == "pixels":
        return f"{value:g}{_SPACE}px"
    if fact.unit == "degrees":
        return f"{value:g}{_SPACE}degrees"
    if fact.unit == "number" and not isinstance(value, int):
        return f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _several(fact: Fact, value: tuple[float, ...]) -> str:
    if fact.unit == "size":
        return f"{_SPACE}x{_SPACE}".join(f"{side:g}" for side in value)
    if max(map(abs, value)) <= 1 and fact.name.endswith("interval"):
        return " to ".join(percent(end, 2) for end in value)
    return " to ".join(f"{end:g}" for end in value)


def _bytes(value: float) -> str:
    if value >= _GIBIBYTE:
        return f"{value / _GIBIBYTE:.1f}{_SPACE}GiB"
    if value < _MEGABYTE:
        return f"{value / 1024:.1f}{_SPACE}KiB"
    return f"{value / _MEBIBYTE:.2f}{_SPACE}MiB ({value / _MEGABYTE:.2f}{_SPACE}MB)"
