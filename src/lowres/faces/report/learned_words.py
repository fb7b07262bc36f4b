"""What is said of a classifier that has hardly learned anything, or never names a class, before all else about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lowres.faces.numbers_in_words import listed, percent
from lowres.values.judging.classification import Classification
from lowres.values.judging.learned_little import (
    classes_never_named,
    error_reduction,
    favoured_class,
    has_learned_little,
)

_MOST_NAMED = 4


def learned_little(found: Classification) -> str:
    """Return that it has learned next to nothing, with the figure; nothing where it has learned something."""
    if not has_learned_little(found):
        return ""
    avoided = error_reduction(found.accuracy, found.majority_baseline)
    if avoided <= 0:
        return "It has learned next to nothing: always naming the commonest class makes no more mistakes."
    return (
        "It has learned next to nothing: of the mistakes that always naming the commonest class makes, it avoids "
        f"{percent(avoided)}."
    )


def favours(found: Classification) -> str:
    """Return what it does with most pictures, to stand behind "It"; nothing where it favours no class."""
    favoured = favoured_class(found)
    if favoured is None:
        return ""
    named, there = favoured.predicted / found.n, favoured.support / found.n
    return f"calls {percent(named, 0)} of the pictures {favoured.name}, which {percent(there, 0)} of them are"


def never_names(found: Classification) -> str:
    """Return which classes it never answers, to stand behind "It"; nothing where each is named, or one is favoured."""
    missing = classes_never_named(found)
    if not missing or favours(found):
        return ""
    names = [score.name for score in missing[:_MOST_NAMED]]
    more = len(missing) - len(names)
    names += [f"{more} more"] if more else []
    there = sum(score.support for score in missing) / found.n
    return f"never names {listed(names, 'or')}, which {percent(there, 0)} of the pictures are"


def doubts(found: Classification) -> list[str]:
    """Return all of it as sentences; mostly none."""
    seen = [f"It {said}." for said in (favours(found), never_names(found)) if said]
    return [said for said in (learned_little(found), *seen) if said]


def doubts_of_file(data: Mapping[str, Any]) -> list[str]:
    """Return the same of what `evaluation.json` or `lowres evaluate --json` holds."""
    return doubts(Classification.from_json(data))
