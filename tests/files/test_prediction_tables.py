"""Rows come back from every format through another reader, as they come, and a file is whole or not there."""

import csv
import io
import json
import sys

import pytest
from pyarrow import parquet

from lowres.errors import MissingDependency
from lowres.files import prediction_tables
from lowres.files.prediction_tables import CsvRows, JsonLines, JsonObject, table_file
from lowres.values.judging.prediction_rows import ClassProbability, Prediction, UnreadPicture

ROWS = [
    Prediction(
        "a,\"b\"\n.png", (ClassProbability("cät", 0.7), ClassProbability("dog", 0.2)), 1 / 3, True, ("cät", "dog")
    ),
    UnreadPicture("c.png", "it is, as it were, no picture"),
    Prediction("d.png", (ClassProbability("dog", 1.0), ClassProbability("cät", 0.0)), 0.0, False, ()),
    Prediction("e.png", (ClassProbability("dog", 0.6), ClassProbability("cät", 0.4)), 0.67),
]  # fmt: skip


def test_csv_reads_back():
    stream = io.StringIO(newline="")
    sink = CsvRows(stream, 2)
    sink.write(ROWS[:2])
    sink.write(ROWS[2:])
    rows = list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))
    assert list(rows[0]) == [
        "id", "predicted", "probability", "class_2", "class_2_probability", "entropy_nats", "needs_review", "possible",
        "problem",
    ]  # fmt: skip
    assert [row["id"] for row in rows] == [row.id for row in ROWS]
    assert [row["problem"] for row in rows] == ["", ROWS[1].problem, "", ""]
    assert [row["predicted"] for row in rows] == ["cät", "", "dog", "dog"]
    assert [float(row["class_2_probability"] or -1) for row in rows] == [0.2, -1, 0, 0.4]
    assert float(rows[0]["entropy_nats"]) == 1 / 3
    assert [row["needs_review"] for row in rows] == ["true", "", "false", ""]
    assert [row["possible"] for row in rows] == ["cät|dog", "", "", ""]


def test_json_lines_read_back():
    stream = io.StringIO()
    sink = JsonLines(stream)
    sink.write(ROWS)
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [row.to_json() for row in ROWS]
    assert "cät" in stream.getvalue()


@pytest.mark.parametrize("rows", [[], ROWS[:1], ROWS])
def test_one_json_object_reads_back(rows):
    stream = io.StringIO()
    sink = JsonObject(stream, {"study": "x"})
    for row in rows:
        sink.write([row])
    sink.finish({"read": 3})
    expected = {"study": "x", "predictions": [row.to_json() for row in rows], "read": 3}
    assert json.loads(stream.getvalue()) == expected


@pytest.mark.parametrize("group_rows", [2, 8192])
def test_parquet_reads_back(group_rows, tmp_path, monkeypatch):
    monkeypatch.setattr(prediction_tables, "_GROUP_ROWS", group_rows)
    with table_file(tmp_path / "x.parquet", "parquet", 2) as sink:
        for row in ROWS:
            sink.write([row])
    file = parquet.ParquetFile(tmp_path / "x.parquet")
    assert file.num_row_groups == (2 if group_rows == 2 else 1)
    columns = ("id", "predicted", "probability", "top", "entropy_nats", "needs_review", "possible", "problem")
    nothing = dict.fromkeys(columns)
    assert file.read().to_pylist() == [nothing | row.to_json() for row in ROWS]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_file_is_whole_or_not_there(kind, tmp_path):
    class StoppedHalfway(Exception):
        pass

    def stop_halfway():
        with table_file(tmp_path / f"x.{kind}", kind, 2) as sink:
            sink.write(ROWS)
            raise StoppedHalfway

    with pytest.raises(StoppedHalfway):
        stop_halfway()
    assert list(tmp_path.iterdir()) == []
    with table_file(tmp_path / f"x.{kind}", kind, 2):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [f"x.{kind}"]


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with (
        pytest.raises(
            MissingDependency, match=r"expected pyarrow.* pip install 'lowres\[parquet\]', or take --format csv"
        ),
        table_file(tmp_path / "x.parquet", "parquet", 2),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_rows_are_passed_on_at_once(tmp_path):
    for kind in ("csv", "jsonl"):
        with table_file(tmp_path / f"x.{kind}", kind, 2) as sink:
            sink.write(ROWS[2:3])
            (part,) = tmp_path.glob(".part-*")
            assert "d.png" in part.read_text()
