"""Sets of classes that hold the true one as often as asked: split conformal, the quantile from validation."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.judging.intervals import Interval, wilson_interval
from lowres.values.keyed_random import keyed_fractions
from lowres.values.predictions import Predictions

Method = Literal["LAC", "APS"]
METHODS: tuple[Method, ...] = ("LAC", "APS")
SEED = 0


@dataclass(frozen=True)
class ConformalSets:
    """Sets that one method made of `n` images, and how they fared.

    asked_coverage: fraction of the sets that should hold the true class. quantile: highest score a class in a set may
    have; None where validation is too small for any (every set then holds all classes). coverage: fraction that does
    hold it, with its 95 % Wilson interval. mean_size in classes; sizes[k] sets hold k classes.
    """

    method: Method
    asked_coverage: float
    quantile: float | None
    validation_n: int
    n: int
    coverage: float
    coverage_interval: Interval
    mean_size: float
    sizes: tuple[int, ...]


def conformal_sets(
    validation: Predictions, judged: Predictions, asked_coverage: float, method: Method
) -> ConformalSets:
    """Return how the sets fare on the judged images, their quantile being that of the validation images.

    The promise is `asked_coverage` on average over images, where validation and judged images are of one kind.
    LAC: a class scores 1 - its probability (Sadinle, Lei and Wasserman, JASA 114, 2019): smallest sets.
    APS: a class scores the probability of all likelier ones and a random part of its own (Romano, Sesia and Candes,
    NeurIPS 2020, eq. 5): larger where an image is hard. The random part belongs to the image's id.
    Refused with PredictionsError: a coverage outside (0, 1), classes that differ.
    """
    if not 0 < asked_coverage < 1:
        raise PredictionsError(f"expected the coverage of sets as a fraction inside (0, 1), got {asked_coverage}")
    if validation.class_names != judged.class_names:
        raise PredictionsError("expected the same classes in validation and judged predictions, got others")
    of_truth = class_scores(validation, method)[np.arange(len(validation)), validation.labels]
    quantile = conformal_quantile(of_truth, asked_coverage)
    in_set = class_scores(judged, method) <= quantile
    n, size = len(judged), in_set.sum(axis=1)
    covered = int(in_set[np.arange(n), judged.labels].sum())
    return ConformalSets(
        method=method,
        asked_coverage=asked_coverage,
        quantile=quantile if np.isfinite(quantile) else None,
        validation_n=len(validation),
        n=n,
        coverage=covered / n,
        coverage_interval=wilson_interval(covered, n),
        mean_size=float(size.mean()),
        sizes=tuple(np.bincount(size, minlength=in_set.shape[1] + 1).tolist()),
    )


def conformal_quantile(scores: NDArray[np.float64], asked_coverage: float) -> float:
    """Return the ceil((n + 1) * coverage)-th smallest of `n` scores, infinity where there are too few."""
    # Rounded first, or 19 * 0.95 + 0.95 would be a hair above 19.
    rank = ceil(round((len(scores) + 1) * asked_coverage, 9))
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else float("inf")


def class_scores(predictions: Predictions, method: Method) -> NDArray[np.float64]:
    """Return how little each class conforms to each image, `[n, classes]`, from 0 to 1."""
    probabilities = predictions.probabilities()
    if method == "LAC":
        return np.asarray(1 - probabilities)
    names = np.array([zlib.crc32(name.encode()) for name in predictions.ids], dtype=np.int64)
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=1)
    likelier = np.cumsum(ranked, axis=1) - ranked
    scores = np.empty_like(probabilities)
    np.put_along_axis(scores, order, likelier + keyed_fractions(SEED, names)[:, None] * ranked, axis=1)
    return scores
