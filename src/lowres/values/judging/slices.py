"""Where the accuracy comes from: the judged images sliced by what is known of them beside their class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lowres.values.judging.intervals import Interval, wilson_interval

SMALL_IMAGES = 30
# A number that takes as few values is a code or a count, and each value a slice.
MOST_NUMBER_VALUES = 8
MOST_TEXT_VALUES = 50
EMPTY = "(empty)"


@dataclass(frozen=True)
class Slice:
    """The images of one value or range: their number, the fraction right, its 95 % Wilson interval.

    is_small: fewer than `SMALL_IMAGES`, so that the interval says more than the accuracy.
    """

    value: str
    n: int
    accuracy: float
    accuracy_interval: Interval
    is_small: bool


@dataclass(frozen=True)
class SlicedColumn:
    """One column's slices, the lowest accuracy first. skipped: why there are none; else empty."""

    column: str
    kind: Literal["values", "quartiles"]
    slices: tuple[Slice, ...]
    skipped: str = ""


def sliced_column(column: str, values: Sequence[str], right: NDArray[np.bool_]) -> SlicedColumn:
    """Return the accuracy by value of a metadata column, `values[i]` being that of image `i`; empty ones are a slice.

    Numbers of more than `MOST_NUMBER_VALUES` values are cut at their quartiles, each range closed above. Text of more
    than `MOST_TEXT_VALUES` values is a name rather than a kind, and is skipped.
    """
    texts = np.array([value.strip() for value in values])
    is_given = texts != ""
    different = np.unique(texts[is_given])
    numbers = _numbers(texts[is_given])
    if numbers is not None and len(different) > MOST_NUMBER_VALUES:
        groups = np.full(len(texts), EMPTY, dtype=object)
        groups[is_given] = _quartile_names(numbers)
        return SlicedColumn(column, "quartiles", _slices(groups, right))
    if len(different) > MOST_TEXT_VALUES:
        reason = f"{len(different)} different values, more than {MOST_TEXT_VALUES}: a name rather than a kind"
        return SlicedColumn(column, "values", (), reason)
    return SlicedColumn(column, "values", _slices(np.where(is_given, texts, EMPTY), right))


def _slices(groups: NDArray[np.object_] | NDArray[np.str_], right: NDArray[np.bool_]) -> tuple[Slice, ...]:
    rows = [_slice(str(value), right[groups == value]) for value in sorted(set(groups.tolist()))]
    return tuple(sorted(rows, key=lambda row: row.accuracy))


def _slice(value: str, right: NDArray[np.bool_]) -> Slice:
    hits, n = int(right.sum()), len(right)
    return Slice(value, n, hits / n, wilson_interval(hits, n), n < SMALL_IMAGES)


def _numbers(texts: NDArray[np.str_]) -> NDArray[np.float64] | None:
    try:
        numbers = texts.astype(np.float64)
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _quartile_names(numbers: NDArray[np.float64]) -> NDArray[np.object_]:
    edges = np.quantile(numbers, [0, 0.25, 0.5, 0.75, 1])
    quarter = np.searchsorted(edges[1:-1], numbers, side="left")
    names = [f"{edges[0]:g} to {edges[1]:g}"]
    names += [f"above {low:g} to {high:g}" for low, high in zip(edges[1:-1], edges[2:], strict=True)]
    return np.array([f"quartile {index + 1}: {names[index]}" for index in quarter], dtype=object)
