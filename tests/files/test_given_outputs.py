"""Files of outputs as other tools write them: their parts are found by name, whatever the format."""

import csv

import numpy as np
import pytest

from lowres.errors import PredictionsError
from lowres.files.given_outputs import read_given_labels, read_given_outputs, read_metadata
from lowres.files.study.predictions_file import write_predictions
from lowres.values.predictions import Predictions

SCORES = np.array([[0.2, 0.8], [0.9, 0.1], [0.4, 0.6]])
IDS, LABELS = ("a", "b", "c"), np.array([1, 0, 0])


@pytest.fixture
def csv_file(tmp_path):
    """Write rows under a header; return the path."""

    def write(header, *rows):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.csv"
        with path.open("w", newline="") as handle:
            csv.writer(handle).writerows([header, *rows])
        return path

    return write


def test_lowres_own_file_is_read(tmp_path):
    own = Predictions(IDS, LABELS, np.float32([[1, 2], [3, 1], [0, 1]]), ("cat", "dog"))
    write_predictions(tmp_path / "test.npz", own)
    found = read_given_outputs(tmp_path / "test.npz")
    assert (found.ids, found.class_names, found.named) == (own.ids, own.class_names, "logits")
    np.testing.assert_array_equal(found.outputs, own.logits)
    np.testing.assert_array_equal(found.labels, LABELS)


@pytest.mark.parametrize(
    ("names", "named"),
    [
        (("logits", "labels", "ids"), "logits"),
        (("probs", "y_true", "id"), "probabilities"),
        (("y_prob", "y_test", "filenames"), "probabilities"),
        (("Y_Score", "Target", "image_id"), None),
        (("predictions", "y", "path"), None),
    ],
)
def test_arrays_are_found_under_usual_names(tmp_path, names, named):
    np.savez(tmp_path / "x.npz", **dict(zip(names, (SCORES, LABELS, np.array(IDS)), strict=True)), more=[1, 2])
    found = read_given_outputs(tmp_path / "x.npz")
    assert (found.ids, found.named) == (IDS, named)
    np.testing.assert_array_equal(found.outputs, SCORES)
    np.testing.assert_array_equal(found.labels, LABELS)


def test_a_single_array_is_outputs_alone(tmp_path):
    np.save(tmp_path / "x.npy", SCORES)
    found = read_given_outputs(tmp_path / "x.npy")
    assert (found.labels, found.ids, found.class_names) == (None, None, None)
    np.testing.assert_array_equal(found.outputs, SCORES)


@pytest.mark.parametrize(
    ("columns", "class_names", "named"),
    [
        (("prob_cat", "prob_dog"), ("cat", "dog"), "probabilities"),
        (("logit.cat", "logit.dog"), ("cat", "dog"), "logits"),
        (("p_1", "p_2"), ("1", "2"), None),
        (("cat", "dog"), ("cat", "dog"), None),
        (("score-x y", "score-z"), ("x y", "z"), None),
    ],
)
def test_a_column_a_class(csv_file, columns, class_names, named):
    rows = [(name, *row, label) for name, row, label in zip(IDS, SCORES, LABELS, strict=True)]
    found = read_given_outputs(csv_file(("id", *columns, "label"), *rows))
    assert (found.ids, found.class_names, found.named, found.notes) == (IDS, class_names, named, ())
    np.testing.assert_array_equal(found.outputs, SCORES)
    assert found.labels.tolist() == ["1", "0", "0"]


def test_columns_called_a_class_leave_other_numbers_alone_and_it_is_told(csv_file):
    path = csv_file(("id", "age", "prob_a", "prob_b", "camera"), ("x", 3, 0.2, 0.8, "C"), ("y", 4, 0.5, 0.5, "D"))
    found = read_given_outputs(path)
    assert found.outputs.shape == (2, 2)
    assert found.notes == ("columns that are no outputs were left alone: age, camera",)


def test_a_column_of_answers(csv_file):
    found = read_given_outputs(csv_file(("image", "truth", "prediction", "confidence"), ("x", "cat", "dog", 0.7)))
    assert (found.outputs.tolist(), found.labels.tolist(), found.ids) == (["dog"], ["cat"], ("x",))
    assert found.class_names is None
    assert found.notes == ("columns that are no outputs were left alone: confidence",)


def test_one_column_of_probabilities(csv_file):
    found = read_given_outputs(csv_file(("id", "label", "p"), ("x", 0, 0.25), ("y", 1, 0.5)))
    assert (found.outputs.tolist(), found.class_names) == ([[0.25], [0.5]], None)


