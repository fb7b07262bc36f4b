"""Heads on frozen features: every candidate is fitted on the train part, the validation part chooses, one is built."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import TrainingError
from lowres.networks.dense_head import DenseTraining, TwoMatrices, dense_layers, fit_dense
from lowres.networks.linear_heads import Matrix, Standardiser, fit_discriminant, fit_logistic_regressions
from lowres.values.recipe import Head

FlippedViews = Literal["auto", "always", "never"]
Features = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class HeadCandidate:
    """One head that was fitted.

    regularisation: L2 strength per image of the linear kind, None for the others. flipped_views: whether the train part
    held every image mirrored too. validation_nll: mean negative log likelihood. epochs: of the dense kind.
    """

    kind: str
    regularisation: float | None
    flipped_views: bool
    validation_accuracy: float
    validation_nll: float
    seconds: float
    epochs: int | None = None


@dataclass(frozen=True)
class HeadReport:
    """Every candidate in the order it was fitted, and the one the validation part chose."""

    candidates: tuple[HeadCandidate, ...]
    chosen: HeadCandidate
    train_images: int
    validation_images: int

    def to_json(self) -> dict[str, Any]:
        """Return plain dictionaries, lists and numbers."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Pooled features of the two parts a head is fitted and chosen on.

    train, validation: float32 `[n, channels]`; labels: int64 `[n]`. flipped_train: of the mirrored train images, in the
    same order, or None where they were not extracted.
    """

    train: Features
    train_labels: Labels
    validation: Features
    validation_labels: Labels
    flipped_train: Features | None = None

    def __post_init__(self) -> None:
        """Refuse rows that do not belong together, and numbers no head can be fitted on."""
        pairs = {"train": (self.train, self.train_labels), "validation": (self.validation, self.validation_labels)}
        if self.flipped_train is not None:
            pairs["flipped train"] = (self.flipped_train, self.train_labels)
        for part, (features, labels) in pairs.items():
            if features.ndim != 2 or len(features) != len(labels) or len(labels) == 0:
                raise TrainingError(
                    f"expected {part} features of shape [{len(labels)}, channels], one row a label and at least one, "
                    f"got {list(features.shape)}"
                )
            if not np.isfinite(features).all():
                bad = int((~np.isfinite(features)).any(axis=1).sum())
                raise TrainingError(
                    f"expected finite {part} features, got NaN or infinity in {bad} of {len(features)} rows; "
                    "set features.precision to 'float32'"
                )

    def train_rows(self, flipped: bool) -> tuple[Features, Labels]:
        """Return the rows to fit on: the train part, or that and its mirror images."""
        if not flipped or self.flipped_train is None:
            return self.train, self.train_labels
        return np.concatenate([self.train, self.flipped_train]), np.concatenate([self.train_labels] * 2)


def train_head(
    features: FeatureSet,
    classes: int,
    feature_shape: tuple[int, ...],
    choices: Head,
    *,
    flipped_views: FlippedViews = "auto",
    seed: int = 0,
    report: Callable[[HeadCandidate], None] = lambda candidate: None,
) -> tuple[keras.Model, HeadReport]:
    """Return the best head as a model named "head", and what else was tried.

    The model takes the trunk's feature map `feature_shape` (height, width, channels) and gives logits, float32; the
    standardisation is folded into its first Dense. Best is the highest validation accuracy, among equals the lowest
    validation NLL. `report` is called with each candidate as it is fitted.
    """
    _check_classes(features, classes)
    fits: list[tuple[HeadCandidate, Matrix | TwoMatrices, Standardiser]] = []
    for flipped in _flip_choices(features, flipped_views):
        rows, labels = features.train_rows(flipped)
        standardiser = Standardiser.of(rows)
        train = standardiser.apply(rows), labels
        validation = standardiser.apply(features.validation), features.validation_labels
        for candidate, fitted in _fit_all(train, validation, classes, choices, flipped, seed):
            fits.append((candidate, fitted, standardiser))
            report(candidate)
    # The first of equals, so that the simplest wins: `max` keeps the order in which they were fitted.
    chosen, fitted, standardiser = max(fits, key=lambda fit: _rank(fit[0]))
    candidates = tuple(candidate for candidate, _, _ in fits)
    sizes = len(features.train_labels), len(features.validation_labels)
    return build_head(fitted, standardiser, feature_shape), HeadReport(candidates, chosen, *sizes)


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
    train: tuple[Features, Labels],
    validation: tuple[Features, Labels],
    classes: int,
    choices: Head,
    flipped: bool,
    seed: int,
) -> Iterator[tuple[HeadCandidate, Matrix | TwoMatrices]]:
    for kind in choices.kinds:
        started = time.perf_counter()
        for strength, fitted in _fit_kind(kind, train, validation, classes, choices, seed):
            accuracy, nll = _judge(fitted.logits(validation[0]), validation[1])
            seconds = time.perf_counter() - started
            epochs = fitted.epochs if isinstance(fitted, TwoMatrices) else None
            yield HeadCandidate(kind, strength, flipped, accuracy, nll, round(seconds, 3), epochs), fitted
            started = time.perf_counter()


def _fit_kind(
    kind: str,
    train: tuple[Features, Labels],
    validation: tuple[Features, Labels],
    classes: int,
    choices: Head,
    seed: int,
) -> Iterator[tuple[float | None, Matrix | TwoMatrices]]:
    if kind == "linear":
        yield from fit_logistic_regressions(*train, classes, choices.regularisations)
    elif kind == "lda":
        yield None, fit_discriminant(*train, classes)
    elif kind == "dense":
        training = DenseTraining(choices.epochs, choices.batch_images, choices.learning_rate, seed)
        yield None, fit_dense(train, validation, classes, training)
    else:
        raise TrainingError(f"expected a head among linear, lda and dense, got {kind!r}")


def _judge(logits: NDArray[np.float32], labels: Labels) -> tuple[float, float]:
    exact = logits.astype(np.float64)
    top = exact.max(axis=1)
    log_sums = top + np.log(np.exp(exact - top[:, None]).sum(axis=1))
    nll = float(np.mean(log_sums - exact[np.arange(len(labels)), labels]))
    return float(np.mean(exact.argmax(axis=1) == labels)), nll


def _rank(candidate: HeadCandidate) -> tuple[float, float]:
    return candidate.validation_accuracy, -candidate.validation_nll


def _flip_choices(features: FeatureSet, flipped_views: FlippedViews) -> tuple[bool, ...]:
    choices: dict[str, tuple[bool, ...]] = {"auto": (False, True), "always": (True,), "never": (False,)}
    if flipped_views not in choices:
        raise TrainingError(f"expected flipped_views among {', '.join(choices)}, got {flipped_views!r}")
    if flipped_views != "never" and features.flipped_train is None:
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
