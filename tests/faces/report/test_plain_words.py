"""The plain section says nothing that was not measured: what it looks at only by maps that were proven."""

from dataclasses import replace

import numpy as np
import pytest

from faces.proofs import ALL, NONE, proof
from lowres.faces.report import plain_words
from lowres.faces.report.cases import CaseBook
from lowres.faces.report.model_card import model_card
from lowres.values.explaining.explanation import Explanation
from lowres.values.explaining.explanation_report import ExplanationReport

TRUSTED, NOT = proof({"random": ALL, "centre": ALL}), proof({"random": ALL, "centre": NONE})


def plain(words):
    return words.replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def looking(digits_data):
    """The study with maps that are all one map, proven or not."""

    def study(one, found):
        ids = digits_data.explanation.ids
        maps = np.repeat(np.asarray(one, dtype=np.float32)[None], len(ids), axis=0)
        explanation = Explanation(ids, digits_data.explanation.target_classes, maps, "Grad-CAM", "top")
        return replace(digits_data, explanation=explanation, proof=found)

    return study


MIDDLE = np.pad(np.ones((2, 2)), 1)
RIM = 1 - MIDDLE


def test_the_middle_and_the_rim_are_named_only_where_the_maps_are_proven(looking):
    middle = plain(plain_words.where_it_looks(looking(MIDDLE, TRUSTED)))
    assert "more in the middle of the pictures than at the rim: 100 % of the heat of 6 right answers" in middle
    assert "Half of the heat lies on 12 % of the picture." in middle
    assert "It may go by the background." in plain_words.where_it_looks(looking(RIM, TRUSTED))
    assert "favour neither" in plain_words.where_it_looks(looking(np.ones((4, 4)), TRUSTED))
    unproven = plain_words.where_it_looks(looking(MIDDLE, NOT))
    assert "could not be shown to be better than a blob in the centre" in unproven
    assert "middle" not in unproven


@pytest.mark.parametrize("found", [None, ExplanationReport("Grad-CAM", "top")])
def test_of_maps_nobody_tried_nothing_is_said(looking, found):
    assert plain_words.where_it_looks(looking(MIDDLE, found)) == ""


def test_sureness_is_counted(digits_data):
    confidence = np.array([0.95] * 40 + [0.5] * 60)
    right = np.array([True] * 39 + [False] + [True] * 30 + [False] * 30)
    words = plain(plain_words.how_sure(confidence, right))
    assert "For 40 % of the pictures it was at least 90 % sure, and 97.5 % of those answers were right." in words
    assert words.endswith("Of the answers it was less sure of, 50 % were right.")
    assert plain_words.how_sure(confidence[:45], right[:45]) == ""


def test_what_it_confuses_is_the_commonest_pair(digits_data):
    evaluation = digits_data.evaluation
    pairs = CaseBook(digits_data.images, digits_data.predictions, 1.0).confusions(evaluation, 4, 1)
    words = plain_words.what_it_confuses(evaluation, pairs)
    both = {pairs[0][0].true, pairs[0][0].predicted}
    matrix, names = evaluation.confusion, evaluation.class_names
    sums = {frozenset((names[i], names[j])): matrix[i, j] + matrix[j, i] for i in range(10) for j in range(i)}
    assert sums[frozenset(both)] == max(sums.values())
    assert all(name in words for name in both)
    assert plain_words.what_it_confuses(evaluation, ()) == ""


def test_limits_name_the_numbers_of_the_study(digits_data):
    said = dict(plain_words.limits(digits_data))
    wrong = int((~digits_data.predictions.is_right).sum())
    assert "These 10 classes only" in said
    assert f"{wrong} of 180" in plain(said["Reliability"])
    assert "8 x 8 pixels" in plain(said["Pictures like these only"])
    assert set(said) >= {"Bias", "Privacy", "Reliability"}


def test_a_network_trained_anew_learned_from_both_parts(tuned_data):
    split, making = tuned_data.split, tuned_data.making
    both = len(split.train) + len(split.validation)
    anew = replace(tuned_data, making=replace(making, fine_tuning=replace(making.fine_tuning, retrained_images=both)))
    assert f"learned them from {len(split.train)} pictures" in plain(plain_words.what_it_does(tuned_data))
    assert f"learned them from {both} pictures" in plain(plain_words.what_it_does(anew))
    assert f"anew on all {both} of the first two" in model_card(anew)
    assert "anew on all" not in model_card(tuned_data)
