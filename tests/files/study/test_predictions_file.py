"""Predictions and other arrays come back as they went, in bytes that depend on nothing else."""

from pathlib import Path

import numpy as np
import pytest

from lowres.errors import StudyDamaged
from lowres.files.study.predictions_file import read_arrays, read_predictions, write_arrays, write_predictions
from lowres.values.predictions import Predictions

PREDICTIONS = Predictions(
    ("a", "bb/ü"), np.array([0, 1]), np.array([[1.5, -2], [0.25, 3]], dtype=np.float32), ("cat", "dog")
)


def test_they_read_back_equal(tmp_path: Path) -> None:
    write_predictions(tmp_path / "predictions" / "test.npz", PREDICTIONS)
    again = read_predictions(tmp_path / "predictions" / "test.npz")
    assert (again.ids, again.class_names) == (PREDICTIONS.ids, PREDICTIONS.class_names)
    np.testing.assert_array_equal(again.logits, PREDICTIONS.logits)
    np.testing.assert_array_equal(again.labels, PREDICTIONS.labels)


def test_numpy_alone_reads_them_without_pickle(tmp_path: Path) -> None:
    write_predictions(tmp_path / "test.npz", PREDICTIONS)
    with np.load(tmp_path / "test.npz", allow_pickle=False) as archive:
        assert sorted(archive.files) == ["class_names", "ids", "labels", "logits"]
        assert archive["logits"].dtype == np.float32


def test_equal_predictions_make_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_predictions(tmp_path / name, PREDICTIONS)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_array_missing_is_named(tmp_path: Path) -> None:
    write_arrays(tmp_path / "test.npz", {"ids": np.array(["a"]), "labels": np.array([0])})
    with pytest.raises(StudyDamaged, match=r"expected 'class_names' among the arrays in .*test\.npz, got ids, labels"):
        read_predictions(tmp_path / "test.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"text"])
def test_a_file_that_is_no_npz_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "test.npz").write_bytes(content)
    with pytest.raises(StudyDamaged, match=r"plain arrays as \.npz in .*test\.npz"):
        read_arrays(tmp_path / "test.npz")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyDamaged, match=r"plain arrays as \.npz in .*none\.npz, .*No such file"):
        read_arrays(tmp_path / "none.npz")
