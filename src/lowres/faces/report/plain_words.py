"""The study for people who do not read numbers: each sentence from a measurement, none where nothing was measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lowres.faces.numbers_in_words import count, listed, of_hundred, percent
from lowres.faces.report.cases import Confusion
from lowres.faces.report.data import ReportData
from lowres.faces.report.learned_words import doubts, favours, never_names
from lowres.faces.report.trust_words import are_maps_true, when_to_ask
from lowres.values.explaining.heat_focus import EVEN_SHARE, HeatFocus, heat_focus
from lowres.values.judging.evaluation import Evaluation
from lowres.values.judging.learned_little import has_learned_little

_MOST_NAMED = 12
_SURE = 0.9
# A share of fewer images than this is luck.
_ENOUGH = 30


def what_it_does(data: ReportData) -> str:
    """Return what it is shown and what it answers."""
    names = data.images.class_names
    which = f"the {len(names)} it learned"
    if len(names) <= _MOST_NAMED:
        which = f"{which}: {listed(names, 'or')}"
    unnamed = ""
    if data.unlabelled_images:
        unnamed = f" and from {data.unlabelled_images:,} more whose names it had to guess"
    return (
        f"Shown a picture, it answers with the name it finds likeliest, of {which}. It learned them from "
        f"{count(data.learned_images, 'picture')}{unnamed}, and was then asked about {data.evaluation.n:,} others that "
        "it had never seen."
    )


def how_often(evaluation: Evaluation) -> str:
    """Return how often it is right, and what blind guessing would reach."""
    guess = percent(evaluation.chance_baseline, 0 if evaluation.chance_baseline >= 0.01 else 1)
    return (
        f"Of these it named {percent(evaluation.accuracy)} correctly; blind guessing would reach about {guess}. Of new "
        f"pictures of the same kind, expect {of_hundred(evaluation.accuracy_interval)} to be named correctly."
    )


def what_it_confuses(evaluation: Evaluation, pairs: tuple[tuple[Confusion, Confusion], ...]) -> str:
    """Return which classes it confuses, and how good the weakest and the strongest are; nothing without a mistake."""
    wrong = evaluation.n - int(evaluation.confusion.trace())
    there = [score for score in evaluation.per_class if score.support]
    if not pairs or len(there) < 2:
        return ""
    one, other = pairs[0]
    share = percent((one.count + other.count) / wrong, 0)
    best, worst = max(there, key=lambda score: score.recall), min(there, key=lambda score: score.recall)
    one_answer = favours(evaluation)
    most_often = f"takes {one.true} and {other.true} for each other: {share} of all its mistakes"
    begins = f"It {one_answer}." if one_answer else f"When it is wrong, it most often {most_often}."
    return (
        f"{begins} It finds {percent(best.recall, 0)} of the pictures of {best.name}, but only "
        f"{percent(worst.recall, 0)} of those of {worst.name}."
        if len(there) > 2
        else f"It finds {percent(best.recall, 0)} of the pictures of {best.name}, and {percent(worst.recall, 0)} of "
        f"those of {worst.name}."
    )


def how_sure(confidence: NDArray[np.float64], is_right: NDArray[np.bool_]) -> str:
    """Return what its being sure is worth: how often it is, and how often it is right then and otherwise."""
    sure = confidence >= _SURE
    if min(sure.sum(), (~sure).sum()) < _ENOUGH:
        return ""
    return (
        f"It also says how sure it is. For {percent(sure.mean(), 0)} of the pictures it was at least "
        f"{percent(_SURE, 0)} sure, and {percent(is_right[sure].mean())} of those answers were right. Of the answers "
        f"it was less sure of, {percent(is_right[~sure].mean(), 0)} were right."
    )


def when_a_person_looks(data: ReportData) -> str:
    """Return when a person should look at the answer; nothing where that was not asked."""
    return when_to_ask(data.reliance.review) if data.reliance else ""


def where_it_looks(data: ReportData) -> str:
    """Return where the heat of right answers lies, as measured, or that the maps do not tell; nothing untried.

    Only of maps that were proven: better than any that know nothing of the network.
    """
    explanation, proof = data.explanation, data.proof
    if explanation is None or proof is None or proof.faithfulness is None:
        return ""
    if not proof.is_trusted:
        return are_maps_true(proof)
    right = dict(zip(data.predictions.ids, data.predictions.is_right.tolist(), strict=True))
    members = np.array([right[id] for id in explanation.ids], dtype=bool)
    focus = heat_focus(explanation.maps[members])
    if focus is None:
        return ""
    return f"{_centre(focus)} {_spot(focus)} Which part of a thing that is was not measured, so it is not said here."


def limits(data: ReportData) -> list[tuple[str, str]]:
    """Return what the classifier must not be used for and what its data and answers carry, heading and sentence."""
    evaluation, names = data.evaluation, data.images.class_names
    doubtful, never = " ".join(doubts(evaluation)), never_names(evaluation)
    heading = "A name it never gives" if never and not has_learned_little(evaluation) else "Next to no use"
    return [
        *([(heading, doubtful)] if doubtful else []),
        (
            f"These {len(names)} classes only",
            "It has no answer for anything else: a picture of something outside its classes gets one of their names "
            "too, and a high confidence does not rule that out.",
        ),
        (
            "Pictures like these only",
            f"It was judged on {count(evaluation.n, 'picture')} of {data.images.width} x {data.images.height} pixels "
            "from the same source as those it learned from. Another camera, place, season or picture size was not "
            "tested, and the accuracy given here does not speak of it.",
        ),
        ("Bias", _bias(data)),
        (
            "Privacy",
            "The pictures were processed on the machine that made this study and sent nowhere. But report.html holds "
            "some of them: whoever gets that file sees them. Where they show people, or are not yours to share, do "
            "not pass it on.",
        ),
        (
            "Reliability",
            f"{_wrong_of(evaluation)}, and some of them with high confidence. Do not let it decide alone where a "
            "mistake harms somebody.",
        ),
    ]


def _centre(focus: HeatFocus) -> str:
    share, even = percent(focus.centre_share, 0), percent(EVEN_SHARE, 0)
    low, high = (percent(end, 0) for end in focus.centre_interval)
    of = f"of the heat of {count(focus.n, 'right answer')} ({low} to {high})"
    if focus.leans_to_centre:
        return (
            f"What speaks for its answers lies more in the middle of the pictures than at the rim: {share} {of} is in "
            f"the middle half, where {even} would be if it looked evenly."
        )
    if focus.leans_to_rim:
        return (
            f"What speaks for its answers lies more at the rim of the pictures than in the middle: only {share} {of} "
            f"is in the middle half, where {even} would be if it looked evenly. It may go by the background."
        )
    return (
        f"Its heat maps favour neither the middle of the pictures nor the rim: {share} {of} is in the middle half, "
        f"where {even} would be if it looked evenly."
    )


def _spot(focus: HeatFocus) -> str:
    return f"Half of the heat lies on {percent(focus.half_area, 0)} of the picture."


def _bias(data: ReportData) -> str:
    counts = np.bincount(data.images.labels[data.split.train], minlength=len(data.images.class_names))
    low, high = int(counts.min()), int(counts.max())
    balance = (
        f"Every class taught it with {high:,} pictures, so none was favoured by number."
        if low == high
        else f"{data.images.class_names[int(counts.argmax())]} taught it with {high:,} pictures, "
        f"{data.images.class_names[int(counts.argmin())]} with {low:,}; it leans to what it saw more of."
    )
    recalls = [score.recall for score in data.evaluation.per_class if score.support]
    gap = f" It finds between {percent(min(recalls), 0)} and {percent(max(recalls), 0)} of a class."
    return (
        f"{balance}{gap} Whoever collected the pictures chose what is in them, and the network began with weights "
        "learned from other pictures; what either of them lacks, it lacks."
    )


def _wrong_of(evaluation: Evaluation) -> str:
    wrong = evaluation.n - int(evaluation.confusion.trace())
    return f"{wrong:,} of {count(evaluation.n, 'answer')} were wrong" if wrong else "None of its answers was wrong here"
