"""What is gained by leaving the doubtful images to people: risk by coverage, and the confidence from which to trust."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.judging.intervals import Interval, error_bound, wilson_interval

# The review threshold is picked among as many shares of the validation images, each tried at its part of the doubt.
LEVELS = 20
DOUBT = 0.05
CURVE_POINTS = 100


@dataclass(frozen=True)
class RiskPoint:
    """Answering the images whose confidence is `threshold` or more: their share, and the fraction of them wrong."""

    threshold: float
    coverage: float
    risk: float


@dataclass(frozen=True)
class RiskCoverage:
    """The risk-coverage curve, fewest images first, at most `CURVE_POINTS` points and one.

    aurc: mean risk over the n coverages 1/n, 2/n ... 1. lowest_aurc: of the same answers, all mistakes doubted most.
    """

    aurc: float
    lowest_aurc: float
    points: tuple[RiskPoint, ...]


@dataclass(frozen=True)
class ReviewThreshold:
    """The confidence from which an answer needs no person, chosen on `validation_n` images.

    asked_error: fraction of the answers kept that may be wrong. threshold: None where validation cannot vouch for it
    at any confidence. error_bound: what the error of the answers kept is below with probability `certainty`; without a
    threshold, the lowest such bound there is. images_needed: validation images without a mistake above the threshold
    that the asked error takes at least.
    """

    asked_error: float
    certainty: float
    threshold: float | None
    error_bound: float
    validation_n: int
    validation_coverage: float
    images_needed: int


@dataclass(frozen=True)
class ReviewOutcome:
    """What a review threshold came to on images that did not choose it: `kept` answers, the others go to people.

    coverage: fraction kept; error: fraction of those that are wrong, None where none was kept. Intervals: 95 % Wilson.
    """

    n: int
    kept: int
    coverage: float
    coverage_interval: Interval
    errors: int
    error: float | None
    error_interval: Interval


def risk_coverage(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> RiskCoverage:
    """Return the risk-coverage curve of `n` answers.

    Images of one confidence are answered together; within them the risk goes up evenly, which is its mean over all
    their orders, so the order of the rows changes nothing. El-Yaniv and Wiener, JMLR 11 (2010); AURC and its lowest
    value: Geifman, Uziel and El-Yaniv, ICLR 2019.
    """
    thresholds, counts, errors = _by_confidence(confidence, right)
    n = len(right)
    ranks = np.arange(1, n + 1)
    cumulative = np.interp(ranks, np.r_[0, counts], np.r_[0, errors])
    fewest = np.maximum(ranks - int(right.sum()), 0)
    chosen = np.unique(np.linspace(0, len(counts) - 1, CURVE_POINTS + 1).round().astype(np.int64))
    points = tuple(
        RiskPoint(float(thresholds[index]), float(counts[index] / n), float(errors[index] / counts[index]))
        for index in chosen
    )
    return RiskCoverage(float((cumulative / ranks).mean()), float((fewest / ranks).mean()), points)


def choose_review_threshold(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], asked_error: float
) -> ReviewThreshold:
    """Return the threshold that keeps most answers with an error below `asked_error`; give it validation images only.

    At each of `LEVELS` shares of the images, surest first, the error of those kept is bounded (Clopper-Pearson, as in
    Geifman and El-Yaniv, NeurIPS 2017, eq. 4) with a `LEVELS`-th of the doubt, so that all bounds hold together with
    probability 1 - `DOUBT` (Bonferroni; Angelopoulos et al., Learn then Test, 2021). Their search by halves would miss
    a share in the middle, since a bound is no better for fewer images.
    Refused with PredictionsError: an error outside (0, 1).
    """
    if not 0 < asked_error < 1:
        raise PredictionsError(f"expected the error that may remain as a fraction inside (0, 1), got {asked_error}")
    thresholds, counts, errors = _by_confidence(confidence, right)
    n, doubt = len(right), DOUBT / LEVELS
    shares = np.unique(np.searchsorted(counts, np.ceil(n * np.arange(1, LEVELS + 1) / LEVELS)))
    bounds = {int(index): error_bound(int(errors[index]), int(counts[index]), doubt) for index in shares}
    kept = max((index for index, bound in bounds.items() if bound <= asked_error), default=None)
    return ReviewThreshold(
        asked_error=asked_error,
        certainty=1 - DOUBT,
        threshold=None if kept is None else float(thresholds[kept]),
        error_bound=min(bounds.values()) if kept is None else bounds[kept],
        validation_n=n,
        validation_coverage=0.0 if kept is None else float(counts[kept] / n),
        images_needed=ceil(log(doubt) / log(1 - asked_error)),
    )


def review_outcome(confidence: NDArray[np.float64], right: NDArray[np.bool_], threshold: float) -> ReviewOutcome:
    """Return what the threshold keeps of these images, and how much of that is wrong."""
    is_kept = confidence >= threshold
    n, kept, errors = len(right), int(is_kept.sum()), int((is_kept & ~right).sum())
    return ReviewOutcome(
        n=n,
        kept=kept,
        coverage=kept / n,
        coverage_interval=wilson_interval(kept, n),
        errors=errors,
        error=errors / kept if kept else None,
        error_interval=wilson_interval(errors, kept),
    )


def _by_confidence(
    confidence: NDArray[np.float64], right: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Each confidence there is, highest first, with the number of images that have it or more, and of wrong ones."""
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    last = np.r_[np.flatnonzero(np.diff(ranked)), len(ranked) - 1]
    return ranked[last], np.asarray(last + 1), np.cumsum(~right[order], dtype=np.int64)[last]
