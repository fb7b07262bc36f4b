"""A file of outputs is judged as scikit-learn judges it, and never chooses anything for itself."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import accuracy_score, f1_score, log_loss

from lowres.errors import PredictionsError, StudyError
from lowres.pipeline.judge import GivenFiles, judge_file
from lowres.values.judging.appraisal import AppraisalChoices

CHOICES = AppraisalChoices(review_error=0.2)


@pytest.fixture
def write(tmp_path):
    """Write outputs of a network that is right in most cases, as .npz; return the path, labels and logits."""

    def make(name, seed, n=400, prefix=None, **changes):
        random = np.random.default_rng(seed)
        labels = random.integers(0, 4, n)
        logits = random.normal(size=(n, 4))
        logits[np.arange(n), labels] += 2
        arrays = {"logits": logits, "labels": labels}
        if prefix is not None:
            arrays["ids"] = np.array([f"{prefix}{row}" for row in range(n)])
        arrays = {key: value for key, value in (arrays | changes).items() if value is not None}
        np.savez(tmp_path / f"{name}.npz", **arrays)
        return tmp_path / f"{name}.npz", labels, logits

    return make


def test_logits_are_judged_as_scikit_learn_does(write):
    path, labels, logits = write("test", 1, prefix="t")
    data = judge_file(GivenFiles(path), CHOICES).to_json()
    assert data["accuracy"] == accuracy_score(labels, logits.argmax(axis=1))
    assert data["nll"] == pytest.approx(log_loss(labels, softmax(logits, axis=1)))
    f1 = f1_score(labels, logits.argmax(axis=1), average=None)
    np.testing.assert_allclose([row["f1"] for row in data["per_class"]], f1)
    assert (data["kind"], data["has_ids"], data["classes"]) == ("logits", True, ["0", "1", "2", "3"])
    assert "temperature" not in data
    assert "no validation predictions were given" in data["absent"]["review"]


def test_validation_of_other_images_chooses(write):
    test, *_ = write("test", 1, prefix="t")
    validation, *_ = write("validation", 2, prefix="v")
    data = judge_file(GivenFiles(test, validation=validation), CHOICES).to_json()
    assert data["absent"] == {}
    assert data["review"]["chosen"]["validation_n"] == 400
    assert data["review"]["outcome"]["n"] == 400


def test_rows_without_ids_are_not_taken_for_shared_images(write):
    test, *_ = write("test", 1)
    validation, *_ = write("validation", 2)
    assert "temperature" in judge_file(GivenFiles(test, validation=validation), CHOICES).to_json()


def test_the_judged_file_may_not_choose_under_any_name(write, tmp_path):
    test, *_ = write("test", 1, prefix="t")
    with pytest.raises(PredictionsError, match=r"validation outputs of other images, got .*, the judged file itself"):
        judge_file(GivenFiles(test, validation=test), CHOICES)
    copy, *_ = write("copy", 1, prefix="t")
    with pytest.raises(PredictionsError, match="got 400 of 400 judged images in both"):
        judge_file(GivenFiles(test, validation=copy), CHOICES)
    some, *_ = write("some", 3, ids=np.array(["t5", *(f"v{row}" for row in range(399))]))
    with pytest.raises(PredictionsError, match=r"got 1 of 400 judged images in both \(t5\)"):
        judge_file(GivenFiles(test, validation=some), CHOICES)
    nameless, *_ = write("nameless", 1)
    with pytest.raises(PredictionsError, match="got the labels and outputs of all 400 judged rows in both"):
        judge_file(GivenFiles(test, validation=nameless), CHOICES)


def test_validation_that_cannot_choose_is_refused(write):
    test, labels, _ = write("test", 1, prefix="t")
    hard, *_ = write("hard", 2, logits=None, predicted=labels)
    with pytest.raises(PredictionsError, match="expected probabilities or logits in .*, got hard labels"):
        judge_file(GivenFiles(test, validation=hard), CHOICES)
    named, *_ = write("named", 2, class_names=np.array(list("abcd")))
    with pytest.raises(
        PredictionsError, match="expected the classes of the judged outputs in .*, got a, b, c, d for 0"
    ):
        judge_file(GivenFiles(test, validation=named), CHOICES)


def test_one_file_of_labels_serves_both_parts(write, tmp_path):
    test, labels, _ = write("test", 1, prefix="t", labels=None)
    validation, others, _ = write("validation", 2, prefix="v", labels=None)
    rows = [f"t{row},{label}" for row, label in enumerate(labels)]
    rows += [f"v{row},{label}" for row, label in enumerate(others)]
    (tmp_path / "y.csv").write_text("\n".join(["id,label", *rows]))
    judged = judge_file(GivenFiles(test, labels=tmp_path / "y.csv", validation=validation), CHOICES).to_json()
    assert judged["n"] == 400
    assert judged["review"]["chosen"]["validation_n"] == 400
    with pytest.raises(PredictionsError, match="got 400 labels without an output"):
        judge_file(GivenFiles(test, labels=tmp_path / "y.csv"), CHOICES)


def test_slices_by_metadata(write, tmp_path):
    test, labels, logits = write("test", 1, prefix="t")
    right = logits.argmax(axis=1) == labels
    rows = [f"t{row},{'AB'[row % 2]},{row}" for row in range(400)]
    (tmp_path / "m.csv").write_text("\n".join(["id,camera,age", *reversed(rows)]))
    camera, age = judge_file(GivenFiles(test, metadata=tmp_path / "m.csv"), CHOICES).to_json()["slices"]
    assert {row["value"]: row["accuracy"] for row in camera["slices"]} == {
        "A": right[::2].mean(),
        "B": right[1::2].mean(),
    }
    assert age["kind"] == "quartiles"
    assert [row["n"] for row in age["slices"]] == [100] * 4


def test_a_folder_that_is_no_study_is_refused(tmp_path):
    with pytest.raises(StudyError, match="expected a study folder or a file of predictions, got"):
        judge_file(GivenFiles(tmp_path), CHOICES)
