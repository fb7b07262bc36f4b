"""Accuracy of pictures nobody has labelled, from what the model said of them, and how far that can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lowres.values.watching.neighbours import directions, neighbour_distances
from lowres.values.watching.reference import Reference
from lowres.values.watching.signals import signals_of

_CLOSEST = 1e-6
_SIGMAS = float(norm.ppf(0.975))
# Nearer than this to certainty a standard error of a share says nothing.
_LEAST_DEVIATION = 0.05


class EstimatedAccuracy(NamedTuple):
    """accuracy with its interval, fractions. is_known: whether the pictures are of a kind it can be reckoned from.

    error: by how much it was off at most on a way of spoiling that it had not seen; part of the interval.
    """

    accuracy: float
    low: float
    high: float
    is_known: bool = True
    error: float = 0.0


@dataclass(frozen=True, eq=False)
class AccuracyEstimator:
    """The chance that an answer is right, from its confidence, its entropy and its distance to known pictures.

    A logistic regression on the validation images and on spoiled copies of them, whose labels are known, so that it has
    seen what confidence is worth when pictures get worse (after Deng and Zheng 2021, "Are Labels Always Necessary for
    Classifier Accuracy Evaluation?"; Garg et al. 2022). left_out: estimated less true accuracy on each way of spoiling,
    by an estimator that had not seen that way.
    """

    model: LogisticRegression
    left_out: Mapping[str, float]

    @property
    def error(self) -> float:
        """The largest of them, whichever its sign; 0 where there are none."""
        return max((abs(one) for one in self.left_out.values()), default=0.0)

    def chances(self, signals: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return how likely each answer is to be right, float64 `[n]`."""
        return np.asarray(self.model.predict_proba(_features(signals))[:, 1], np.float64)

    def estimate(self, signals: dict[str, NDArray[np.float64]]) -> EstimatedAccuracy:
        """Return it for predictions with these signals; the interval holds chance and the estimator's own error."""
        chances = self.chances(signals)
        accuracy, n = float(chances.mean()), max(1, len(chances))
        deviation = max(_LEAST_DEVIATION, np.sqrt(accuracy * (1 - accuracy))) / np.sqrt(n)
        reach = _SIGMAS * deviation + self.error
        low, high = float(max(0.0, accuracy - reach)), float(min(1.0, accuracy + reach))
        return EstimatedAccuracy(accuracy, low, high, error=self.error)


def fit_estimator(reference: Reference) -> AccuracyEstimator:
    """Return the estimator that a reference teaches; every choice is made on validation images."""
    spoiled = neighbour_distances(directions(reference.spoiled_embeddings), reference.directions, is_own=True)
    # A spoiled copy's own original is among the reference and no stranger would have one: it is passed over.
    count = len(reference.spoiled_labels)
    no_statistics = {name: np.zeros(count, np.float32) for name in reference.statistics}
    ours = signals_of(reference.spoiled_probabilities, no_statistics, spoiled)
    clean_right = reference.predicted == reference.labels
    right = reference.spoiled_probabilities.argmax(axis=1) == reference.spoiled_labels
    features, answers = _features(reference.signals), clean_right
    kinds = np.unique(reference.spoiled_kinds)
    left_out = {}
    for kind in kinds:
        others, own = reference.spoiled_kinds != kind, reference.spoiled_kinds == kind
        model = _fitted(_joined(features, _features(ours)[others]), np.concatenate([answers, right[others]]))
        left_out[str(kind)] = float(model.predict_proba(_features(ours)[own])[:, 1].mean() - right[own].mean())
    whole = _fitted(_joined(features, _features(ours)), np.concatenate([answers, right]))
    return AccuracyEstimator(whole, left_out)


def _features(signals: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    confidence = np.clip(signals["confidence"], _CLOSEST, 1 - _CLOSEST)
    distance = np.nan_to_num(signals["distance"], nan=0.0)
    odds = np.log(confidence / (1 - confidence))
    return np.stack([odds, signals["entropy"], distance, distance * odds], axis=1)


def _joined(*parts: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate(parts)


def _fitted(features: NDArray[np.float64], right: NDArray[np.bool_]) -> LogisticRegression:
    if right.all() or not right.any():
        # One image of the other kind, so that there is something to tell apart.
        right = right.copy()
        right[0] = not right[0]
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(features, right)
