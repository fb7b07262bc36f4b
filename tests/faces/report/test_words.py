"""Each sentence says what its numbers allow, and changes when they do."""

from dataclasses import replace

import numpy as np
import pytest

from lowres.faces.report import words as report_words
from lowres.faces.report.cases import CaseBook
from lowres.faces.report.data import FlippedResult
from lowres.values.findings import Finding
from lowres.values.judging.evaluation import evaluate
from lowres.values.predictions import Predictions


def judged(right, n, *, classes=2, training_counts=None, target=None):
    """An evaluation with `right` of `n` right; true classes in turn, each mistake naming the next class."""
    labels = np.arange(n) % classes
    answers = np.where(np.arange(n) < right, labels, (labels + 1) % classes)
    logits = 4 * np.eye(classes, dtype=np.float32)[answers]
    names = tuple("abcdefgh"[:classes])
    predictions = Predictions(tuple(map(str, range(n))), labels, logits, names)
    return evaluate(predictions, training_class_counts=training_counts, target=target)


def plain(words):
    return words.replace("\N{NO-BREAK SPACE}", " ")


def test_verdict_gives_accuracy_n_and_interval():
    # 95 % Wilson interval of 90 in 100, from R: prop.test(90, 100, correct = FALSE)
    assert plain(report_words.verdict(judged(90, 100))) == (
        "It names 90.0 % of 100 test pictures correctly (95 % interval 82.6 % to 94.5 %)."
    )


@pytest.mark.parametrize(
    ("right", "words"),
    [
        (90, "would be right 50.0 % of the time and make 5.0 times as many mistakes."),
        (100, "would be right 50.0 % of the time."),
        (55, "this cannot be told from not looking."),
        (20, "this is worse than not looking."),
    ],
)
def test_the_commonest_class_is_the_measure(right, words):
    assert plain(report_words.against_baseline(judged(right, 100))).endswith(words)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (None, ""),
        (0.8, "It meets the target of 80.0 % with 10.0 points to spare."),
        (0.88, "It reaches the target of 88.0 %, but the interval goes below it: 100 pictures do not settle it."),
        (0.92, "It falls 2.0 points short of the target of 92.0 %, though the interval still holds it."),
        (0.99, "It misses the target of 99.0 % by 9.0 points."),
    ],
)
def test_the_target_is_met_only_where_the_interval_is_above_it(target, words):
    assert plain(report_words.against_target(judged(90, 100, target=target))) == words


def test_the_margin_is_told_in_pictures():
    words = plain(report_words.certainty(judged(90, 100)))
    assert words.startswith("In the long run, between 83 and 94 of 100 new pictures like these")
    assert "because 100 pictures judged it" in words


def test_close_misses_are_told_where_there_are_more_than_two_classes():
    assert report_words.close_misses(judged(9, 10)) == ""
    assert "among its first 2 in " in plain(report_words.close_misses(judged(9, 12, classes=4)))


def test_weakest_class_is_named_with_its_numbers(digits_data):
    worst = min(digits_data.evaluation.per_class, key=lambda score: score.f1)
    words = plain(report_words.classes_apart(digits_data.evaluation.per_class))
    assert (
        f"The weakest is {worst.name} (F1 {worst.f1:.2f}): {100 * worst.recall:.0f} % of its {worst.support} pic"
        in words
    )


def test_mirrored_views_stand_apart():
    words = plain(report_words.mirrored(FlippedResult(0.929, (0.922, 0.936))))
    assert "it reaches 92.9 % (92.2 % to 93.6 %)" in words
    assert "no other number here uses it" in words


@pytest.mark.parametrize(
    ("after", "words"),
    [(0.01, "brings that down to 1.0 points"), (0.03, "leaves it at 3.0 points"), (0.05, "makes that 5.0 points")],
)
def test_calibration_is_praised_only_where_it_helps(after, words):
    evaluation = replace(judged(90, 100), ece=0.03, ece_after_temperature=after, temperature=1.5)
    sentence = plain(report_words.calibrated(evaluation, None))
    assert f"a temperature of 1.50 {words}." in sentence


def test_calibration_names_what_it_was_fitted_on(digits_data):
    sentence = plain(report_words.calibrated(digits_data.evaluation, digits_data.calibration))
    assert f", fitted on {len(digits_data.split.validation)} validation pictures, " in sentence


def test_the_main_confusion_counts_both_directions(digits_data):
    evaluation = digits_data.evaluation
    pairs = CaseBook(digits_data.images, digits_data.predictions, 1.0).confusions(evaluation, 1, 1)
    matrix, names = evaluation.confusion, digits_data.images.class_names
    both = max(int(matrix[row, column] + matrix[column, row]) for row in range(10) for column in range(row))
    one = pairs[0][0]
    wrong = evaluation.n - int(np.trace(matrix))
    expected = f"It made {wrong} mistakes. {both} of them ({100 * both / wrong:.0f} %) are between {one.true} and"
    assert plain(report_words.main_confusion(evaluation, pairs)).startswith(expected)
    assert matrix[names.index(one.true), names.index(one.predicted)] == one.count


