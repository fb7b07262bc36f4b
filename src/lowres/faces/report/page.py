"""A study as one page that a teacher can read: self-contained HTML, nothing fetched, whole without its script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.faces import export_words, numbers_in_words, training_words
from lowres.faces.figures.canvas import Drawing
from lowres.faces.figures.galleries import augmented_views
from lowres.faces.page_templates import page_templates
from lowres.faces.report import page_charts, plain_words, study_charts, trust_words
from lowres.faces.report import words as report_words
from lowres.faces.report.cases import Case, CaseBook, Confusion, sample_rows
from lowres.faces.report.data import ReportData
from lowres.faces.report.page_matrix import page_matrix
from lowres.faces.report.study_figures import counts_by_part
from lowres.faces.report.verdict import verdict_paragraph
from lowres.faces.training_course import training_course
from lowres.values.explaining.faithfulness import Comparison
from lowres.values.findings import worst_first
from lowres.values.judging.evaluation import Evaluation
from lowres.values.recipes.recipe import Recipe, field_keys
from lowres.values.split import PARTS

CONFUSED_PAIRS, CONFUSED_PICTURES, MISTAKES, HEAT_MAPS = 4, 6, 12, 24
SAMPLES = 80
SAMPLED_CLASSES = 60
# Longer tables are folded, so the page stays a page.
OPEN_ROWS = 20


@dataclass(frozen=True, eq=False)
class Sample:
    """A class with a few of its pictures, each uint8 `[height, width, 3]`."""

    name: str
    pictures: tuple[NDArray[np.uint8], ...]


def render_report(data: ReportData, drawings: Sequence[Drawing] = ()) -> str:
    """Return the page; of the drawings it takes the titles, which say what is to be seen.

    Refused with PredictionsError: predictions of images that are not there, heat maps of images without a prediction.
    """
    from markupsafe import Markup

    page = page_templates()
    script = page.get_template("report.js.j2").render()
    # The one script that may run is this one: nothing that came in by a class name could.
    sha256 = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    context = _context(data, drawings) | {"script": Markup(script), "script_sha256": sha256}
    return page.get_template("report.html.j2").render(context)


def _context(data: ReportData, drawings: Sequence[Drawing]) -> dict[str, Any]:
    evaluation, predictions = data.evaluation, data.predictions
    book = CaseBook(data.images, predictions, evaluation.temperature, data.explanation)
    pairs = book.confusions(evaluation, CONFUSED_PAIRS, CONFUSED_PICTURES)
    course = training_course(data.history)
    confidence = predictions.probabilities(evaluation.temperature).max(axis=1)
    return {
        "data": data,
        "evaluation": evaluation,
        "words": report_words,
        "training": training_words,
        "trust": trust_words,
        "exports": export_words,
        "course": course,
        "verdict": verdict_paragraph(data, pairs),
        "plain": _plain(data, pairs, confidence),
        "hundred": _of_a_hundred(evaluation.accuracy),
        "limits": plain_words.limits(data),
        "box": page_charts,
        "amounts": _amounts(data),
        "most_of_a_class": max(1, *(total for _, _, total in _amounts(data))),
        "matrix": page_matrix(book, evaluation),
        "reliability": study_charts.reliability_chart(predictions, evaluation),
        "confidence": study_charts.confidence_chart(confidence, predictions.is_right),
        "training_charts": study_charts.training_charts(course, len(data.images.class_names)),
        "views": _views(data),
        "risk": study_charts.risk_chart(data.reliance) if data.reliance else None,
        "proofs": _proofs(data),
        "numbers": numbers_in_words,
        "parts": [(part, len(data.split.part(part))) for part in PARTS],
        "used": sum(len(data.split.part(part)) for part in PARTS),
        "findings": worst_first(data.findings),
        "preflight": worst_first(data.preflight),
        "figures": {drawing.name: drawing for drawing in drawings},
        "samples": _samples(data),
        "classes": sorted(evaluation.per_class, key=lambda score: -score.f1),
        "taken_for": _taken_for(evaluation),
        "open_rows": OPEN_ROWS,
        "pairs": pairs,
        "mistakes": book.confident_mistakes(MISTAKES),
        "answers": list(zip(confidence.tolist(), predictions.is_right.tolist(), strict=True)),
        "explained": _halves(book.explained(data.explanation)) if data.explanation is not None else (),
        "recipe_rows": _recipe_rows(data.recipe),
        "seconds": sum(stage.seconds for stage in data.cost.stages),
    }


def _samples(data: ReportData) -> list[Sample]:
    names = data.images.class_names[:SAMPLED_CLASSES]
    train = data.split.train
    each = int(np.clip(SAMPLES // len(names), 1, 8))
    chosen = sample_rows(data.images.labels[train], len(names), each, data.recipe.seed)
    return [
        Sample(name, tuple(np.asarray(data.images.pixels[row]) for row in train[places]))
        for name, places in zip(names, chosen, strict=True)
    ]


def _plain(
    data: ReportData, pairs: tuple[tuple[Confusion, Confusion], ...], confidence: NDArray[np.float64]
) -> list[str]:
    sentences = (
        plain_words.what_it_does(data),
        plain_words.how_often(data.evaluation),
        plain_words.what_it_confuses(data.evaluation, pairs),
        plain_words.how_sure(confidence, data.predictions.is_right),
        plain_words.when_a_person_looks(data),
        plain_words.where_it_looks(data),
    )
    return [sentence for sentence in sentences if sentence]


def _of_a_hundred(fraction: float) -> int:
    """How many of a hundred; all or none of them only where it is all or none."""
    return round(100 * fraction) if fraction in (0, 1) else int(np.clip(round(100 * fraction), 1, 99))


def _amounts(data: ReportData) -> list[tuple[str, list[int], int]]:
    """Each class with its images in each part and in all, the largest first."""
    table = np.stack(list(counts_by_part(data.images, data.split).values()), axis=1)
    order = np.argsort(-table.sum(axis=1), kind="stable")
    return [(data.images.class_names[row], table[row].tolist(), int(table[row].sum())) for row in order]


def _proofs(data: ReportData) -> list[tuple[str, list[Comparison]]]:
    """Each map that knows nothing, with how the heat maps compare by each measure; none where nobody tried."""
    found = data.proof.faithfulness if data.proof else None
    if found is None:
        return []
    by_both = {(one.baseline, one.measure): one for one in found.comparisons}
    return [(name, [by_both[name, measure] for measure in trust_words.MEASURES]) for name in found.baselines]


def _views(data: ReportData) -> list[tuple[NDArray[np.uint8], list[NDArray[np.uint8]]]]:
    """A few training images, each with its first augmented views; none where training changed nothing."""
    if not data.training_views:
        return []
    plain, changed = augmented_views(
        data.images, data.split.train, data.augmentation, seed=data.recipe.seed, views=data.training_views
    )
    return [(before, [view[place] for view in changed]) for place, before in enumerate(plain)]


def _taken_for(evaluation: Evaluation) -> dict[str, str]:
    """What each class is most often taken for, with the count, in words."""
    found: dict[str, str] = {}
    for pair in evaluation.confusion_pairs:
        found.setdefault(pair.true, f"{pair.predicted} ({pair.count:,})")
    return found


def _halves(cases: Sequence[Case]) -> tuple[Case, ...]:
    """At most as many as the page shows, half right and half wrong where there are enough of each."""
    right, wrong = [case for case in cases if case.is_right], [case for case in cases if not case.is_right]
    room_for_wrong = max(HEAT_MAPS // 2, HEAT_MAPS - len(right))
    wrong = wrong[:room_for_wrong]
    return (*right[: HEAT_MAPS - len(wrong)], *wrong)


def _recipe_rows(recipe: Recipe) -> list[tuple[str, str, str]]:
    """Every field of the recipe: its dotted key, its value in words, what it means."""
    rows = []
    for key, meaning in field_keys().items():
        value: Any = recipe
        for name in key.split("."):
            value = getattr(value, name)
        rows.append((key, _in_words(value), meaning))
    return rows


def _in_words(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_in_words(one) for one in value)
    return "left open" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
