"""How a training went, a row an epoch, in one table for all its phases; history.csv is that table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from lowres.errors import StudyDamaged

FROZEN = "frozen"
FINE_TUNING = "fine-tuning"
# A network that the fine-tuned one taught, on images without labels.
STUDENT = "student"
PHASES = (FROZEN, FINE_TUNING, STUDENT)
_REPAIR = "delete that file and run the same command again to have it made anew"


@dataclass(frozen=True)
class EpochRow:
    """One epoch of a phase; or one head that is solved at once, which has neither epochs nor a rate.

    phase: one of `PHASES`. epoch: counted from 1. head: which candidate of the frozen phase; in fine-tuning
    which network, empty where there is one.
    learning_rate: the rate of the epoch, the highest where layers differ. loss: mean cross-entropy (or what the recipe
    minimises) of the training part; of an epoch as it went, with its dropout and its changing weights. accuracy: a
    fraction of the training part, likewise. validation_loss, validation_accuracy: after the epoch, nothing dropped.
    seconds: wall clock. is_kept: whether these weights are the phase's result; true of one row a phase and
    network, and of no student's where its teacher was kept.
    """

    phase: str
    epoch: int | None
    head: str
    learning_rate: float | None
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float
    is_kept: bool = False


COLUMNS = tuple(field.name for field in fields(EpochRow))


def history_to_csv(rows: Sequence[EpochRow]) -> str:
    """Return the table as CSV with a line of column names; numbers are written so that they read back equal."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows([_cell(getattr(row, name)) for name in COLUMNS] for row in rows)
    return text.getvalue()


def history_from_csv(text: str, origin: str) -> tuple[EpochRow, ...]:
    """Read the table back; `origin` names it in errors.

    Refused with StudyDamaged: other columns, a row of another length, a cell that is not what its column holds.
    """
    table = csv.reader(io.StringIO(text))
    header = next(table, [])
    if tuple(header) != COLUMNS:
        raise StudyDamaged(
            f"expected the columns {', '.join(COLUMNS)} in {origin}, got {', '.join(header) or 'nothing'}; try: "
            f"{_REPAIR}"
        )
    return tuple(_row(cells, f"line {table.line_num} of {origin}") for cells in table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _row(cells: list[str], place: str) -> EpochRow:
    if len(cells) != len(COLUMNS):
        raise StudyDamaged(f"expected {len(COLUMNS)} cells, got {len(cells)} in {place}; try: {_REPAIR}")
    values: dict[str, Any] = {}
    for name, cell in zip(COLUMNS, cells, strict=True):
        expected, read = _READERS.get(name, ("a number", float))
        try:
            values[name] = read(cell)
        except (KeyError, ValueError) as error:
            raise StudyDamaged(f"expected {expected} as {name}, got {cell!r} in {place}; try: {_REPAIR}") from error
    return EpochRow(**values)


def _epoch(cell: str) -> int | None:
    if cell and int(cell) < 1:
        raise ValueError(cell)
    return int(cell) if cell else None


_READERS: dict[str, tuple[str, Any]] = {
    "phase": (" or ".join(PHASES), {name: name for name in PHASES}.__getitem__),
    "epoch": ("a whole number from 1, or nothing,", _epoch),
    "head": ("a head's name", str),
    "learning_rate": ("a number or nothing", lambda cell: float(cell) if cell else None),
    "is_kept": ("true or false", {"true": True, "false": False}.__getitem__),
}
