"""The verdict at the top of a report: one paragraph, every part of it held by a number further down."""

from __future__ import annotations

from lowres.faces.numbers_in_words import percent, points
from lowres.faces.report import learned_words, trust_words
from lowres.faces.report import words as report_words
from lowres.faces.report.cases import Confusion
from lowres.faces.report.data import ReportData
from lowres.values.judging.evaluation import Evaluation

_WELL_CALIBRATED = 0.02


def verdict_paragraph(data: ReportData, pairs: tuple[tuple[Confusion, Confusion], ...]) -> str:
    """Return whether it learned anything, how it compares, whether the target is met, where it fails, and its trust."""
    evaluation = data.evaluation
    sentences = (
        learned_words.learned_little(evaluation),
        report_words.against_baseline(evaluation),
        report_words.against_target(evaluation),
        _where_it_fails(evaluation, pairs),
        _whether_sure(evaluation),
        trust_words.are_maps_true(data.proof),
        trust_words.when_to_ask(data.reliance.review if data.reliance else None),
    )
    return " ".join(sentence for sentence in sentences if sentence)


def _where_it_fails(evaluation: Evaluation, pairs: tuple[tuple[Confusion, Confusion], ...]) -> str:
    wrong = evaluation.n - int(evaluation.confusion.trace())
    there = [score for score in evaluation.per_class if score.support]
    if not pairs or not there:
        return ""
    one, other = pairs[0]
    worst = min(there, key=lambda score: score.recall)
    finds = (
        f"finds least of {worst.name}: {percent(worst.recall, 0)} (95\N{NO-BREAK SPACE}% interval "
        f"{percent(worst.recall_interval[0], 0)} to {percent(worst.recall_interval[1], 0)})."
    )
    never = learned_words.never_names(evaluation)
    if never:
        finds = f"{never}."
    favours = learned_words.favours(evaluation)
    if favours:
        return f"It {favours}, and {finds}"
    if len(evaluation.per_class) == 2:
        return f"It {finds}"
    share = percent((one.count + other.count) / wrong, 0)
    return f"It most often takes {one.true} and {other.true} for each other ({share} of its mistakes), and {finds}"


def _whether_sure(evaluation: Evaluation) -> str:
    off = evaluation.ece_after_temperature
    if off <= _WELL_CALIBRATED:
        return f"Its confidence can be taken at its word: after scaling it is off by {points(off)} on average."
    return f"Its confidence is not to be taken at its word: even after scaling it is off by {points(off)} on average."
