"""Tables as people and programs write them: separators, headers or none, and what cannot be read."""

import sys

import numpy as np
import pytest

from lowres.errors import MissingDependency, PredictionsError
from lowres.files.tables import read_table


def table(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path)


@pytest.mark.parametrize(
    "text", ["id,a\nx,0.5\ny,1\n", "id;a\r\nx;0.5\r\ny;1\r\n", "id\ta\nx\t0.5\n\ny\t1", "\ufeffid, a\nx,0.5\ny,1"]
)
def test_any_usual_separator_and_line_end(tmp_path, text):
    found = table(tmp_path, text)
    assert {name: column.tolist() for name, column in found.items()} == {"id": ["x", "y"], "a": ["0.5", "1"]}


def test_a_first_line_of_numbers_is_no_header(tmp_path):
    np.savetxt(tmp_path / "t.csv", [[0.25, 0.75], [0.5, 0.5]], delimiter=",")
    found = read_table(tmp_path / "t.csv")
    assert list(found) == ["0", "1"]
    assert found["1"].astype(float).tolist() == [0.75, 0.5]
    assert [len(column) for column in table(tmp_path, "0,1\n0.25,0.75\n").values()] == [1, 1]


def test_quoted_cells_may_hold_the_separator(tmp_path):
    assert table(tmp_path, 'id,a\n"x, y",1\n')["id"].tolist() == ["x, y"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id,a\nx,1\ny\n", r"expected 2 cells in line 3 of .*t\.csv, got 1"),
        ("id,id\nx,1\n", "expected every column name once in"),
        ("id,a\n", "expected a header and rows below it in"),
        ("", "expected a header and rows below it in"),
        (b"id,a\n\xff\xfe,1\n", r"expected a \.csv table in UTF-8 in"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, text, expected):
    with pytest.raises(PredictionsError, match=expected):
        table(tmp_path, text)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(PredictionsError, match="where no file is; mind the spelling"):
        read_table(tmp_path / "none.csv")


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependency, match=r"got none installed; run: pip install 'lowres\[parquet\]', or store"):
        table(tmp_path, b"PAR1", "t.parquet")


def test_a_parquet_table_is_read_as_it_was_written(tmp_path):
    import pyarrow
    from pyarrow import parquet

    columns = {
        "id": ["x", "y", None],
        "label": [0, 1, 1],
        "probs": [[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]],
        "age": [1.5, None, 3.0],
        "__index_level_0__": [0, 1, 2],
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet")
    assert found["id"].tolist() == ["x", "y", ""]
    assert found["label"].dtype.kind == "i"
    assert found["probs"].tolist() == columns["probs"]
    assert np.isnan(found["age"][1])
    assert "__index_level_0__" not in found
    parquet.write_table(pyarrow.table({"probs": [[0.5, 0.5], [1.0]]}), tmp_path / "ragged.parquet")
    with pytest.raises(PredictionsError, match=r"expected lists of one length in probs of .*, got \[1, 2\]"):
        read_table(tmp_path / "ragged.parquet")


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    with pytest.raises(
        PredictionsError, match=r"expected a \.parquet table in .*t\.parquet, got one that does not read"
    ):
        table(tmp_path, b"no parquet", "t.parquet")
