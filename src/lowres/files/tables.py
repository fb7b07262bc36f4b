"""Tables of others, .csv or .parquet, as named columns: text as it stands, numbers where the file says so."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import MissingDependency, PredictionsError

SUFFIXES = (".csv", ".tsv", ".parquet", ".pq")


def read_table(path: Path) -> dict[str, NDArray[Any]]:
    """Return the columns of a table in their order, text columns of a .csv as text `[n]`.

    A .csv whose first line is all numbers, and not 0, 1, 2 ..., has no header: its columns are called "0", "1" ...
    A list column of a .parquet becomes `[n, length]`. Refused with PredictionsError: a file that does not read, rows
    of other lengths, a name twice, no row; with MissingDependency: a .parquet without pyarrow.
    """
    if not path.is_file():
        raise PredictionsError(f"expected a table at {path}, where no file is; mind the spelling")
    columns = _parquet(path) if path.suffix.lower() in (".parquet", ".pq") else _csv(path)
    if not columns or not len(next(iter(columns.values()))):
        raise PredictionsError(f"expected a header and rows below it in {path}, got no row")
    return columns


def _csv(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            beginning = handle.readline()
            handle.seek(0)
            delimiter = max(",;\t", key=beginning.count)
            lines = [line for line in csv.reader(handle, delimiter=delimiter) if line]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PredictionsError(
            f"expected a .csv table in UTF-8 in {path}, got one that does not read: {error}"
        ) from error
    if not lines:
        return {}
    header = [name.strip() for name in lines[0]]
    if _are_numbers(header) and header != [str(number) for number in range(len(header))]:
        header, rows = [str(number) for number in range(len(header))], lines
    else:
        rows = lines[1:]
    if len(set(header)) < len(header):
        raise PredictionsError(f"expected every column name once in {path}, got {', '.join(header)}")
    for number, row in enumerate(rows, start=len(lines) - len(rows) + 1):
        if len(row) != len(header):
            raise PredictionsError(f"expected {len(header)} cells in line {number} of {path}, got {len(row)}")
    return {name: np.array([row[index] for row in rows]) for index, name in enumerate(header)}


def _are_numbers(texts: list[str]) -> bool:
    try:
        [float(text) for text in texts]
    except ValueError:
        return False
    return True


def _parquet(path: Path) -> dict[str, NDArray[Any]]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingDependency(
            f"expected pyarrow, to read {path}, got none installed; run: pip install 'lowres[parquet]', or store the "
            "table as .csv"
        ) from error
    try:
        table = parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise PredictionsError(f"expected a .parquet table in {path}, got one that does not read: {error}") from error
    # What pandas writes for its row numbers is no column of the user's.
    names = [name for name in table.column_names if not name.startswith("__index_level_")]
    return {name: _parquet_column(table.column(name), name, path) for name in names}


def _parquet_column(column: Any, name: str, path: Path) -> NDArray[Any]:
    values = column.to_pylist()
    if any(isinstance(value, list) for value in values):
        lengths = {len(value) if value is not None else 0 for value in values}
        if len(lengths) > 1:
            raise PredictionsError(f"expected lists of one length in {name} of {path}, got {sorted(lengths)}")
        return np.array(values, dtype=np.float64)
    if any(isinstance(value, str) for value in values):
        return np.array(["" if value is None else str(value) for value in values])
    missing = [float("nan") if value is None else value for value in values]
    array = np.array(missing)
    return array if array.dtype.kind in "iufb" else np.array([str(value) for value in missing])
