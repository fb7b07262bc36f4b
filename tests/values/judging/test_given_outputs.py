"""Each fault of others' files has its own sentence; what is sound is judged as scikit-learn judges it."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

from lowres.errors import PredictionsError
from lowres.values.judging.answers import Answers
from lowres.values.judging.given_labels import class_numbers, names_of_columns
from lowres.values.judging.given_outputs import GivenOutputs, judgeable, with_labels
from lowres.values.predictions import Predictions

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 3, 60)
PROBABILITIES = RANDOM.dirichlet([1, 1, 1], size=60)
IDS = tuple(f"i{row}" for row in range(60))
NAMES = ("cat", "dog", "eel")


def given(**changes):
    whole = {"where": "x.npz", "outputs": PROBABILITIES, "labels": LABELS, "ids": IDS, "class_names": NAMES}
    return GivenOutputs(**(whole | changes))


def test_probabilities_are_judged_as_they_are():
    found = judgeable(given())
    assert isinstance(found.judged, Predictions)
    assert (found.kind, found.has_ids, found.findings) == ("probabilities", True, ())
    assert found.judged.is_right.mean() == accuracy_score(LABELS, PROBABILITIES.argmax(axis=1))
    np.testing.assert_allclose(found.judged.probabilities(), PROBABILITIES)
    assert -np.log(found.judged.probabilities()[np.arange(60), LABELS]).mean() == pytest.approx(
        log_loss(LABELS, PROBABILITIES)
    )


def test_two_probabilities_that_differ_by_a_hair_stay_two():
    close = np.array([[0.5 - 1e-12, 0.5 + 1e-12], [0.5 + 1e-12, 0.5 - 1e-12]])
    found = judgeable(given(outputs=close, labels=np.array([1, 0]), ids=("a", "b"), class_names=None))
    assert found.judged.predicted.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("predicted", "labels", "names"),
    [
        ([0, 1, 2, 2], [0, 1, 1, 2], ("0", "1", "2")),
        ([1, 10, 2, 2], [1, 10, 10, 2], ("1", "2", "10")),
        (["b", "a", "a", "c"], ["b", "a", "b", "b"], ("a", "b", "c")),
        (["1", "2", "2", "1"], [1, 2, 1, 1], ("1", "2")),
    ],
)
def test_hard_labels_need_no_class_names(predicted, labels, names):
    found = judgeable(given(outputs=np.array(predicted), labels=np.array(labels), ids=None, class_names=None)).judged
    assert isinstance(found, Answers)
    assert found.class_names == names
    assert [names[number] for number in found.predicted] == [str(name) for name in predicted]
    assert found.is_right.mean() == accuracy_score(np.array(labels).astype(str), np.array(predicted).astype(str))


def test_names_of_labels_go_to_nameless_columns_in_sorted_order_and_it_is_told():
    labels = np.array(["dog", "eel", "cat"])[np.arange(60) % 3]
    found = judgeable(given(labels=labels, class_names=None))
    assert found.judged.class_names == NAMES
    assert [NAMES[number] for number in found.judged.labels] == labels.tolist()
    assert "the labels' names were given them in sorted order (cat, dog, eel)" in found.findings[0].measured


def test_an_empty_class_is_a_finding():
    found = judgeable(given(labels=np.where(LABELS == 1, 0, LABELS)))
    assert [(row.name, row.status) for row in found.findings] == [("empty classes", "WARN")]
    assert found.findings[0].measured == "no image of 1 of 3 classes (dog)"


def test_probabilities_called_logits_are_a_finding():
    found = judgeable(given(), told="logits")
    assert found.findings[0].measured == "these logits sum to one in every row, as probabilities do"
    assert judgeable(given(outputs=np.log(PROBABILITIES)), told="logits").findings == ()


def test_a_truth_thought_impossible_is_a_finding():
    outputs = PROBABILITIES.copy()
    outputs[7] = np.eye(3)[(LABELS[7] + 1) % 3]
    found = judgeable(given(outputs=outputs))
    assert found.findings[0].measured == "1 true classes were given the probability 0"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"labels": None}, "expected true labels beside the outputs in x.npz, got none; .* --labels"),
        ({"outputs": None}, "expected a model's outputs in x.npz, got labels alone"),
        ({"labels": LABELS[:59]}, "expected one label an output in x.npz, got 59 for 60 rows"),
        ({"ids": IDS[:59]}, "expected one id a row in x.npz, got 59 ids and 60 rows"),
        ({"ids": ("", " ", *IDS[2:])}, "expected an id in every row of x.npz, got none in 2 of 60"),
        ({"ids": (*IDS[:58], "i3", "i4")}, r"expected every id once in x.npz, got 2 more than once \(i3, i4\)"),
        ({"class_names": NAMES[:2]}, r"a class name for each of 3 columns in x.npz, got 2 \(cat, dog\)"),
        ({"class_names": ("cat", "dog", "cat")}, "expected every class name once in x.npz, got cat, dog, cat"),
        ({"labels": LABELS + 1}, "expected labels from 0 to 2 .* got .* outside, .* from 1 to 3; subtract one"),
        ({"labels": np.where(LABELS == 2, 7, LABELS)}, "going from 0 to 7; give one column a class, or mend them"),
        ({"labels": LABELS - 1}, "the numbers going from -1 to 1"),
        ({"labels": np.where(LABELS == 2, np.nan, LABELS)}, "a class in every row of labels in x.npz, got NaN in"),
        ({"labels": LABELS + 0.5}, "expected whole numbers or names as labels in x.npz, got fractions"),
        ({"labels": np.array(["cat", "cow"])[LABELS % 2]}, r"out of the 3 classes \(cat, dog, eel\) .* got cow too"),
        ({"labels": np.array(["cat", ""])[LABELS % 2]}, "a value in every row of labels in x.npz, got .* empty"),
        ({"labels": np.full(60, 2)}, "images of at least two classes in x.npz, got 60, all of 'eel'"),
        ({"labels": LABELS.reshape(30, 2)}, "expected one value an image as labels in x.npz, got shape"),
        (
            {"labels": np.array(["cat", "dog"])[LABELS % 2], "class_names": None},
            r"as many classes as columns in x.npz, got 3 columns and 2 names among the labels \(cat, dog\)",
        ),
        (
            {"outputs": LABELS, "labels": np.array(NAMES)[LABELS], "class_names": None},
            "expected outputs and labels of one kind in x.npz, got 0, 1, 2 and cat, dog, eel",
        ),
        ({"outputs": LABELS - 1, "class_names": None}, "expected classes numbered from 0 in x.npz, got -1"),
        ({"outputs": LABELS + 5}, "expected outputs from 0 to 2"),
    ],
)
def test_each_fault_has_its_own_sentence(changes, expected):
    with pytest.raises(PredictionsError, match=expected):
        judgeable(given(**changes))


def labels_file(**changes):
    whole = {"where": "y.csv", "outputs": None, "labels": LABELS, "ids": IDS, "class_names": None}
    return GivenOutputs(**(whole | changes))


def test_labels_of_another_file_are_found_by_id():
    order = RANDOM.permutation(60)
    shuffled = labels_file(labels=LABELS[order], ids=tuple(IDS[row] for row in order))
    found = judgeable(with_labels(given(labels=None), shuffled))
    np.testing.assert_array_equal(found.judged.labels, LABELS)


def test_labels_without_ids_are_paired_by_row_and_it_is_told():
    found = judgeable(with_labels(given(labels=None, ids=None), labels_file(ids=None)))
    np.testing.assert_array_equal(found.judged.labels, LABELS)
    assert "were paired with outputs row by row" in found.findings[0].measured


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (labels_file(labels=LABELS[2:], ids=IDS[2:]), r"got 2 outputs without a label \(i0, i1\); judge every image"),
        (labels_file(labels=np.r_[LABELS, 0], ids=(*IDS, "new")), r"got 1 labels without an output \(new\)"),
        (
            labels_file(labels=np.r_[LABELS, 0], ids=(*IDS, "i0")),
            r"every id once in y.csv, got 1 more than once \(i0\)",
        ),
        (labels_file(labels=LABELS[:59], ids=None), "expected as many labels in y.csv as rows in x.npz, got 59 and 60"),
        (labels_file(labels=None), "expected true labels in y.csv, got none"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, expected):
    with pytest.raises(PredictionsError, match=expected):
        with_labels(given(labels=None), labels)


def test_labels_of_validation_images_may_lie_in_the_same_file():
    found = with_labels(given(labels=None), labels_file(labels=np.r_[LABELS, 0], ids=(*IDS, "v")), also_known=["v"])
    np.testing.assert_array_equal(found.labels, LABELS)


def test_text_is_a_name_before_it_is_a_number():
    names = ("10", "2", "1")
    np.testing.assert_array_equal(class_numbers(np.array(["1", "10", "2"]), names, "labels", "x"), [2, 0, 1])
    np.testing.assert_array_equal(class_numbers(np.array([1, 0, 2]), names, "labels", "x"), [1, 0, 2])
    np.testing.assert_array_equal(class_numbers(np.array(["1", "0"]), NAMES, "labels", "x"), [1, 0])
    with pytest.raises(PredictionsError, match="got 0 too"):
        class_numbers(np.array(["1", "0"]), names, "labels", "x")


def test_columns_called_by_their_number_are_nameless():
    labels = np.array(["x", "y"])
    assert names_of_columns(("0", "1"), labels, 2, "f")[0] == ("x", "y")
    assert names_of_columns(("0", "1"), np.array(["0", "1"]), 2, "f") == (("0", "1"), ())
    assert names_of_columns(None, np.array([0, 1]), 2, "f") == (("0", "1"), ())
