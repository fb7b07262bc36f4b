"""What a head says before it has learned: logits, a loss near chance, an output for every label (pitfalls 2, 3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lowres.values.findings import Finding

TOLERANCE_FRACTION = 0.15
_SUM_TOLERANCE = 1e-3


def probe_labels(labels: NDArray[np.int64], outputs: int, class_names: int) -> Finding:
    """Return whether every label has an output of its own, and every output a class."""
    low, high = int(labels.min()), int(labels.max())
    measured = f"labels {low} to {high}, {class_names} classes, {outputs} logits"
    if low >= 0 and high < outputs == class_names:
        return Finding("labels", "PASS", measured)
    repair = f"number the classes from 0 and give the head one logit a class ({max(high + 1, class_names)})"
    return Finding("labels", "FAIL", f"{measured}: they do not fit", repair)


def probe_logits(logits: NDArray[np.float32]) -> Finding:
    """Return whether outputs `[n, classes]` of a head are logits: finite, and not already probabilities."""
    if not np.isfinite(logits).all():
        rows = int((~np.isfinite(logits)).any(axis=1).sum())
        repair = "set features.precision and fine_tuning.precision = float32; look for damaged weights"
        return Finding("logits", "FAIL", f"NaN or infinity in {rows} of {len(logits)} rows", repair)
    sums = np.asarray(logits, np.float64).sum(axis=1)
    measured = f"{logits.min():.3g} to {logits.max():.3g}, rows sum to {sums.min():.4g} to {sums.max():.4g}"
    if logits.min() >= 0 and np.abs(sums - 1).max() <= _SUM_TOLERANCE:
        repair = "take the softmax off the head: the loss, the report and the exports apply it themselves"
        return Finding("logits", "FAIL", f"{measured}: these are probabilities, softmax was already applied", repair)
    return Finding("logits", "PASS", measured)


def judge_first_loss(logits: NDArray[np.float32], labels: NDArray[np.int64], highest: float) -> Finding:
    """Return whether the loss before training is that of a head that knows nothing: ln classes, within 15 %.

    highest: what this head's random weights cost on noise, `expected_loss`; ln classes where they are small.
    Three standard errors of the mean over these images are allowed beside the 15 %.
    """
    losses = cross_entropies(logits, labels)
    loss, error = float(losses.mean()), float(losses.std() / np.sqrt(len(losses)))
    classes, chance = logits.shape[1], float(np.log(logits.shape[1]))
    low, high = chance * (1 - TOLERANCE_FRACTION) - 3 * error, highest * (1 + TOLERANCE_FRACTION) + 3 * error
    measured = f"{loss:.3f} on {len(losses)} images; ln {classes} = {chance:.3f}, on noise this head has {highest:.3f}"
    if low <= loss <= high:
        return Finding("first loss", "PASS", measured)
    repair = "look for features that are not standardised, labels in another order, or a head that gives no logits"
    return Finding("first loss", "FAIL", f"{measured}: not within {TOLERANCE_FRACTION:.0%}", repair)


def expected_loss(logits_of_noise: NDArray[np.float32]) -> float:
    """Return the mean loss of logits `[n, classes]` over all labels alike: ln classes, and what unequal logits add."""
    logits = np.asarray(logits_of_noise, np.float64)
    return float(np.mean(_log_sums(logits) - logits.mean(axis=1)))


def cross_entropies(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each image's loss, float64 `[n]`."""
    exact = np.asarray(logits, np.float64)
    return np.asarray(_log_sums(exact) - exact[np.arange(len(labels)), labels])


def _log_sums(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    top = logits.max(axis=1)
    return np.asarray(top + np.log(np.exp(logits - top[:, None]).sum(axis=1)))
