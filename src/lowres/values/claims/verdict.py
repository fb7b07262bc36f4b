"""Whether a written number says what a fact says, by the digits its author wrote."""

from __future__ import annotations

import itertools
import math
import re

from lowres.values.claims.written_number import Bound, WrittenNumber
from lowres.values.study_facts.fact import Fact

_ABOUT_SHARE = 0.05
_SLACK = 1e-9
_PERCENT = 0.01


def agrees(written: WrittenNumber, fact: Fact) -> bool:
    """Whether the number, rounded as it was written, is the fact's value in one of the meanings of its unit.

    Half of the last digit written is allowed; a whole one, or a twentieth, where "about" stands before it.
    """
    if fact.unit == "version":
        return _same_version(written.text, str(fact.value))
    if isinstance(fact.value, str):
        return False
    if isinstance(fact.value, tuple):
        return _agrees_with_several(written, fact)
    value = fact.number
    if written.is_range:
        return any(_is_between(value, written, meaning) for meaning in _meanings(written, fact))
    return any(
        _within(value, written.values[0] * meaning, _allowed(written, 0, meaning), written.bound)
        for meaning in _meanings(written, fact)
    )


def _meanings(written: WrittenNumber, fact: Fact) -> tuple[float, ...]:
    if fact.unit in ("fraction", "points") and written.kind == "plain":
        return (1.0,) if max(map(abs, written.values)) <= 1 else (_PERCENT,)
    return written.meanings


def _allowed(written: WrittenNumber, place: int, meaning: float) -> float:
    """How far from the value it may lie."""
    value, step = abs(written.values[place] * meaning), written.steps[place] * meaning
    return max(step, _ABOUT_SHARE * value) if written.is_about else step / 2


def _within(value: float, claimed: float, allowed: float, bound: Bound) -> bool:
    slack = _SLACK * max(1.0, abs(value))
    if bound in ("more than", "at least"):
        return value >= claimed - (slack if bound == "at least" else -slack)
    if bound in ("less than", "at most"):
        return value <= claimed + (slack if bound == "at most" else -slack)
    return math.isclose(value, claimed, rel_tol=_SLACK) or abs(value - claimed) <= allowed + slack


def _is_between(value: float, written: WrittenNumber, meaning: float) -> bool:
    low, high = (end * meaning for end in written.values)
    return low - _allowed(written, 0, meaning) <= value <= high + _allowed(written, 1, meaning)


def _agrees_with_several(written: WrittenNumber, fact: Fact) -> bool:
    value = fact.value
    if not isinstance(value, tuple):
        return False
    if fact.unit == "size":
        sides = value if len(written.values) > 1 else value[:1] if len(set(value)) == 1 else value
        return len(sides) == len(written.values) and all(
            _within(side, claimed, 0.0, "") for side, claimed in zip(sides, written.values, strict=True)
        )
    if not written.is_range:
        return False
    kept = Fact(fact.name, 0.0, "fraction" if max(map(abs, value)) <= 1 else "number", fact.origin)
    return any(
        all(
            _within(end, claimed * meaning, _allowed(written, place, meaning), "")
            for place, (end, claimed) in enumerate(zip(value, written.values, strict=True))
        )
        for meaning in (_meanings(written, kept) if written.kind == "plain" else written.meanings)
    )


def _same_version(written: str, version: str) -> bool:
    """Whether the parts that were written are those of the version; "3.x" names the first only."""
    asked = [part for part in re.findall(r"\d+|x", written)]
    found = re.findall(r"\d+", version)
    for one, other in itertools.zip_longest(asked, found):
        if one is None or one == "x":
            return True
        if one != other:
            return False
    return True
