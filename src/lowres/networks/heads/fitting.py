"""Heads on frozen features: every candidate is fitted on the train part, the validation part chooses, one is built."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import TrainingError
from lowres.networks.heads.dense import DenseTraining, TwoMatrices, Watched, dense_layers, fit_dense
from lowres.networks.heads.feature_set import Features, FeatureSet, Labels
from lowres.networks.heads.linear import Matrix, Standardiser, fit_discriminant, fit_logistic_regressions
from lowres.values.recipes.recipe import Head
from lowres.values.recipes.recipe_sections import FrozenPhase
from lowres.values.training.head_report import HeadCandidate, HeadReport
from lowres.values.training.history import FROZEN, EpochRow

FlippedViews = Literal["auto", "always", "never"]
Advance = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class _Parts:
    """What a head is fitted and judged on: views of the train images one after the other, scaled as its kind wants."""

    train: Features
    train_labels: Labels
    validation: Features
    validation_labels: Labels
    standardiser: Standardiser
    classes: int
    flipped: bool
    augmented_views: int


@dataclass(frozen=True, eq=False)
class _Fit:
    candidate: HeadCandidate
    fitted: Matrix | TwoMatrices
    standardiser: Standardiser
    rows: tuple[EpochRow, ...]


def train_head(
    features: FeatureSet,
    classes: int,
    feature_shape: tuple[int, ...],
    choices: Head,
    phase: FrozenPhase | None = None,
    *,
    flipped_views: FlippedViews = "auto",
    seed: int = 0,
    report: Callable[[HeadCandidate], None] = lambda candidate: None,
    advance: Advance = lambda name, done, total: None,
    watched: Watched | None = None,
) -> tuple[keras.Model, HeadReport]:
    """Return the best head as a model named "head", and what else was tried.

    The model takes the trunk's feature map `feature_shape` (height, width, channels) and gives logits, float32; the
    standardisation is folded into its first Dense. Best is the highest validation accuracy, among equals the lowest
    validation NLL. phase: how long the dense head waits before it stops or slows down. `report` is called with each
    candidate as it is fitted, `advance` with the dense one's name, its epochs done and how many there are at most;
    watched: as in `fit_dense`.
    """
    _check_classes(features, classes)
    fits: list[_Fit] = []
    for flipped in _flip_choices(features, flipped_views):
        for fit in _fit_all(features, classes, choices, phase or FrozenPhase(), flipped, seed, advance, watched):
            fits.append(fit)
            report(fit.candidate)
    # The first of equals, so that the simplest wins: `max` keeps the order in which they were fitted.
    chosen = max(fits, key=lambda fit: _rank(fit.candidate))
    candidates = tuple(fit.candidate for fit in fits)
    rows = tuple(replace(row, is_kept=row.is_kept and fit is chosen) for fit in fits for row in fit.rows)
    sizes = len(features.train_labels), len(features.validation_labels)
    head = build_head(chosen.fitted, chosen.standardiser, feature_shape)
    return head, HeadReport(candidates, chosen.candidate, *sizes, history=rows)


def build_head(fitted: Matrix | TwoMatrices, standardiser: Standardiser, feature_shape: tuple[int, ...]) -> keras.Model:
    """Return the model "head": feature map, average over height and width, Dense layers, logits."""
    feature_map = keras.Input(feature_shape, dtype="float32", name="feature_map")
    x = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(feature_map)
    if isinstance(fitted, Matrix):
        layers = [keras.layers.Dense(len(fitted.bias), dtype="float32", name="logits")]
        weights = [*standardiser.folded(fitted.weights, fitted.bias)]
    else:
        layers = dense_layers(len(fitted.output_bias))
        hidden = standardiser.folded(fitted.hidden_weights, fitted.hidden_bias)
        weights = [*hidden, fitted.output_weights, fitted.output_bias]
    for layer in layers:
        x = layer(x)
    head = keras.Model(feature_map, x, name="head")
    head.set_weights(weights)
    return head


def _fit_all(
    features: FeatureSet,
    classes: int,
    choices: Head,
    phase: FrozenPhase,
    flipped: bool,
    seed: int,
    advance: Advance,
    watched: Watched | None,
) -> Iterator[_Fit]:
    parts: dict[bool, _Parts] = {}
    for kind in choices.kinds:
        standardise = choices.standardise or kind != "dense"
        if standardise not in parts:
            parts = {standardise: _parts(features, classes, flipped, standardise)}
        if kind == "linear":
            yield from _fit_linear(parts[standardise], choices)
        elif kind == "lda":
            yield _fit_lda(parts[standardise])
        elif kind == "dense":
            yield _fit_dense(parts[standardise], choices, phase, seed, advance, watched)
        else:
            raise TrainingError(f"expected a head among linear, lda and dense, got {kind!r}")


def _parts(features: FeatureSet, classes: int, flipped: bool, standardise: bool) -> _Parts:
    views = features.train_views(flipped)
    rows = np.concatenate(views) if len(views) > 1 else views[0]
    standardiser = Standardiser.of(rows) if standardise else Standardiser.none(rows.shape[1])
    return _Parts(
        train=standardiser.apply(rows),
        train_labels=np.tile(features.train_labels, len(views)),
        validation=standardiser.apply(features.validation),
        validation_labels=features.validation_labels,
        standardiser=standardiser,
        classes=classes,
        flipped=flipped,
        augmented_views=len(features.augmented_train),
    )


def _fit_linear(parts: _Parts, choices: Head) -> Iterator[_Fit]:
    started = time.perf_counter()
    heads = fit_logistic_regressions(parts.train, parts.train_labels, parts.classes, choices.regularisations)
    for strength, fitted in heads:
        yield _solved("linear", strength, fitted, parts, started)
        started = time.perf_counter()


def _fit_lda(parts: _Parts) -> _Fit:
    started = time.perf_counter()
    return _solved("lda", None, fit_discriminant(parts.train, parts.train_labels, parts.classes), parts, started)


def _fit_dense(
    parts: _Parts, choices: Head, phase: FrozenPhase, seed: int, advance: Advance, watched: Watched | None
) -> _Fit:
    started = time.perf_counter()
    fitted, rows = fit_dense(
        (parts.train, parts.train_labels),
        (parts.validation, parts.validation_labels),
        parts.classes,
        DenseTraining(
            choices.epochs,
            choices.batch_images,
            choices.learning_rate,
            seed,
            phase.early_stopping_patience_epochs,
            phase.plateau_patience_epochs,
            phase.plateau_factor,
        ),
        # Without augmented views an epoch holds the mirrored images too, as it holds the others.
        views=1 + parts.flipped + parts.augmented_views if parts.augmented_views else 1,
        advance=lambda done, total: advance("epochs of the dense head", done, total),
        watched=watched,
    )
    candidate = _judged("dense", None, fitted, parts, started, epochs=len(rows))
    return _Fit(candidate, fitted, parts.standardiser, tuple(replace(row, head=candidate.name) for row in rows))


def _solved(kind: str, strength: float | None, fitted: Matrix, parts: _Parts, started: float) -> _Fit:
    """One row in the history, kept if the candidate is: the solution has no epochs."""
    found = _judged(kind, strength, fitted, parts, started)
    accuracy, nll = _judge(fitted.logits(parts.train), parts.train_labels)
    row = EpochRow(
        phase=FROZEN,
        epoch=None,
        head=found.name,
        learning_rate=None,
        loss=round(nll, 6),
        accuracy=round(accuracy, 6),
        validation_loss=round(found.validation_nll, 6),
        validation_accuracy=round(found.validation_accuracy, 6),
        seconds=found.seconds,
        is_kept=True,
    )
    return _Fit(found, fitted, parts.standardiser, (row,))


def _judged(
    kind: str,
    strength: float | None,
    fitted: Matrix | TwoMatrices,
    parts: _Parts,
    started: float,
    epochs: int | None = None,
) -> HeadCandidate:
    accuracy, nll = _judge(fitted.logits(parts.validation), parts.validation_labels)
    seconds = round(time.perf_counter() - started, 3)
    return HeadCandidate(kind, strength, parts.flipped, accuracy, nll, seconds, epochs, parts.augmented_views)


def _judge(logits: NDArray[np.float32], labels: Labels) -> tuple[float, float]:
    exact = logits.astype(np.float64)
    top = exact.max(axis=1)
    log_sums = top + np.log(np.exp(exact - top[:, None]).sum(axis=1))
    nll = float(np.mean(log_sums - exact[np.arange(len(labels)), labels]))
    return float(np.mean(exact.argmax(axis=1) == labels)), nll


def _rank(candidate: HeadCandidate) -> tuple[float, float]:
    return candidate.validation_accuracy, -candidate.validation_nll


def _flip_choices(features: FeatureSet, flipped_views: FlippedViews) -> tuple[bool, ...]:
    # Augmentation has a flip of its own: beside its views, mirrored images are only what was asked for by name.
    auto = (False,) if features.augmented_train else (False, True)
    choices: dict[str, tuple[bool, ...]] = {"auto": auto, "always": (True,), "never": (False,)}
    if flipped_views not in choices:
        raise TrainingError(f"expected flipped_views among {', '.join(choices)}, got {flipped_views!r}")
    if True in choices[flipped_views] and features.flipped_train is None:
        raise TrainingError(
            f"expected features of the mirrored train images for flipped_views = {flipped_views!r}, got none; "
            "extract them with flipped=True, or set features.flipped_views to 'never'"
        )
    return choices[flipped_views]


def _check_classes(features: FeatureSet, classes: int) -> None:
    found = np.unique(features.train_labels)
    if len(found) != classes or found[0] != 0 or found[-1] != classes - 1:
        raise TrainingError(
            f"expected train images of all {classes} classes, got labels of {len(found)} "
            f"({found[0]} to {found[-1]}); split again, stratified"
        )
