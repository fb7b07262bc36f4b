"""Heads that are one matrix: multinomial logistic regression and linear discriminant analysis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import TrainingError

_LONGEST_SEARCH_STEPS = 500
# The gradient's largest entry at the end, per image; float32 sums cannot tell much less from zero.
_GRADIENT_TOLERANCE = 1e-5


@dataclass(frozen=True, eq=False)
class Standardiser:
    """`(features - mean) / deviation`, float32 `[channels]` each; deviation 1 where a channel is constant."""

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]

    @staticmethod
    def of(features: NDArray[np.float32]) -> Standardiser:
        """Return the standardiser that gives these features `[n, channels]` mean 0 and deviation 1."""
        mean = features.mean(axis=0, dtype=np.float64)
        deviation = np.sqrt(np.mean(np.square(features - mean.astype(np.float32)), axis=0, dtype=np.float64))
        # Rounding leaves a constant channel a deviation a little above zero; dividing by it would make noise of it.
        is_constant = deviation <= 1e-6 * np.maximum(np.abs(mean), 1e-6)
        return Standardiser(mean.astype(np.float32), np.where(is_constant, 1.0, deviation).astype(np.float32))

    @staticmethod
    def none(channels: int) -> Standardiser:
        """Return the one that leaves features as they are."""
        return Standardiser(np.zeros(channels, np.float32), np.ones(channels, np.float32))

    def apply(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the standardised features, float32 `[n, channels]`."""
        standardised = np.subtract(features, self.mean, dtype=np.float32)
        standardised /= self.deviation
        return standardised

    def folded(self, weights: NDArray[Any], bias: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return weights and bias that do to raw features what the given do to standardised ones."""
        raw_weights = weights.astype(np.float64) / self.deviation[:, None]
        raw_bias = bias.astype(np.float64) - self.mean.astype(np.float64) @ raw_weights
        return raw_weights.astype(np.float32), raw_bias.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Matrix:
    """A linear head on standardised features; weights `[channels, classes]`, bias `[classes]`, float32."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, standardised: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 `[n, classes]`."""
        return np.asarray(standardised @ self.weights + self.bias, dtype=np.float32)


def fit_logistic_regressions(
    standardised: NDArray[np.float32], labels: NDArray[np.int64], classes: int, strengths: Sequence[float]
) -> Iterator[tuple[float, Matrix]]:
    """Yield the multinomial logistic regression of each strength, the strongest first, each starting from the last.

    It minimises the mean negative log likelihood plus `strength / 2` times the squared weights (not the bias), which is
    scikit-learn's `LogisticRegression(C=1 / (n * strength))`; L-BFGS with float32 products, twice as quick.
    """
    from scipy.optimize import minimize

    n, channels = standardised.shape
    targets = np.zeros((n, classes), np.float32)
    targets[np.arange(n), labels] = 1.0
    start = np.zeros((channels + 1) * classes)
    for strength in sorted(strengths, reverse=True):
        found = minimize(
            _loss_and_gradient,
            start,
            args=(standardised, targets, strength),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _LONGEST_SEARCH_STEPS, "maxcor": 20, "gtol": _GRADIENT_TOLERANCE, "ftol": 1e-9},
        )
        if not np.isfinite(found.fun):
            raise TrainingError(
                f"expected a finite loss of the linear head at strength {strength}, got {found.fun} on {n} images; "
                "look for NaN or infinity in the features"
            )
        start = found.x
        table = found.x.reshape(channels + 1, classes).astype(np.float32)
        yield strength, Matrix(table[:-1].copy(), table[-1].copy())


def fit_discriminant(standardised: NDArray[np.float32], labels: NDArray[np.int64], classes: int) -> Matrix:
    """Return linear discriminant analysis with Ledoit and Wolf's shrinkage (2004) of each class's covariance.

    It is scikit-learn's `LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")`, solved by Cholesky's
    decomposition: shrunken covariances are positive definite, and scikit-learn's least squares takes seconds here.
    """
    from scipy.linalg import solve

    rows = standardised.astype(np.float64)
    priors = np.bincount(labels, minlength=classes) / len(labels)
    means = np.stack([rows[labels == label].mean(axis=0) for label in range(classes)])
    covariance = np.zeros((rows.shape[1], rows.shape[1]))
    for label in range(classes):
        covariance += priors[label] * _shrunken_covariance(rows[labels == label])
    weights = solve(covariance, means.T, assume_a="pos")
    bias = np.log(priors) - 0.5 * np.einsum("kc,ck->k", means, weights)
    return Matrix(weights.astype(np.float32), bias.astype(np.float32))


def _shrunken_covariance(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    from sklearn.covariance import ledoit_wolf

    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    # A channel constant within a class has nothing to standardise by; scikit-learn takes 1 too.
    deviation[deviation <= 10 * np.finfo(np.float64).eps * np.maximum(np.abs(mean), 1.0)] = 1.0
    shrunken = ledoit_wolf((rows - mean) / deviation)[0]
    return np.asarray(deviation[:, None] * shrunken * deviation[None, :])


def _loss_and_gradient(
    flat: NDArray[np.float64], standardised: NDArray[np.float32], targets: NDArray[np.float32], strength: float
) -> tuple[float, NDArray[np.float64]]:
    n, classes = targets.shape
    table = flat.reshape(-1, classes)
    weights = table[:-1].astype(np.float32)
    logits = standardised @ weights
    logits += table[-1].astype(np.float32)
    logits -= logits.max(axis=1, keepdims=True)
    true_logits = np.einsum("nk,nk->n", logits, targets)
    np.exp(logits, out=logits)
    sums = logits.sum(axis=1, keepdims=True)
    nll = np.mean(np.log(sums[:, 0], dtype=np.float64) - true_logits)
    logits /= sums
    logits -= targets
    gradient = np.empty_like(table)
    gradient[:-1] = (standardised.T @ logits) / n + strength * table[:-1]
    gradient[-1] = logits.sum(axis=0, dtype=np.float64) / n
    return float(nll + 0.5 * strength * np.sum(np.square(table[:-1]))), gradient.ravel()
