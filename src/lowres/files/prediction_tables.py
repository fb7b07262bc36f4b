"""Rows of predictions written as they come: .csv, JSON lines, one JSON object, or .parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from lowres.errors import MissingDependency
from lowres.values.judging.prediction_rows import Prediction, Row

_SEPARATOR = "|"
# Rows of a .parquet come in groups; small ones make a large and slow file.
_GROUP_ROWS = 8192


class RowSink(Protocol):
    """Takes rows, a batch at a time."""

    def write(self, rows: Sequence[Row]) -> None:
        """Write the rows after those before them."""


class CsvRows:
    """A header and one line a picture; what a row does not have is empty.

    Columns: id, predicted, probability, class_2, class_2_probability and so on, entropy_nats, needs_review (true or
    false), possible (class names with | between them), problem. `lowres evaluate --predictions` reads it.
    """

    def __init__(self, stream: IO[str], top: int) -> None:
        """Write the header for rows of `top` classes."""
        self._stream, self._top = stream, top
        self._lines = csv.writer(stream, lineterminator="\n")
        others = [column for place in range(2, top + 1) for column in (f"class_{place}", f"class_{place}_probability")]
        self._lines.writerow(
            ["id", "predicted", "probability", *others, "entropy_nats", "needs_review", "possible", "problem"]
        )

    def write(self, rows: Sequence[Row]) -> None:
        """Write a line a row, and pass them on at once."""
        self._lines.writerows(self._cells(row) for row in rows)
        self._stream.flush()

    def _cells(self, row: Row) -> list[Any]:
        if not isinstance(row, Prediction):
            return [row.id, *[""] * (2 * self._top + 3), row.problem]
        shares = [cell for pair in row.top for cell in pair]
        shares += [""] * (2 * self._top - len(shares))
        review = "" if row.needs_review is None else str(row.needs_review).lower()
        return [row.id, *shares, row.entropy, review, _SEPARATOR.join(row.possible or ()), ""]


class JsonLines:
    """One JSON object a line and picture."""

    def __init__(self, stream: IO[str]) -> None:
        """Write nothing yet."""
        self._stream = stream

    def write(self, rows: Sequence[Row]) -> None:
        """Write a line a row, and pass them on at once."""
        self._stream.writelines(json.dumps(row.to_json(), ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
        self._stream.flush()


class JsonObject:
    """One JSON object whose last list, `predictions`, grows as rows come; `finish` ends it with what is known then."""

    def __init__(self, stream: IO[str], beginning: dict[str, Any]) -> None:
        """Write the beginning."""
        self._stream, self._before = stream, "\n"
        stream.write(json.dumps(beginning, indent=2, ensure_ascii=False)[:-2] + ',\n  "predictions": [')

    def write(self, rows: Sequence[Row]) -> None:
        """Write the rows, and pass them on at once."""
        for row in rows:
            self._stream.write(f"{self._before}    {json.dumps(row.to_json(), ensure_ascii=False, allow_nan=False)}")
            self._before = ",\n"
        self._stream.flush()

    def finish(self, end: dict[str, Any]) -> None:
        """Close the list and the object."""
        self._stream.write("\n  ],\n" + json.dumps(end, indent=2, ensure_ascii=False)[2:] + "\n")


class ParquetRows:
    """Columns as in the JSON lines, absent values null; rows are buffered to groups of `_GROUP_ROWS`."""

    def __init__(self, path: Path) -> None:
        """Open the file; refused with MissingDependency where pyarrow is missing."""
        pyarrow, parquet = _pyarrow()
        share = pyarrow.struct([("class", pyarrow.string()), ("probability", pyarrow.float64())])
        self._schema = pyarrow.schema(
            [
                ("id", pyarrow.string()),
                ("predicted", pyarrow.string()),
                ("probability", pyarrow.float64()),
                ("top", pyarrow.list_(share)),
                ("entropy_nats", pyarrow.float64()),
                ("needs_review", pyarrow.bool_()),
                ("possible", pyarrow.list_(pyarrow.string())),
                ("problem", pyarrow.string()),
            ]
        )
        self._table = pyarrow.Table
        self._writer = parquet.ParquetWriter(path, self._schema)
        self._waiting: list[dict[str, Any]] = []

    def write(self, rows: Sequence[Row]) -> None:
        """Keep the rows until a group is full."""
        self._waiting += [row.to_json() for row in rows]
        if len(self._waiting) >= _GROUP_ROWS:
            self._pass_on()

    def close(self) -> None:
        """Write what waits, and the end of the file."""
        if self._waiting:
            self._pass_on()
        self._writer.close()

    def _pass_on(self) -> None:
        self._writer.write_table(self._table.from_pylist(self._waiting, schema=self._schema))
        self._waiting.clear()


@contextmanager
def table_file(path: Path, format: str, top: int) -> Iterator[RowSink]:
    """Yield a sink that writes `csv`, `jsonl` or `parquet` to `path`, whole or not at all.

    Refused with MissingDependency: parquet without pyarrow.
    """
    from lowres.files.atomic import atomic_path

    if format == "parquet":
        _pyarrow()
    with atomic_path(path) as part:
        if format == "parquet":
            rows = ParquetRows(part)
            try:
                yield rows
            finally:
                rows.close()
            return
        with part.open("w", encoding="utf-8", newline="") as stream:
            yield CsvRows(stream, top) if format == "csv" else JsonLines(stream)


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingDependency(
            "expected pyarrow, to write .parquet, got none installed; run: pip install 'lowres[parquet]', or take "
            "--format csv"
        ) from error
    return pyarrow, parquet
