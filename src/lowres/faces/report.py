"""A study as one page that a teacher can read: self-contained HTML, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.faces import numbers_in_words, report_pictures, report_words, training_words
from lowres.faces.cases import Case, CaseBook, sample_rows
from lowres.faces.figures.canvas import Drawing
from lowres.faces.report_data import ReportData
from lowres.faces.training_course import training_course
from lowres.values.evaluation import Evaluation
from lowres.values.findings import worst_first
from lowres.values.recipe import Recipe, field_keys
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
    """Return the page; of the drawings, those it has a place for are written into it.

    Refused with PredictionsError: predictions of images that are not there, heat maps of images without a prediction.
    """
    # Here and not above: only this function needs Jinja2.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("lowres.faces")
    page = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page.filters["percent"] = numbers_in_words.percent
    page.filters["duration"] = numbers_in_words.duration
    page.filters["inline"] = report_pictures.inline_picture
    page.filters["inline_heat"] = report_pictures.inline_heat
    return page.get_template("report.html.j2").render(_context(data, drawings))


def _context(data: ReportData, drawings: Sequence[Drawing]) -> dict[str, Any]:
    evaluation, predictions = data.evaluation, data.predictions
    book = CaseBook(data.images, predictions, evaluation.temperature)
    confidence = predictions.probabilities(evaluation.temperature).max(axis=1)
    return {
        "data": data,
        "evaluation": evaluation,
        "words": report_words,
        "training": training_words,
        "course": training_course(data.history),
        "numbers": numbers_in_words,
        "parts": [(part, len(data.split.part(part))) for part in PARTS],
        "used": sum(len(data.split.part(part)) for part in PARTS),
        "findings": worst_first(data.findings),
        "preflight": worst_first(data.preflight),
        "figures": {drawing.name: drawing for drawing in drawings},
        "inline_png": report_pictures.inline_png,
        "samples": _samples(data),
        "classes": sorted(evaluation.per_class, key=lambda score: -score.f1),
        "taken_for": _taken_for(evaluation),
        "open_rows": OPEN_ROWS,
        "pairs": book.confusions(evaluation, CONFUSED_PAIRS, CONFUSED_PICTURES),
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
