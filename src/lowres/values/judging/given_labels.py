"""Labels as others write them, numbers or names, turned into class numbers; what fits no class is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.judging.output_kinds import is_one_hot


def plain_column(column: NDArray[Any], what: str, where: str) -> NDArray[Any]:
    """Return labels as int64 or text `[n]`; one-hot rows become numbers.

    Refused with PredictionsError: an empty or missing label, fractions, other shapes.
    """
    if column.ndim == 2 and column.shape[1] == 1:
        column = column[:, 0]
    if column.ndim == 2 and column.dtype.kind in "iufb" and is_one_hot(column):
        column = column.argmax(axis=1)
    if column.ndim != 1:
        raise PredictionsError(f"expected one value an image as {what} in {where}, got shape {list(column.shape)}")
    if column.dtype.kind == "S":
        column = np.char.decode(column, "utf-8", "backslashreplace")
    if column.dtype.kind == "U":
        missing = int((np.char.strip(column) == "").sum())
        if missing:
            raise PredictionsError(f"expected a value in every row of {what} in {where}, got {missing} empty; add them")
        return np.char.strip(column)
    if column.dtype.kind not in "iufb":
        raise PredictionsError(f"expected numbers or names as {what} in {where}, got {column.dtype}")
    values = column.astype(np.float64)
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise PredictionsError(f"expected a class in every row of {what} in {where}, got NaN in {bad} of {len(values)}")
    if (values != np.rint(values)).any():
        raise PredictionsError(f"expected whole numbers or names as {what} in {where}, got fractions")
    return column.astype(np.int64)


def class_numbers(column: NDArray[Any], names: tuple[str, ...], what: str, where: str) -> NDArray[np.int64]:
    """Return the number of each label's class: text by its name, or by number where no text is a name.

    Refused with PredictionsError: names that are no class, numbers outside the classes.
    """
    if len(set(names)) < len(names):
        raise PredictionsError(f"expected every class name once in {where}, got {', '.join(names)}")
    if column.dtype.kind == "U":
        place = {name: number for number, name in enumerate(names)}
        found = np.unique(column).tolist()
        unknown = [name for name in found if name not in place]
        if not unknown:
            return np.array([place[name] for name in column.tolist()], dtype=np.int64)
        if len(unknown) < len(found) or not all(_is_whole(name) for name in found):
            raise PredictionsError(
                f"expected {what} out of the {len(names)} classes ({_some(names)}) in {where}, got {_some(unknown)} "
                "too; give the class names, or mend these labels"
            )
        column = column.astype(np.int64)
    outside = (column < 0) | (column >= len(names))
    if outside.any():
        starts_at_one = column.min() == 1 and column.max() == len(names)
        raise PredictionsError(
            f"expected {what} from 0 to {len(names) - 1} ({len(names)} classes) in {where}, got {outside.sum()} "
            f"outside, the numbers going from {column.min()} to {column.max()}; "
            + ("subtract one: classes are counted from 0" if starts_at_one else "give one column a class, or mend them")
        )
    return np.asarray(column, dtype=np.int64)


def names_of_columns(
    given: tuple[str, ...] | None, labels: NDArray[Any], columns: int, where: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the class name of each of the score columns, and notes on how they were found.

    Columns without names are numbers from 0, or, where labels are names, those names in sorted order, as scikit-learn
    orders `classes_`. Refused with PredictionsError: another number of names than columns.
    """
    numbers = tuple(str(number) for number in range(columns))
    if given is not None and len(given) != columns:
        raise PredictionsError(
            f"expected a class name for each of {columns} columns in {where}, got {len(given)} ({_some(given)})"
        )
    is_named = given is not None and given != numbers
    if is_named or labels.dtype.kind != "U" or all(_is_whole(name) for name in np.unique(labels).tolist()):
        return given or numbers, ()
    found = tuple(np.unique(labels).tolist())
    if len(found) != columns:
        raise PredictionsError(
            f"expected as many classes as columns in {where}, got {columns} columns and {len(found)} names among the "
            f"labels ({_some(found)}); name the columns, or add an array class_names"
        )
    return found, (f"columns have no names; the labels' names were given them in sorted order ({_some(found)})",)


def joint_names(predicted: NDArray[Any], labels: NDArray[Any], where: str) -> tuple[str, ...]:
    """Return the classes of hard labels without class names: all that occur, in order.

    Refused with PredictionsError: numbers on one side and names on the other, numbers below 0.
    """
    sides = [np.unique(column).tolist() for column in (predicted, labels)]
    if all(_is_whole(str(name)) for side in sides for name in side):
        numbers = sorted({int(name) for side in sides for name in side})
        if numbers[0] < 0:
            raise PredictionsError(
                f"expected classes numbered from 0 in {where}, got {numbers[0]}; leave such rows out"
            )
        return tuple(str(number) for number in numbers)
    if predicted.dtype.kind != labels.dtype.kind:
        raise PredictionsError(
            f"expected outputs and labels of one kind in {where}, got {_some(sides[0])} and {_some(sides[1])}; give "
            "names for both, or add an array class_names"
        )
    return tuple(sorted({str(name) for side in sides for name in side}))


def as_names(column: NDArray[Any]) -> NDArray[np.str_]:
    """Return labels as the names that `joint_names` gives them."""
    return np.array([str(int(name)) if _is_whole(str(name)) else str(name) for name in column.tolist()])


def _is_whole(text: str) -> bool:
    return text.lstrip("-").isdecimal()


def _some(names: Sequence[Any]) -> str:
    return ", ".join(map(str, names[:5])) + (" ..." if len(names) > 5 else "")
