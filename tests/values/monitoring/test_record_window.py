"""Windows hold columns that belong together, and nobody changes one."""

from dataclasses import replace

import numpy as np
import pytest

from lowres.errors import PredictionsError
from lowres.values.monitoring.image_statistics import STATISTICS
from lowres.values.monitoring.record_window import NO_LABEL, UNKNOWN_CLASS, RecordWindow

WINDOW = RecordWindow(
    model="cats",
    class_names=("cat", "dog"),
    numbers=np.arange(3),
    ids=np.array(["a", "b", "c"]),
    times=np.array(["2026-11-26T12:00", "2026-11-26T12:01", "2026-11-26T12:02"], "datetime64[us]"),
    versions=np.array([7, 7, 8]),
    sha256=np.array(["0", "1", "2"]),
    caller_ids=np.array(["", "", "x"]),
    probabilities=np.array([[0.25, 0.75], [0.5, 0.5], [1, 0]], np.float32),
    embeddings=np.zeros((3, 4), np.float16),
    statistics={name: np.arange(3, dtype=np.float32) for name in STATISTICS},
    seconds=np.ones(3, np.float32),
    needs_review=np.array([1, 0, -1], np.int8),
    has_picture=np.array([True, False, False]),
    labels=np.array([1, NO_LABEL, UNKNOWN_CLASS]),
)


def test_answers_and_labels_by_hand():
    assert WINDOW.predicted.tolist() == [1, 0, 0]
    assert WINDOW.confidences.tolist() == [0.75, 0.5, 1.0]
    assert WINDOW.is_labelled.tolist() == [True, False, True]


@pytest.mark.parametrize("chosen", [np.array([2, 0]), np.array([True, False, True]), slice(1, 1)])
def test_some_rows_are_a_window_too(chosen):
    some = WINDOW.rows(chosen)
    assert some.ids.tolist() == WINDOW.ids[chosen].tolist()
    assert some.statistics["width"].tolist() == WINDOW.statistics["width"][chosen].tolist()
    assert len(some.predicted) == len(some.confidences) == len(some) == len(WINDOW.ids[chosen])
    assert some.class_names == WINDOW.class_names


def test_no_column_can_be_changed():
    for column in (WINDOW.labels, WINDOW.embeddings, WINDOW.statistics["width"]):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seconds": np.ones(2, np.float32)}, r"expected columns of 3 records, got \{'seconds': 2\}"),
        ({"statistics": {"width": np.ones(3)}}, "expected the statistics width, height"),
        ({"probabilities": np.ones((3, 5), np.float32)}, r"expected probabilities \[3, 2\] and embeddings"),
        ({"embeddings": np.ones(3, np.float16)}, r"and embeddings \[3, channels\], got \[3, 2\] and \[3\]"),
        ({"labels": np.array([0, 2, 1])}, r"expected labels of 2 classes, got \[0 1 2\]"),
        ({"labels": np.array([0, -3, 1])}, r"expected labels of 2 classes, got \[-3  0  1\]"),
    ],
)
def test_columns_that_do_not_belong_together_are_refused(change, told):
    with pytest.raises(PredictionsError, match=told):
        replace(WINDOW, **change)
