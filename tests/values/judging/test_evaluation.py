"""Every published number against scikit-learn, a case worked by hand, and the way through JSON."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from lowres.errors import PredictionsError
from lowres.values.judging.answers import answers_of
from lowres.values.judging.classification import confusion_matrix
from lowres.values.judging.evaluation import Evaluation, evaluate

DESIGN_KEYS = {
    "n", "accuracy", "accuracy_interval", "majority_baseline", "target", "gap_to_target", "per_class", "confusion",
    "confusion_pairs", "nll", "brier", "ece", "temperature", "ece_after_temperature",
}  # fmt: skip


def test_against_scikit_learn(random_predictions):
    labels, predicted = random_predictions.labels, random_predictions.predicted
    probabilities = random_predictions.probabilities()
    result = evaluate(random_predictions)
    assert result.n == 600
    assert result.accuracy == metrics.accuracy_score(labels, predicted)
    assert result.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(labels, predicted))
    assert result.nll == pytest.approx(metrics.log_loss(labels, probabilities))
    assert result.brier == pytest.approx(
        metrics.brier_score_loss(labels, probabilities, labels=range(7), scale_by_half=False)
    )
    np.testing.assert_array_equal(result.confusion, metrics.confusion_matrix(labels, predicted))
    for k, fraction in result.top_k.items():
        assert fraction == pytest.approx(metrics.top_k_accuracy_score(labels, random_predictions.logits, k=k))
    assert set(result.top_k) == {2, 3, 5}
    table = metrics.precision_recall_fscore_support(labels, predicted)
    ours = np.array([[row.precision, row.recall, row.f1, row.support] for row in result.per_class]).T
    np.testing.assert_allclose(ours, table)


def test_a_class_never_predicted_and_one_that_never_occurs(predictions_of):
    predictions = predictions_of([[3, 0, 1], [3, 0, 1], [0, 0, 1]], [0, 1, 1])
    result = evaluate(predictions)
    table = metrics.precision_recall_fscore_support([0, 1, 1], [0, 0, 2], labels=[0, 1, 2], zero_division=0)
    ours = np.array([[row.precision, row.recall, row.f1, row.support] for row in result.per_class]).T
    np.testing.assert_allclose(ours, table)
    assert result.balanced_accuracy == 0.5
    assert result.per_class[2].recall_interval == (0.0, 1.0)
    assert [row.predicted for row in result.per_class] == [2, 0, 1]


def test_intervals_follow_the_counts(random_predictions):
    result = evaluate(random_predictions)
    for score in result.per_class:
        assert score.recall_interval[0] < score.recall < score.recall_interval[1]
        assert score.precision_interval[0] < score.precision < score.precision_interval[1]


def test_the_described_system(predictions_of):
    # 48.9 % of 10,000 images against a target of 65 %: 16.1 points short, and one point of doubt either way.
    labels = np.repeat([0, 1], [4890, 5110])
    result = evaluate(predictions_of(np.tile([1, 0], (10_000, 1)), labels), target=0.65)
    expected = binomtest(4890, 10_000).proportion_ci(method="wilson")
    assert result.gap_to_target == pytest.approx(0.161)
    assert result.accuracy_interval == pytest.approx((expected.low, expected.high))


def test_rows_are_true_and_columns_predicted(predictions_of):
    # Two ships called aeroplane and one aeroplane called ship.
    predictions = predictions_of([[9, 0], [9, 0], [0, 9], [9, 0]], [1, 1, 0, 0], ("aeroplane", "ship"))
    result = evaluate(predictions)
    assert result.confusion.tolist() == [[1, 1], [2, 0]]
    assert [(pair.true, pair.predicted, pair.count) for pair in result.confusion_pairs] == [
        ("ship", "aeroplane", 2),
        ("aeroplane", "ship", 1),
    ]
    assert result.class_names == ("aeroplane", "ship")


def test_confusion_pairs_are_all_mistakes_commonest_first(random_predictions):
    pairs = evaluate(random_predictions).confusion_pairs
    counts = [pair.count for pair in pairs]
    assert counts == sorted(counts, reverse=True)
    assert min(counts) > 0
    assert sum(counts) == (~random_predictions.is_right).sum()
    assert all(pair.true != pair.predicted for pair in pairs)
    wrong = ~random_predictions.is_right
    true, predicted = random_predictions.labels[wrong], random_predictions.predicted[wrong]
    for pair in pairs[:5]:
        one, other = int(pair.true[-1]), int(pair.predicted[-1])
        assert pair.count == ((true == one) & (predicted == other)).sum()


def test_majority_baseline_is_that_of_the_training_parts_class(random_predictions):
    share = np.bincount(random_predictions.labels) / 600
    assert evaluate(random_predictions).majority_baseline == share.max()
    counts = np.array([1, 2, 9, 4, 5, 6, 7])
    assert evaluate(random_predictions, training_class_counts=counts).majority_baseline == share[2]
    assert evaluate(random_predictions).chance_baseline == 1 / 7


def test_gap_to_target_is_a_fraction(random_predictions):
    result = evaluate(random_predictions, target=0.65)
    assert result.target == 0.65
    accuracy = metrics.accuracy_score(random_predictions.labels, random_predictions.predicted)
    assert result.gap_to_target == pytest.approx(0.65 - accuracy)
    assert evaluate(random_predictions).gap_to_target is None


def test_after_temperature(random_predictions):
    result = evaluate(random_predictions, temperature=1.7)
    tempered = replace(random_predictions, logits=random_predictions.logits / np.float32(1.7))
    again = evaluate(tempered)
    assert result.temperature == 1.7
    assert result.nll_after_temperature == pytest.approx(again.nll, rel=1e-5)
    assert result.ece_after_temperature == pytest.approx(again.ece, abs=1e-4)
    plain = evaluate(random_predictions)
    assert (result.nll, result.brier, result.ece) == (plain.nll, plain.brier, plain.ece)
    assert result.ece_binning == "15 equal-width bins of the highest probability"


def test_top_k_leaves_out_what_is_certain(predictions_of):
    assert evaluate(predictions_of([[1, 0, 2]], [0])).top_k == {2: 1.0}
    assert evaluate(predictions_of([[1, 0]], [0])).top_k == {}


def test_top_k_ranks_ties_as_argmax_does(predictions_of):
    result = evaluate(predictions_of([[1, 1, 1, 1]] * 4, [0, 1, 2, 3]))
    assert (result.accuracy, result.top_k) == (0.25, {2: 0.5, 3: 0.75})


def test_through_json(random_predictions):
    result = evaluate(random_predictions, temperature=1.3, target=0.9)
    data = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert data == result.to_json()
    assert data.keys() >= DESIGN_KEYS
    assert data["per_class"][0].keys() >= {"name", "precision", "recall", "f1", "support"}
    assert data["confusion_pairs"][0].keys() == {"true", "predicted", "count"}
    back = Evaluation.from_json(data | {"of a later version": 1})
    assert back.to_json() == result.to_json()
    assert back.per_class == result.per_class
    assert back.confusion_pairs == result.confusion_pairs
    assert back.accuracy_interval == result.accuracy_interval
    assert (back.top_k, back.confusion.dtype) == (result.top_k, np.int64)


@pytest.mark.parametrize("part", [None, "per_class", "confusion_pairs"])
def test_json_without_a_key_is_refused(random_predictions, part):
    data = evaluate(random_predictions).to_json()
    table, key, where = (data, "nll", "the evaluation") if part is None else (data[part][0], "", part)
    key = key or {"per_class": "recall", "confusion_pairs": "count"}[part]
    del table[key]
    with pytest.raises(PredictionsError, match=rf"expected {key} in {where}, got only .*; evaluate again"):
        Evaluation.from_json(data)


def test_a_matrix_of_shuffled_rows_is_refused(random_predictions):
    result = evaluate(random_predictions)
    order = np.random.default_rng(0).permutation(600)
    shuffled = replace(random_predictions, labels=random_predictions.labels[order])
    with pytest.raises(
        PredictionsError, match=r"expected the accuracy of the confusion matrix \(\d+ / 600\), got 0\.\d+"
    ):
        replace(result, confusion=confusion_matrix(answers_of(shuffled)))


def test_a_matrix_of_other_images_is_refused(random_predictions):
    result = evaluate(random_predictions)
    with pytest.raises(PredictionsError, match="expected a confusion matrix of 600 images, got one of 1200"):
        replace(result, confusion=result.confusion * 2)


def test_the_matrix_is_read_only(random_predictions):
    with pytest.raises(ValueError, match="read-only"):
        evaluate(random_predictions).confusion[0, 0] = 1


@pytest.mark.parametrize("target", [65, 0, -0.1])
def test_refuses_a_target_that_is_no_fraction(random_predictions, target):
    with pytest.raises(PredictionsError, match=f"expected a target accuracy as a fraction .*, got {target}"):
        evaluate(random_predictions, target=target)


def test_refuses_counts_of_other_classes(random_predictions):
    with pytest.raises(PredictionsError, match=r"expected training counts of 7 classes, got \[3\]"):
        evaluate(random_predictions, training_class_counts=np.array([1, 2, 3]))