def test_between_two_classes_every_mistake_is_between_them(made_data):
    data = made_data(("good", "bad"), per_class=60, strength=0.5)
    pairs = CaseBook(data.images, data.predictions, 1.0).confusions(data.evaluation, 4, 1)
    words = plain(report_words.main_confusion(data.evaluation, pairs))
    matrix = data.evaluation.confusion
    assert f"good was taken for bad {matrix[0, 1]} times" in words or f"good for bad {matrix[0, 1]} times" in words


def test_sure_mistakes_are_counted_among_the_sure():
    answers = [(0.95, True), (0.9, False), (0.99, True), (0.89, False)]
    words = plain(report_words.sure_mistakes(answers))
    assert words.startswith("It was at least 90 % sure of 3 answers; 1 of them (33.3 %) are wrong.")
    assert plain(report_words.sure_mistakes([(0.5, True)])) == "It was never 90 % sure."


def test_empty_maps_are_confessed(digits_data):
    empty = replace(digits_data.explanation, maps=-np.abs(digits_data.explanation.maps))
    cases = CaseBook(digits_data.images, digits_data.predictions, 1.0).explained(empty)
    assert "Of these 12 maps 12 show nothing" in report_words.reading_heat(digits_data, cases)


def test_methods_are_spelt_as_in_print():
    assert report_words.method_name("grad-cam") == "Grad-CAM"
    assert report_words.method_name("something new") == "something new"


def test_how_it_was_made_and_chosen(digits_data):
    made = plain(report_words.how_made(digits_data, digits_data.making))
    assert "resized to 224 x 224 pixels (bicubic)" in made
    assert "Its weights were left as they came; it turns a picture into 7 x 7 places with 64 numbers each." in made
    assert f"trained on {len(digits_data.split.train)} training pictures" in made
    chosen = plain(report_words.how_chosen(digits_data, digits_data.making))
    assert chosen == (
        f"Of the 2 heads tried, the {len(digits_data.split.validation)} validation pictures chose the one to keep. The "
        f"{digits_data.evaluation.n} test pictures were used once, after the last choice, and chose nothing."
    )


@pytest.mark.parametrize(
    ("from_layer", "kept_epoch", "words"),
    [
        ("blocks_5", 3, "Its weights from blocks_5 up were trained further; it turns"),
        ("", 3, "All its weights were trained further; it turns"),
        ("blocks_5", 0, "Training its weights further brought nothing, so they are as they came; it turns"),
    ],
)
def test_a_trunk_that_was_trained_is_not_called_frozen(from_layer, kept_epoch, words, tuned_data):
    fine_tuning = replace(tuned_data.making.fine_tuning, from_layer=from_layer, kept_epoch=kept_epoch)
    making = replace(tuned_data.making, fine_tuning=fine_tuning)
    assert words in report_words.how_made(tuned_data, making)
    assert making.is_trunk_frozen == (kept_epoch == 0)


def test_validation_chose_the_epoch_too_unless_the_last_was_kept_anyway(tuned_data):
    assert "chose the one to keep, and the epoch of fine-tuning." in report_words.how_chosen(
        tuned_data, tuned_data.making
    )
    last = replace(tuned_data, recipe=tuned_data.recipe.with_settings({"fine_tuning.keep": "last"}))
    assert "chose the one to keep. The" in report_words.how_chosen(last, last.making)


def test_of_one_head_nothing_was_chosen(tuned_data):
    making = replace(tuned_data.making, candidates=tuned_data.making.candidates[:1])
    validation = len(tuned_data.split.validation)
    with_epochs = plain(report_words.how_chosen(tuned_data, making))
    assert with_epochs.startswith(
        f"One head was tried; the {validation} validation pictures chose the epoch of fine-tuning. The"
    )
    last = replace(tuned_data, recipe=tuned_data.recipe.with_settings({"fine_tuning.keep": "last"}))
    assert plain(report_words.how_chosen(last, making)).startswith("One head was tried; none had to be chosen. The")


def test_a_fault_that_was_trained_in_spite_of_is_named():
    found = [Finding("input range", "FAIL", "0 to 1"), Finding("step", "WARN", "slow"), Finding("loss", "PASS", "2.3")]
    assert report_words.accepted_faults(found) == (
        "Before training a fault was found, and it was trained in spite of that: input range."
    )
    assert "2 faults were found" in report_words.accepted_faults([*found, Finding("spread", "FAIL", "0.01")])
    assert report_words.accepted_faults(found[1:]) == ""
