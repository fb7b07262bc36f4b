"""What hardly learned anything is said to have, first and in figures; what learned is left alone."""

from dataclasses import replace

import numpy as np
import pytest

from lowres.faces.report import plain_words, verdict
from lowres.faces.report.cases import CaseBook
from lowres.faces.report.learned_words import doubts_of_file, favours, learned_little, never_names
from lowres.values.judging.evaluation import evaluate
from lowres.values.predictions import Predictions

CLASSES = tuple("abcde")


def plain(words):
    return words.replace("\N{NO-BREAK SPACE}", " ")


def predictions_of(answers, labels):
    logits = 4 * np.eye(len(CLASSES), dtype=np.float32)[answers]
    return Predictions(tuple(map(str, range(len(labels)))), labels, logits, CLASSES)


LABELS = np.arange(1000) % 5
ONE_ANSWER = evaluate(predictions_of(np.where(np.arange(1000) < 10, LABELS, 1), LABELS))
TURNED = evaluate(predictions_of((LABELS + 1) % 5, LABELS))
GOOD = evaluate(predictions_of(np.where(np.arange(1000) < 800, LABELS, (LABELS + 1) % 5), LABELS))
# Every picture of d is called a, and every one of e b.
WITHOUT_TWO = evaluate(predictions_of(np.where(LABELS > 2, LABELS - 3, LABELS), LABELS))


def test_next_to_nothing_is_told_with_its_figure():
    # 8 of the first ten are right besides the 200 of class b: 208 in 1,000, of 800 mistakes 8 fewer.
    assert plain(learned_little(ONE_ANSWER)) == (
        "It has learned next to nothing: of the mistakes that always naming the commonest class makes, it avoids 1.0 %."
    )
    assert learned_little(TURNED).endswith("always naming the commonest class makes no more mistakes.")
    assert learned_little(GOOD) == ""


def test_the_class_it_calls_everything_is_named():
    assert plain(favours(ONE_ANSWER)) == "calls 99 % of the pictures b, which 20 % of them are"
    assert favours(TURNED) == favours(GOOD) == ""


def test_classes_that_no_picture_is_called_are_named_and_counted():
    assert plain(never_names(WITHOUT_TWO)) == "never names d or e, which 40 % of the pictures are"
    assert never_names(GOOD) == never_names(TURNED) == ""
    # All but one are never named there, which has been said in other words.
    assert never_names(ONE_ANSWER) == ""


def test_of_many_classes_that_are_never_named_a_few_are_told():
    names = tuple("abcdefghijkl")
    labels = np.arange(480) % 12
    # The first six answer for the last six.
    logits = np.eye(12, dtype=np.float32)[labels % 6]
    found = evaluate(Predictions(tuple(map(str, range(480))), labels, logits, names))
    assert plain(never_names(found)) == "never names g, h, i, j or 2 more, which 50 % of the pictures are"


@pytest.mark.parametrize(("found", "sentences"), [(ONE_ANSWER, 2), (TURNED, 1), (GOOD, 0), (WITHOUT_TWO, 1)])
def test_a_file_of_results_is_enough(found, sentences):
    assert len(doubts_of_file(found.to_json())) == sentences


def test_report_and_plain_section_say_it_before_all_else(digits_data):
    names = digits_data.images.class_names
    labels = digits_data.predictions.labels
    logits = np.zeros((len(labels), len(names)), np.float32)
    logits[:, 3] = 1
    predictions = replace(digits_data.predictions, logits=logits)
    evaluation = evaluate(predictions)
    pairs = CaseBook(digits_data.images, predictions, 1.0).confusions(evaluation, 4, 1)
    said = plain(verdict.verdict_paragraph(replace(digits_data, evaluation=evaluation, predictions=predictions), pairs))
    assert said.startswith("It has learned next to nothing: ")
    assert f"It calls 100 % of the pictures {names[3]}, which " in said
    assert "for each other" not in said
    assert plain_words.limits(replace(digits_data, evaluation=evaluation))[0][0] == "Next to no use"
    assert "Next to no use" not in dict(plain_words.limits(digits_data))
    assert plain(plain_words.what_it_confuses(evaluation, pairs)).startswith(
        f"It calls 100 % of the pictures {names[3]}"
    )


def test_report_and_plain_section_name_the_classes_that_are_never_named(digits_data):
    names, labels = digits_data.images.class_names, digits_data.predictions.labels
    # Seven are called one, and nothing else is wrong.
    logits = np.eye(len(names), dtype=np.float32)[np.where(labels == 7, 1, labels)]
    predictions = replace(digits_data.predictions, logits=logits)
    evaluation = evaluate(predictions)
    pairs = CaseBook(digits_data.images, predictions, 1.0).confusions(evaluation, 4, 1)
    data = replace(digits_data, evaluation=evaluation, predictions=predictions)
    assert f"and never names {names[7]}, which " in plain(verdict.verdict_paragraph(data, pairs))
    headings = dict(plain_words.limits(data))
    assert plain(headings["A name it never gives"]).startswith(f"It never names {names[7]}, which ")
    assert "Next to no use" not in headings
