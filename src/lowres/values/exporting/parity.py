"""Whether an export says what its study says: agreement, probabilities and accuracy on the same validation images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import ExportError, ParityFailed
from lowres.values.judging.intervals import Interval, paired_wilson_interval, wilson_interval
from lowres.values.predictions import Predictions

# Probabilities of a row come from one softmax in float32, or from one rounded to 16 bits.
_SUM_TOLERANCE = 5e-3


@dataclass(frozen=True)
class Pace:
    """How quick an export is, in a process of its own on `cores` cores, whatever else ran beside it.

    latency_milliseconds: median of `latency_runs` single images. images_per_second: of `throughput_images` images,
    `batch_images` at once. load: processes that wanted a core on average in the minute before; None where unknown.
    """

    latency_milliseconds: float
    latency_runs: int
    images_per_second: float
    throughput_images: int
    batch_images: int
    cores: int
    load: float | None = None


@dataclass(frozen=True)
class Parity:
    """An export beside the study's own predictions of `n` validation images.

    agreement: share of them on which both name the same class; threshold: the lowest that was accepted.
    largest_difference: of any probability of any image. accuracy, study_accuracy: fractions, of the export and of the
    study; gain: the one minus the other. Intervals are 95 %: Wilson's, and for the gain Newcombe's of pairs.
    size_bytes: of what the runtime opens. runtime: its name and version.
    """

    format: str
    n: int
    agreement: float
    threshold: float
    largest_difference: float
    accuracy: float
    accuracy_interval: Interval
    study_accuracy: float
    gain: float
    gain_interval: Interval
    size_bytes: int
    runtime: str
    pace: Pace

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Parity:
        """Read back what `to_json` returned, also after JSON turned tuples into lists."""
        pairs = {name: tuple(data[name]) for name in ("accuracy_interval", "gain_interval")}
        return cls(**{**data, **pairs, "pace": Pace(**data["pace"])})


def judge_parity(
    name: str,
    study: Predictions,
    temperature: float,
    probabilities: NDArray[np.floating[Any]],
    *,
    threshold: float,
    size_bytes: int,
    runtime: str,
    pace: Pace,
) -> Parity:
    """Compare an export's float `[n, classes]` with the study's predictions of the same images, row by row.

    Refused with ParityFailed: other shapes, rows that are no probabilities, agreement below the threshold.
    """
    refuse_no_probabilities(name, probabilities, study.logits.shape)
    named, n = probabilities.argmax(axis=1), len(study)
    agreement = float((named == study.predicted).mean())
    difference = float(np.abs(probabilities - study.probabilities(temperature)).max())
    if agreement < threshold:
        raise ParityFailed(
            f"expected {name} to name the study's class on at least {threshold:.1%} of {n:,} validation images, got "
            f"{agreement:.1%} (largest difference of a probability {difference:.3f}); nothing was kept; try another "
            f"format, or accept less with --agreement {int(1000 * agreement) / 1000:.3f}"
        )
    right, was_right = named == study.labels, study.is_right
    gained, lost = int((right & ~was_right).sum()), int((was_right & ~right).sum())
    both, neither = int((right & was_right).sum()), int((~right & ~was_right).sum())
    return Parity(
        format=name,
        n=n,
        agreement=agreement,
        threshold=threshold,
        largest_difference=difference,
        accuracy=float(right.mean()),
        accuracy_interval=wilson_interval(int(right.sum()), n),
        study_accuracy=float(was_right.mean()),
        gain=(gained - lost) / n,
        gain_interval=paired_wilson_interval(both, gained, lost, neither),
        size_bytes=size_bytes,
        runtime=runtime,
        pace=pace,
    )


def refuse_no_probabilities(name: str, found: NDArray[np.floating[Any]], shape: tuple[int, ...]) -> None:
    """Refuse with ParityFailed what is not `shape` rows of probabilities that sum to one."""
    if found.shape != shape:
        raise ParityFailed(f"expected {name} to give probabilities of shape {list(shape)}, got {list(found.shape)}")
    if not np.isfinite(found).all() or found.min(initial=0.0) < -_SUM_TOLERANCE:
        raise ParityFailed(f"expected {name} to give probabilities, got NaN or numbers below 0; nothing was kept")
    off = float(np.abs(found.sum(axis=1, dtype=np.float64) - 1).max(initial=0.0))
    if off > _SUM_TOLERANCE:
        raise ParityFailed(
            f"expected rows of {name} that sum to 1, got one that is off by {off:.3f}; the softmax must be inside"
        )


def checked_threshold(agreement: float) -> float:
    """Return the threshold; refused with ExportError outside (0, 1]."""
    if not 0 < agreement <= 1:
        raise ExportError(f"expected an agreement above 0 and at most 1, got {agreement}; try --agreement 0.98")
    return agreement