def test_the_row_numbers_that_pandas_writes_are_no_ids(csv_file):
    assert read_given_outputs(csv_file(("", "0", "1"), (0, 0.2, 0.8), (1, 0.5, 0.5))).ids is None
    assert read_given_outputs(csv_file(("", "0", "1"), (17, 0.2, 0.8), (4, 0.5, 0.5))).ids == ("17", "4")
    assert read_given_outputs(csv_file(("id", "0", "1"), (0, 0.2, 0.8), (1, 0.5, 0.5))).ids == ("0", "1")


def test_an_empty_cell_is_no_number(csv_file):
    assert np.isnan(read_given_outputs(csv_file(("id", "p_a", "p_b"), ("x", "", 0.8))).outputs[0, 0])


def test_a_parquet_of_lists_and_one_of_columns(tmp_path):
    import pyarrow
    from pyarrow import parquet

    lists = {"id": IDS, "label": LABELS, "logits": SCORES.tolist()}
    columns = {"id": IDS, "label": LABELS, "prob_cat": SCORES[:, 0], "prob_dog": SCORES[:, 1]}
    for table, named in ((lists, "logits"), (columns, "probabilities")):
        parquet.write_table(pyarrow.table(table), tmp_path / "t.parquet")
        found = read_given_outputs(tmp_path / "t.parquet")
        assert (found.named, found.ids) == (named, IDS)
        np.testing.assert_array_equal(found.outputs, SCORES)
        np.testing.assert_array_equal(found.labels, LABELS)


def test_labels_of_every_format(tmp_path, csv_file):
    np.save(tmp_path / "y.npy", LABELS)
    np.savez(tmp_path / "y.npz", y_true=LABELS, ids=np.array(IDS), class_names=np.array(["cat", "dog"]))
    assert read_given_labels(tmp_path / "y.npy").labels.tolist() == [1, 0, 0]
    found = read_given_labels(tmp_path / "y.npz")
    assert (found.ids, found.class_names, found.labels.tolist()) == (IDS, ("cat", "dog"), [1, 0, 0])
    found = read_given_labels(csv_file(("file", "class"), ("a", "dog"), ("b", "cat")))
    assert (found.ids, found.labels.tolist()) == (("a", "b"), ["dog", "cat"])
    assert read_given_labels(csv_file(("anything",), ("dog",), ("cat",))).labels.tolist() == ["dog", "cat"]


def test_metadata_comes_in_the_order_of_the_images(csv_file):
    path = csv_file(("camera", "id", "age"), ("A", "b", 3), ("B", "a", ""), ("C", "z", 9))
    assert read_metadata(path, ["a", "b"]) == {"camera": ["B", "A"], "age": ["", "3"]}


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        (("camera",), [("A",)], "expected a column 'id' in .*, got camera"),
        (("id", "x"), [("a", 1), ("a", 2)], "expected every id once in .*, got 1 repeated"),
        (("id", "x"), [("a", 1)], "a row for each of 2 judged images in .*, got none for 1, such as b"),
    ],
)
def test_metadata_that_does_not_fit_is_refused(csv_file, header, rows, expected):
    with pytest.raises(PredictionsError, match=expected):
        read_metadata(csv_file(header, *rows), ["a", "b"])


def test_what_is_no_file_of_outputs_is_refused(tmp_path, csv_file):
    (tmp_path / "x.npy").write_bytes(b"no array")
    np.savez(tmp_path / "x.npz", weights=SCORES)
    np.save(tmp_path / "pickled.npy", np.array([{}], dtype=object), allow_pickle=True)
    for path, expected in (
        (tmp_path / "x.npy", "expected plain NumPy arrays in .*x.npy, got something that does not read"),
        (tmp_path / "pickled.npy", "write it again with numpy.save or numpy.savez, without object arrays"),
        (tmp_path / "x.npz", "expected an array logits, probabilities or predicted in .*, got weights"),
        (tmp_path / "none.npz", "expected outputs at .*none.npz, where no file is"),
        (tmp_path / "x.mat", r"expected outputs as \.npz, \.npy, \.csv or \.parquet, got .*x.mat"),
        (
            csv_file(("id", "camera"), ("a", "A")),
            "expected a column 'predicted', or a column of numbers for each class",
        ),
        (csv_file(("id", "p_a", "p_b"), ("a", "x", 1)), "expected numbers in p_a of .*, got text such as 'x'"),
    ):
        with pytest.raises(PredictionsError, match=expected):
            read_given_outputs(path)
    with pytest.raises(PredictionsError, match="expected a column or array of true labels in .*, called label"):
        read_given_labels(csv_file(("id", "x"), ("a", 1)))
