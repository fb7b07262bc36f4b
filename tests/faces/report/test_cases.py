"""The pictures that are shown are the ones the rule names, each with its own words."""

from dataclasses import replace

import numpy as np
import pytest

from lowres.errors import PredictionsError
from lowres.faces.report.cases import CaseBook, sample_rows
from lowres.values.judging.evaluation import evaluate


@pytest.fixture
def book(digits_data):
    return CaseBook(digits_data.images, digits_data.predictions, digits_data.evaluation.temperature)


def test_the_surest_mistakes_come_first_with_their_own_pictures(digits_data, book):
    cases = book.confident_mistakes(5)
    scaled = np.exp(digits_data.predictions.logits.astype(np.float64) / digits_data.evaluation.temperature)
    surest = (scaled / scaled.sum(axis=1, keepdims=True)).max(axis=1)
    wrong = [row for row in range(len(surest)) if scaled[row].argmax() != digits_data.predictions.labels[row]]
    expected = sorted(wrong, key=lambda row: -surest[row])[:5]
    assert [case.id for case in cases] == [digits_data.predictions.ids[row] for row in expected]
    np.testing.assert_allclose([case.confidence for case in cases], surest[expected])
    for case in cases:
        assert not case.is_right
        np.testing.assert_array_equal(case.pixels, digits_data.images.pixels[int(case.id.split()[1])])


def test_a_pair_holds_both_directions_the_commoner_first(digits_data, book):
    pairs = book.confusions(digits_data.evaluation, 50, 3)
    matrix = digits_data.evaluation.confusion
    totals = [int(matrix[row, column] + matrix[column, row]) for row in range(10) for column in range(row)]
    assert [one.count + other.count for one, other in pairs] == sorted((t for t in totals if t), reverse=True)
    names = digits_data.images.class_names
    for one, other in pairs:
        assert (one.true, one.predicted) == (other.predicted, other.true)
        assert one.count >= other.count
        assert one.count == matrix[names.index(one.true), names.index(one.predicted)]
        assert one.support == matrix[names.index(one.true)].sum()
        assert len(one.cases) == min(one.count, 3)
        assert all((case.true, case.predicted) == (one.true, one.predicted) for case in one.cases)


def test_directions_that_are_equally_common_make_one_pair(made_data):
    data = made_data(("a", "b"), per_class=10, strength=0)
    predictions = replace(data.predictions, logits=np.eye(2, dtype=np.float32)[1 - data.predictions.labels])
    (pair,) = CaseBook(data.images, predictions, 1.0).confusions(evaluate(predictions), 4, 9)
    assert [(one.true, one.count) for one in pair] == [("a", 2), ("b", 2)]


def test_heat_is_the_raw_map_without_negatives_over_its_highest(digits_data, book):
    cases = {case.id: case for case in book.explained(digits_data.explanation)}
    assert len(cases) == len(digits_data.explanation)
    for id, raw in zip(digits_data.explanation.ids, digits_data.explanation.maps, strict=True):
        expected = np.where(raw > 0, raw, 0) / raw.max()
        np.testing.assert_allclose(cases[id].heat, expected, rtol=1e-6)


def test_right_ones_are_explained_first(digits_data, book):
    rights = [case.is_right for case in book.explained(digits_data.explanation)]
    assert rights == sorted(rights, reverse=True)
    assert set(rights) == {True, False}


def test_predictions_of_other_images_are_refused(digits_data):
    strange = replace(digits_data.predictions, ids=("nobody", *digits_data.predictions.ids[1:]))
    with pytest.raises(PredictionsError, match=r"expected predictions of these images, got one of 'nobody', .* 900"):
        CaseBook(digits_data.images, strange, 1.0)


def test_heat_maps_of_other_images_are_refused(digits_data, book):
    strange = replace(digits_data.explanation, ids=("nobody", *digits_data.explanation.ids[1:]))
    with pytest.raises(PredictionsError, match="expected heat maps of test images, got one of 'nobody'.*explain again"):
        book.explained(strange)


def test_samples_are_of_their_class_and_the_same_for_a_seed():
    labels = np.array([0] * 20 + [1] * 2 + [3] * 20)
    rows = sample_rows(labels, 4, 5, seed=9)
    assert [len(of_class) for of_class in rows] == [5, 2, 0, 5]
    assert all((labels[of_class] == number).all() for number, of_class in enumerate(rows))
    assert all(len(set(of_class)) == len(of_class) for of_class in rows)
    assert [list(one) for one in sample_rows(labels, 4, 5, seed=9)] == [list(one) for one in rows]
    assert [list(one) for one in sample_rows(labels, 4, 5, seed=8)] != [list(one) for one in rows]
