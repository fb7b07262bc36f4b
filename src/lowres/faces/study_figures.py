"""The figures of a study, drawn from the values its report tells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lowres.faces import figures
from lowres.faces.cases import CaseBook
from lowres.faces.figures import Drawing
from lowres.faces.report_data import ReportData
from lowres.faces.report_words import method_name
from lowres.faces.training_course import training_course
from lowres.faces.training_words import augmentation_words
from lowres.values.split import PARTS

_PAIRS, _PICTURES = 4, 8


def study_figures(data: ReportData) -> tuple[Drawing, ...]:
    """Return every figure of the study.

    Left out: curves where nothing was trained in epochs, augmented images where none were, heat maps where none are.
    """
    evaluation, predictions, names = data.evaluation, data.predictions, data.images.class_names
    book = CaseBook(data.images, predictions, evaluation.temperature)
    pairs = book.confusions(evaluation, _PAIRS, _PICTURES)
    confidence = predictions.probabilities(evaluation.temperature).max(axis=1)
    drawings = [
        figures.class_counts(counts_by_part(data), names),
        figures.sample_grid(data.images, data.split.train, seed=data.recipe.seed),
        *_training_figures(data),
        figures.confusion_matrix(evaluation.confusion, names),
        figures.per_class_bars(evaluation.per_class),
        figures.confidence_histogram(confidence, predictions.is_right),
        figures.reliability(predictions, evaluation),
        figures.confusion_pairs([one for pair in pairs for one in pair if one.count], evaluation.n),
    ]
    if data.reliance is not None:
        outcome = data.reliance.review.outcome if data.reliance.review else None
        drawings.append(figures.risk_coverage(data.reliance.curve, evaluation.n, outcome))
    if data.robustness is not None:
        drawings.append(figures.robustness(data.robustness))
    if data.explanation is not None:
        method = method_name(data.explanation.method)
        drawings.append(figures.grad_cam_gallery(book.explained(data.explanation), method))
    return tuple(drawings)


def _training_figures(data: ReportData) -> list[Drawing]:
    course, tuned = training_course(data.history), data.making.fine_tuning
    drawings = []
    if data.training_views:
        drawings.append(
            figures.augmentation_examples(
                data.images,
                data.split.train,
                data.augmentation,
                seed=data.recipe.seed,
                views=data.training_views,
                words=augmentation_words(data.augmentation),
            )
        )
    if course.has_epochs:
        drawings.append(
            figures.training_curves(
                course,
                classes=len(data.images.class_names),
                validation_images=len(data.split.validation),
                from_layer=tuned.from_layer if tuned else "",
            )
        )
    return drawings


def counts_by_part(data: ReportData) -> dict[str, NDArray[np.int64]]:
    """Return the images of each class, `[classes]`, for train, validation and test."""
    labels, classes = data.images.labels, len(data.images.class_names)
    return {part: np.bincount(labels[data.split.part(part)], minlength=classes).astype(np.int64) for part in PARTS}
