"""A classifier that is hardly more than a constant answer is known for one, and no other is."""

import numpy as np
import pytest

from lowres.values.judging.answers import Answers
from lowres.values.judging.classification import classify
from lowres.values.judging.learned_little import (
    classes_never_named,
    error_reduction,
    favoured_class,
    has_learned_little,
)


def judged(confusion, training_counts=None):
    """The classification of answers that make up that confusion matrix."""
    counts = np.array(confusion)
    rows, columns = np.indices(counts.shape)
    labels, predicted = (np.repeat(one.ravel(), counts.ravel()) for one in (rows, columns))
    ids, names = tuple(map(str, range(len(labels)))), tuple("abcdefghij"[: len(counts)])
    return classify(Answers(ids, labels, predicted, names), training_class_counts=training_counts)


def constant(counts, named=0):
    """Everything is called by one name."""
    table = np.zeros((len(counts), len(counts)), int)
    table[:, named] = counts
    return table


@pytest.mark.parametrize(
    ("accuracy", "baseline", "expected"),
    # By hand: of the 50 mistakes in 100 that a constant makes, 20 are avoided; the last has none to avoid.
    [(0.7, 0.5, 0.4), (0.5, 0.5, 0.0), (0.4, 0.5, -0.2), (1.0, 0.1, 1.0), (0.9, 1.0, 0.0)],
)
def test_the_share_of_mistakes_that_is_avoided_by_hand(accuracy, baseline, expected):
    assert error_reduction(accuracy, baseline) == pytest.approx(expected)


def test_it_is_lambda_of_goodman_and_kruskal_where_every_class_is_named_for_its_commonest_truth():
    """Their measure of a table (rows: answers) is (sum of row maxima - largest column total) / (n - largest total)."""
    table = np.array([[30, 5, 5], [8, 40, 2], [4, 6, 20]])
    found = judged(table)
    by_answer = table.T
    expected = (by_answer.max(axis=1).sum() - by_answer.sum(axis=0).max()) / (120 - by_answer.sum(axis=0).max())
    assert error_reduction(found.accuracy, found.majority_baseline) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("confusion", "little"),
    [
        (constant([100] * 10), True),
        # At ten equal classes 19 % avoid a tenth of the mistakes: 18.1 % (to 18.9) are little, 19.0 (to 19.8) are not.
        (constant([1000] * 10) + np.diag([0] + [90] * 9) - constant([0] + [90] * 9), True),
        (constant([1000] * 10) + np.diag([0] + [100] * 9) - constant([0] + [100] * 9), False),
        ([[95, 5], [5, 95]], False),
        # As good as a coin on four pictures: too few to say.
        ([[1, 1], [1, 1]], False),
    ],
)
def test_little_is_what_even_the_upper_end_calls_little(confusion, little):
    assert has_learned_little(judged(confusion)) is little


def test_a_constant_answer_that_is_nearly_always_true_has_learned_little_and_favours_nothing():
    found = judged(constant([990, 10]))
    assert favoured_class(found) is None
    assert has_learned_little(judged(constant([99_000, 1_000])))


@pytest.mark.parametrize(
    ("confusion", "name"),
    [
        (constant([10] * 4, named=2), "c"),
        # 60 of 100 called b, 30 are: twice as many, so it counts; 59 would not be.
        ([[40, 30], [0, 30]], "b"),
        ([[41, 29], [0, 30]], None),
        ([[50, 0], [0, 50]], None),
        # Half of all is not most.
        ([[25, 0, 0], [25, 0, 0], [0, 0, 50]], None),
    ],
)
def test_the_favoured_class(confusion, name):
    favoured = favoured_class(judged(confusion))
    assert (favoured.name if favoured else None) == name


@pytest.mark.parametrize(
    ("confusion", "names"),
    [
        ([[50, 0, 0], [20, 30, 0], [5, 5, 0]], "c"),
        # None of nine may be chance.
        ([[50, 0, 0], [20, 30, 0], [5, 4, 0]], ""),
        ([[50, 0, 0], [20, 30, 0], [15, 14, 1]], ""),
        ([[0, 40, 0, 0], [0, 40, 0, 0], [0, 0, 0, 40], [0, 0, 0, 40]], "ac"),
        # A class that no image is of is not missed.
        ([[50, 0, 0], [10, 40, 0], [0, 0, 0]], ""),
    ],
)
def test_classes_that_are_never_named(confusion, names):
    assert "".join(score.name for score in classes_never_named(judged(confusion))) == names
