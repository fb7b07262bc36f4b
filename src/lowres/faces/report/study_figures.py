"""The figures of a study, drawn from the values its report tells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lowres.faces import figures
from lowres.faces.figures import Drawing
from lowres.faces.report.cases import CaseBook
from lowres.faces.report.data import Reliance, ReportData, training_views
from lowres.faces.report.words import method_name
from lowres.faces.training_course import training_course
from lowres.faces.training_words import augmentation_words
from lowres.values.explaining.explanation import Explanation
from lowres.values.judging.evaluation import Evaluation
from lowres.values.labelled_images import LabelledImages
from lowres.values.predictions import Predictions
from lowres.values.recipes.recipe import Recipe
from lowres.values.recipes.recipe_sections import Augmentation
from lowres.values.split import PARTS, Split
from lowres.values.training.history import EpochRow

_PAIRS, _PICTURES = 4, 8


def study_figures(data: ReportData) -> tuple[Drawing, ...]:
    """Return every figure of the study.

    Left out: curves where nothing was trained in epochs, augmented images where none were, heat maps where none are.
    """
    tuned = data.making.fine_tuning
    return (
        *data_figures(data.images, data.split, data.recipe.seed),
        *augmentation_figures(data.images, data.split, data.recipe, data.augmentation),
        *training_figures(data.history, data.images, data.split, tuned.from_layer if tuned else ""),
        *judging_figures(data.images, data.predictions, data.evaluation),
        *reliance_figures(data.reliance, data.evaluation.n),
        *((figures.robustness(data.robustness),) if data.robustness is not None else ()),
        *heat_figures(data.images, data.predictions, data.evaluation.temperature, data.explanation),
    )


def data_figures(images: LabelledImages, split: Split, seed: int) -> tuple[Drawing, ...]:
    """Return how many images each class has in each part, and some of those that train."""
    counts = figures.class_counts(counts_by_part(images, split), images.class_names)
    return counts, figures.sample_grid(images, split.train, seed=seed)


def augmentation_figures(
    images: LabelledImages, split: Split, recipe: Recipe, augmentation: Augmentation
) -> tuple[Drawing, ...]:
    """Return training images as training sees them, where it changes them."""
    views = training_views(recipe, augmentation)
    if not views:
        return ()
    words = augmentation_words(augmentation)
    return (
        figures.augmentation_examples(images, split.train, augmentation, seed=recipe.seed, views=views, words=words),
    )


def training_figures(
    history: Sequence[EpochRow], images: LabelledImages, split: Split, from_layer: str
) -> tuple[Drawing, ...]:
    """Return the curves, where something was trained in epochs."""
    course = training_course(history)
    if not course.has_epochs:
        return ()
    classes, validation_images = len(images.class_names), len(split.validation)
    return (
        figures.training_curves(course, classes=classes, validation_images=validation_images, from_layer=from_layer),
    )


def judging_figures(images: LabelledImages, predictions: Predictions, evaluation: Evaluation) -> tuple[Drawing, ...]:
    """Return which classes are told apart and how far confidence can be believed."""
    names, book = images.class_names, CaseBook(images, predictions, evaluation.temperature)
    pairs = book.confusions(evaluation, _PAIRS, _PICTURES)
    confidence = predictions.probabilities(evaluation.temperature).max(axis=1)
    return (
        figures.confusion_matrix(evaluation.confusion, names),
        figures.per_class_bars(evaluation.per_class),
        figures.confidence_histogram(confidence, predictions.is_right),
        figures.reliability(predictions, evaluation),
        figures.confusion_pairs([one for pair in pairs for one in pair if one.count], evaluation.n),
    )


def reliance_figures(reliance: Reliance | None, n: int) -> tuple[Drawing, ...]:
    """Return what leaving doubtful images to people gains, where that is known."""
    if reliance is None:
        return ()
    return (figures.risk_coverage(reliance.curve, n, reliance.review.outcome if reliance.review else None),)


def heat_figures(
    images: LabelledImages, predictions: Predictions, temperature: float, explanation: Explanation | None
) -> tuple[Drawing, ...]:
    """Return the gallery of heat maps, where there are some."""
    if explanation is None:
        return ()
    book = CaseBook(images, predictions, temperature)
    return (figures.grad_cam_gallery(book.explained(explanation), method_name(explanation.method)),)


def counts_by_part(images: LabelledImages, split: Split) -> dict[str, NDArray[np.int64]]:
    """Return the images of each class, `[classes]`, for train, validation and test."""
    classes = len(images.class_names)
    return {part: np.bincount(images.labels[split.part(part)], minlength=classes).astype(np.int64) for part in PARTS}
