"""The sentences of the report, computed: none says more than the numbers behind it do."""

from __future__ import annotations

from collections.abc import Sequence

from lowres.faces.numbers_in_words import count, of_hundred, percent, points
from lowres.faces.report.cases import Case, Confusion
from lowres.faces.report.data import FlippedResult, Making, ReportData
from lowres.values.findings import Finding
from lowres.values.judging.calibration import Calibration
from lowres.values.judging.evaluation import ClassScore, Evaluation
from lowres.values.training.drawn_networks import begins_at_random

_SURE = 0.9


def verdict(evaluation: Evaluation) -> str:
    """Return the study's result in one sentence."""
    low, high = evaluation.accuracy_interval
    return (
        f"It names {percent(evaluation.accuracy)} of {count(evaluation.n, 'test picture')} correctly "
        f"(95\N{NO-BREAK SPACE}% interval {percent(low)} to {percent(high)})."
    )


def against_baseline(evaluation: Evaluation) -> str:
    """Return how that compares with always naming the commonest class."""
    low, high = evaluation.accuracy_interval
    base = percent(evaluation.majority_baseline)
    if low > evaluation.majority_baseline:
        return f"Always naming the commonest class would be right {base} of the time{_fewer_mistakes(evaluation)}."
    if high < evaluation.majority_baseline:
        return f"Always naming the commonest class would be right {base} of the time: this is worse than not looking."
    return f"Always naming the commonest class would be right {base} of the time: this cannot be told from not looking."


def against_target(evaluation: Evaluation) -> str:
    """Return how that compares with the accuracy asked for; nothing where none was."""
    if evaluation.target is None or evaluation.gap_to_target is None:
        return ""
    (low, high), gap = evaluation.accuracy_interval, points(evaluation.gap_to_target)
    target = f"the target of {percent(evaluation.target)}"
    if low >= evaluation.target:
        return f"It meets {target} with {gap} to spare."
    if evaluation.accuracy >= evaluation.target:
        return f"It reaches {target}, but the interval goes below it: {evaluation.n:,} pictures do not settle it."
    if high >= evaluation.target:
        return f"It falls {gap} short of {target}, though the interval still holds it."
    return f"It misses {target} by {gap}."


def certainty(evaluation: Evaluation) -> str:
    """Return what the interval means for pictures nobody has seen yet."""
    return (
        f"In the long run, {of_hundred(evaluation.accuracy_interval)} new pictures like these will be named correctly. "
        f"The margin is there because {count(evaluation.n, 'picture')} judged it and no more; pictures of another kind "
        "(another camera, other light, other classes) are not covered by it."
    )


def classes_apart(scores: Sequence[ClassScore]) -> str:
    """Return which class does best and which worst."""
    best, worst = max(scores, key=lambda score: score.f1), min(scores, key=lambda score: score.f1)
    return (
        f"The strongest class is {best.name} (F1 {best.f1:.2f}). The weakest is {worst.name} (F1 {worst.f1:.2f}): "
        f"{percent(worst.recall, 0)} of its {count(worst.support, 'picture')} are found, and of the "
        f"{count(worst.predicted, 'picture')} called {worst.name}, {percent(worst.precision, 0)} are."
    )


def close_misses(evaluation: Evaluation) -> str:
    """Return how often the true class is among the first few; nothing for two classes."""
    parts = [f"among its first {k} in {percent(share)}" for k, share in sorted(evaluation.top_k.items())]
    return f"The true class is {', '.join(parts)} of the pictures." if parts else ""


def mirrored(flipped: FlippedResult) -> str:
    """Return the accuracy with several views of a picture, kept apart from the main number."""
    low, high = flipped.accuracy_interval
    views, times = ("each picture and its mirror image", "twice")
    if flipped.views > 2:
        views, times = ("six views of each picture (moved by a pixel, mirrored)", f"{flipped.views} times")
    return (
        f"Asked about {views}, and averaged, it reaches {percent(flipped.accuracy)} "
        f"({percent(low)} to {percent(high)}). That takes {times} the time, and no other number here uses it."
    )


def calibrated(evaluation: Evaluation, calibration: Calibration | None) -> str:
    """Return how far its confidence can be believed, before and after the temperature."""
    before, after = evaluation.ece, evaluation.ece_after_temperature
    fitted_on = f", fitted on {count(calibration.n, 'validation picture')}," if calibration else ""
    change = "brings that down to" if after < before else "leaves it at" if after == before else "makes that"
    return (
        f"To be 80\N{NO-BREAK SPACE}% sure should mean to be right 80 times in 100. As trained, its confidence misses "
        f"that by {points(before)} on average. Dividing its scores by a temperature of {evaluation.temperature:.2f}"
        f"{fitted_on} {change} {points(after)}. No answer changes by it, and all confidences in this report are after "
        "that step."
    )


def main_confusion(evaluation: Evaluation, pairs: Sequence[tuple[Confusion, Confusion]]) -> str:
    """Return which two classes take how much of all mistakes."""
    wrong = evaluation.n - int(evaluation.confusion.trace())
    if not pairs:
        return f"It made no mistake on {count(evaluation.n, 'test picture')}."
    one, other = pairs[0]
    if len(evaluation.per_class) == 2:
        return (
            f"It made {count(wrong, 'mistake')}: {one.true} was taken for {one.predicted} {one.count:,} times, "
            f"{other.true} for {other.predicted} {other.count:,} times."
        )
    both = one.count + other.count
    return (
        f"It made {count(wrong, 'mistake')}. {both:,} of them ({percent(both / wrong, 0)}) are between "
        f"{one.true} and {other.true}, one way or the other."
    )


