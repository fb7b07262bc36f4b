"""What the validation part chose: every use of it by name, since each makes its own figures a little too hopeful."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lowres.values.judging.calibration import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE
from lowres.values.judging.conformal import ConformalSets

if TYPE_CHECKING:
    from lowres.values.judging.appraisal import Review


@dataclass(frozen=True)
class ValidationChoice:
    """One choice that the validation part made.

    what: what was chosen. chosen: what came of it, in words. among: how many were compared; None where any number of a
    range could have been. by: what decided.
    """

    what: str
    chosen: str
    among: int | None
    by: str


def confidence_choices(
    temperature: float, review: Review | None, sets: Sequence[ConformalSets]
) -> tuple[ValidationChoice, ...]:
    """Return the choices behind calibrated probabilities: temperature, review threshold, sizes of sets."""
    choices = [
        ValidationChoice(
            "temperature",
            f"{temperature:.4f}, from {LOWEST_TEMPERATURE:g} to {HIGHEST_TEMPERATURE:g}",
            None,
            "lowest negative log-likelihood",
        )
    ]
    if review is not None:
        found = review.chosen.threshold
        choices.append(
            ValidationChoice(
                "confidence from which no person need look",
                "none is high enough" if found is None else f"{found:.6f}",
                None,
                f"at most {review.chosen.asked_error:.1%} wrong among what is above it, with "
                f"{review.chosen.certainty:.0%} certainty",
            )
        )
    choices += [
        ValidationChoice(
            f"size of the {one.method} sets of classes",
            "every class" if one.quantile is None else f"quantile {one.quantile:.6f}",
            None,
            f"{one.asked_coverage:.0%} of the sets hold the true class",
        )
        for one in sets
    ]
    return tuple(choices)
