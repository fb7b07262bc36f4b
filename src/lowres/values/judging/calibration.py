"""Whether a stated probability is how often it comes true, and the one number that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.judging.intervals import Interval, wilson_interval
from lowres.values.predictions import Predictions

Binning = Literal["equal_width", "equal_mass"]
BINS = 15
BINNING_WORDS: dict[Binning, str] = {
    "equal_width": f"{BINS} equal-width bins of the highest probability",
    "equal_mass": f"{BINS} bins of equally many images by the highest probability",
}
# Far wider than any network met: temperatures of real ones lie between 0.5 and 5.
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.01, 100.0


@dataclass(frozen=True)
class Calibration:
    """The temperature that validation asks for, and the validation NLL in nats an image without and with it."""

    temperature: float
    nll_before: float
    nll_after: float
    n: int


@dataclass(frozen=True)
class ReliabilityBin:
    """One bar of a reliability diagram.

    The `n` images whose confidence is above `low` and at most `high`, their mean confidence, and the fraction of
    them that is right with its Wilson interval.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float
    accuracy_interval: Interval


@dataclass(frozen=True)
class ReliabilityTable:
    """The bins of one reliability diagram, how they were cut, at which temperature, and the calibration error."""

    binning: str
    temperature: float
    ece: float
    bins: tuple[ReliabilityBin, ...]


def fit_temperature(validation: Predictions) -> Calibration:
    """Return the temperature that minimises the NLL of the validation predictions; never give it the test part.

    Where every validation image is right the NLL falls forever as the temperature does; the temperature then stays 1.
    Guo et al., On Calibration of Modern Neural Networks, ICML 2017, eq. 9.
    """
    before = negative_log_likelihood(validation)
    temperature = 1.0 if validation.is_right.all() else _coolest_loss(validation)
    after = negative_log_likelihood(validation, temperature)
    return Calibration(temperature, before, after, len(validation))


def _coolest_loss(validation: Predictions) -> float:
    # Here and not above: evaluation imports this room, and a finished study is read without SciPy.
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda logarithm: negative_log_likelihood(validation, float(np.exp(logarithm))),
        bounds=(np.log(LOWEST_TEMPERATURE), np.log(HIGHEST_TEMPERATURE)),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(found.x))


def negative_log_likelihood(predictions: Predictions, temperature: float = 1.0) -> float:
    """Return the mean of -ln(probability of the true class) in nats, from logits, so it is finite at any confidence."""
    if not temperature > 0:
        raise PredictionsError(f"expected a temperature above 0, got {temperature}; 1 leaves the logits as they are")
    scaled = predictions.logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    of_truth = scaled[np.arange(len(predictions)), predictions.labels]
    return float((np.log(np.exp(scaled).sum(axis=1)) - of_truth).mean())


def expected_calibration_error(
    probabilities: NDArray[np.float64],
    labels: NDArray[np.int64],
    bins: int = BINS,
    binning: Binning = "equal_width",
) -> float:
    """Return the mean distance of confidence from accuracy over the bins, by images (Guo et al. 2017, eq. 3)."""
    return _error_of(reliability_bins(probabilities, labels, bins, binning), len(labels))


def reliability_table(predictions: Predictions, binning: Binning, temperature: float = 1.0) -> ReliabilityTable:
    """Return the reliability diagram of the predictions in `BINS` bins, its binning in words."""
    table = reliability_bins(predictions.probabilities(temperature), predictions.labels, BINS, binning)
    return ReliabilityTable(BINNING_WORDS[binning], temperature, _error_of(table, len(predictions)), table)


def reliability_bins(
    probabilities: NDArray[np.float64],
    labels: NDArray[np.int64],
    bins: int = BINS,
    binning: Binning = "equal_width",
) -> tuple[ReliabilityBin, ...]:
    """Return the bins of a reliability diagram that hold an image, lowest confidence first.

    probabilities: `[n, classes]`; the confidence is the highest of a row. equal_width: edges at i / bins.
    equal_mass: edges at quantiles of the confidences; images of one confidence share a bin.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    if binning == "equal_mass":
        edges = np.quantile(confidence, edges)
    # Bins are open below and closed above, as in the paper, so a confidence of exactly 1 has one.
    bin_of = np.searchsorted(edges[1:-1], confidence, side="left")
    return tuple(
        _reliability_bin(edges[index], edges[index + 1], confidence[bin_of == index], right[bin_of == index])
        for index in np.unique(bin_of)
    )


def _error_of(table: tuple[ReliabilityBin, ...], n: int) -> float:
    return sum(row.n * abs(row.accuracy - row.confidence) for row in table) / n


def _reliability_bin(
    low: float, high: float, confidence: NDArray[np.float64], right: NDArray[np.bool_]
) -> ReliabilityBin:
    hits, n = int(right.sum()), len(right)
    return ReliabilityBin(float(low), float(high), n, float(confidence.mean()), hits / n, wilson_interval(hits, n))