def sure_mistakes(confidences: Sequence[tuple[float, bool]]) -> str:
    """Return how many of the answers it was sure of are wrong. `confidences`: each with whether it is right."""
    sure = [is_right for confidence, is_right in confidences if confidence >= _SURE]
    if not sure:
        return f"It was never {percent(_SURE, 0)} sure."
    wrong = sure.count(False)
    return (
        f"It was at least {percent(_SURE, 0)} sure of {count(len(sure), 'answer')}; {wrong:,} of them "
        f"({percent(wrong / len(sure))}) are wrong. Look at the labels here too: a picture whose label is wrong also "
        "ends up on this list."
    )


def method_name(method: str) -> str:
    """Return how the method that made the heat maps is spelt in print."""
    return {"grad-cam": "Grad-CAM"}.get(method, method)


def reading_heat(data: ReportData, cases: Sequence[Case]) -> str:
    """Return what a heat map can and cannot show, with its real resolution."""
    heats = [case.heat for case in cases if case.heat is not None]
    rows, columns = heats[0].shape
    across, down = data.images.width / columns, data.images.height / rows
    empty = sum(not heat.any() for heat in heats)
    nothing = f" Of these {len(heats)} maps {empty} show nothing: no place spoke for the answer." if empty else ""
    return (
        f"The map has only {columns} x {rows} fields, each covering about {across:.1f} x {down:.1f} pixels of the "
        "picture, stretched smoothly over it: it points to a region, never to an edge. Each map is scaled to its own "
        "hottest spot, so two maps cannot be compared in strength, and what speaks against the answer is not shown. It "
        f"tells what the answer rests on, not whether that is a good reason.{nothing}"
    )


def how_made(data: ReportData, making: Making) -> str:
    """Return how pictures become answers in this study."""
    rows, columns, channels = making.feature_shape
    network, side = data.recipe.network, data.recipe.network.input_pixels
    unlabelled = f" and {data.unlabelled_images:,} without labels" if data.unlabelled_images else ""
    return (
        f"Inside the network each picture is resized to {side} x {side} pixels ({network.interpolation}). It goes "
        f"through {making.backbone}, {_past(data, making)}; it turns a "
        f"picture into {rows} x {columns} places with {channels:,} numbers each. The part on top, the head, was "
        f"trained on {count(data.learned_images, 'training picture')}{unlabelled} to turn those into one of "
        f"{len(data.images.class_names)} classes."
    )


def how_chosen(data: ReportData, making: Making) -> str:
    """Return which head was kept, by which rule, and that the test part had no say."""
    validation, test = count(len(data.split.validation), "validation picture"), count(data.evaluation.n, "test picture")
    used = f"The {test} were used once, after the last choice, and chose nothing."
    chose_epoch = making.fine_tuning is not None and data.recipe.fine_tuning.keep == "best"
    if len(making.candidates) == 1:
        chosen = f"the {validation} chose the epoch of fine-tuning" if chose_epoch else "none had to be chosen"
        return f"One head was tried; {chosen}. {used}"
    tried = f"Of the {count(len(making.candidates), 'head')} tried, the" if making.candidates else "The"
    return (
        f"{tried} {validation} chose the one to keep{', and the epoch of fine-tuning' if chose_epoch else ''}. {used}"
    )


def used_for_choices(data: ReportData) -> str:
    """Return how often the validation part was asked, and which figures that makes too hopeful."""
    validation = count(len(data.split.validation), "validation picture")
    return (
        f"The {validation} were asked for {count(len(data.choices), 'choice')}. A figure measured on the pictures that "
        "chose it is a little too hopeful, so all results above are those of the test pictures, which chose nothing."
    )


def accepted_faults(preflight: Sequence[Finding]) -> str:
    """Return which faults found before training were run in spite of; nothing where there were none."""
    faults = [finding.name for finding in preflight if finding.status == "FAIL"]
    if not faults:
        return ""
    were = "a fault was" if len(faults) == 1 else f"{len(faults)} faults were"
    return f"Before training {were} found, and it was trained in spite of that: {', '.join(faults)}."


def _past(data: ReportData, making: Making) -> str:
    if not data.recipe.has_frozen_phase and begins_at_random(data.recipe.network):
        return "whose weights were drawn at random and learned from these pictures alone"
    return f"which learned to see on other pictures before. {_fate(making)}"


def _fate(making: Making) -> str:
    if making.fine_tuning is None:
        return "Its weights were left as they came"
    if making.is_trunk_frozen:
        return "Training its weights further brought nothing, so they are as they came"
    start = making.fine_tuning.from_layer
    return f"Its weights from {start} up were trained further" if start else "All its weights were trained further"


def _fewer_mistakes(evaluation: Evaluation) -> str:
    mistakes = evaluation.n - int(evaluation.confusion.trace())
    if mistakes == 0:
        return ""
    return f" and make {(1 - evaluation.majority_baseline) * evaluation.n / mistakes:.1f} times as many mistakes"
