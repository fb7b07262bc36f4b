"""What is said of a classifier that has hardly learned anything, before anything else about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lowres.faces.numbers_in_words import percent
from lowres.values.judging.classification import Classification
from lowres.values.judging.learned_little import error_reduction, favoured_class, has_learned_little


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


def doubts(found: Classification) -> list[str]:
    """Return both as sentences; mostly none."""
    favoured = favours(found)
    return [said for said in (learned_little(found), f"It {favoured}." if favoured else "") if said]


def doubts_of_file(data: Mapping[str, Any]) -> list[str]:
    """Return the same of what `evaluation.json` or `lowres evaluate --json` holds."""
    return doubts(Classification.from_json(data))
