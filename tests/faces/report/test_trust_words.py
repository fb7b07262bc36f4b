"""The sentences about trust say what the numbers say, and nothing of what nobody tried."""

from dataclasses import replace

import pytest

from faces.proofs import ALL, NONE, SOME, proof
from lowres.faces.report import trust_words
from lowres.values.explaining.explanation_report import ExplanationReport
from lowres.values.judging.appraisal import Review
from lowres.values.judging.conformal import ConformalSets
from lowres.values.judging.robustness import CorruptedAccuracy, Robustness
from lowres.values.judging.selective import ReviewOutcome, ReviewThreshold, RiskCoverage, RiskPoint

CHOSEN = ReviewThreshold(0.01, 0.95, 0.83, 0.0098, 2000, 0.8, 597)
OUTCOME = ReviewOutcome(10_000, 7850, 0.785, (0.777, 0.793), 71, 71 / 7850, (0.0072, 0.0114))
NONE_FOUND = Review(replace(CHOSEN, threshold=None, error_bound=0.0274, validation_n=288), None)


def plain(words):
    return words.replace("\N{NO-BREAK SPACE}", " ")


def test_a_threshold_says_what_it_came_to_on_test_pictures():
    words = plain(trust_words.when_to_ask(Review(CHOSEN, OUTCOME)))
    assert "answers of less than 83.0 % confidence" in words
    assert words.endswith("the others, 78 % of the test pictures, were wrong in 0.9 %.")
    whole = plain(trust_words.how_the_threshold_came(Review(CHOSEN, OUTCOME)))
    assert "with 95 % certainty, at most 1.0 % of the answers are wrong" in whole
    assert whole.endswith("7,850 answers (78.5 %), of which 71 are wrong: 0.9 % (0.7 % to 1.1 %).")


def test_without_a_threshold_a_person_looks_at_all():
    assert plain(trust_words.when_to_ask(NONE_FOUND)).startswith("Let a person look at every answer")
    whole = plain(trust_words.how_the_threshold_came(NONE_FOUND))
    assert "With 288 validation pictures the best that can be said with 95 % certainty is 2.7 %" in whole
    assert whole.endswith("to vouch for 1.0 % takes at least 597 of them answered without a mistake.")
    assert trust_words.when_to_ask(None) == ""
    near = replace(NONE_FOUND, chosen=replace(NONE_FOUND.chosen, error_bound=0.01032))
    assert "with 95 % certainty is 1.03 %; to vouch for 1.0 %" in plain(trust_words.how_the_threshold_came(near))


def test_doubt_is_told_at_the_half():
    curve = RiskCoverage(0.01, 0.001, (RiskPoint(0.99, 0.3, 0.0), RiskPoint(0.9, 0.52, 0.004), RiskPoint(0.2, 1, 0.05)))
    words = plain(trust_words.doubt_pays(curve))
    assert words == "Of all answers 5.0 % are wrong; of the 52 % it is surest of, 0.4 %."


def test_damage_is_told_with_the_worst_and_the_mildest():
    rows = (CorruptedAccuracy("fog", "weather", (0.9, 0.8)), CorruptedAccuracy("noise", "noise", (0.5, 0.3)))
    words = plain(trust_words.when_damaged(Robustness(500, 0, 0.95, (0.93, 0.97), 0.625, (0.6, 0.65), rows)))
    assert words.startswith("500 test pictures, damaged in 2 ways and to 2 degrees, are named correctly in 62.5 %")
    assert words.endswith("It suffers most from noise (40.0 %) and least from fog (85.0 %).")


def test_sets_are_told_with_what_they_hold_and_their_size():
    sets = (ConformalSets("LAC", 0.95, 0.4, 288, 360, 0.961, (0.936, 0.977), 0.975, (9, 351)),)
    words = plain(trust_words.sets_in_words(sets))
    assert "the true one in 95.0 % of the pictures" in words
    assert "LAC holds it in 96.1 % (93.6 % to 97.7 %) with 0.97 classes on average" in words
    assert trust_words.sets_in_words(()) == ""


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, ""),
        (ExplanationReport("Grad-CAM", "top"), ""),
        (
            proof({"random": ALL, "centre": ALL, "edges": ALL}),
            "better than what knows nothing of the network (a random",
        ),
        (
            proof({"random": ALL, "centre": NONE, "edges": SOME}),
            "shown to be better than a blob in the centre (n = 40): do not",
        ),
        (proof({"random": ALL, "centre": SOME}), "than a blob in the centre by some measures only (n = 40): do"),
        (proof({"random": ALL}, forgets=False), "stay much the same when the network forgets"),
    ],
)
def test_maps_are_called_true_only_where_they_beat_every_baseline(found, words):
    said = trust_words.are_maps_true(found)
    assert words in said
    assert bool(said) == bool(words)


def test_how_they_were_tried_gives_n_and_what_is_left():
    words = plain(trust_words.how_maps_were_tried(proof({"random": ALL})))
    assert "Parts of 40 test pictures" in words
    assert "change as they should: what is left of their order is a rank correlation of 0.15" in words
    assert "less than they should" in trust_words.how_maps_were_tried(proof({"random": ALL}, forgets=False))
