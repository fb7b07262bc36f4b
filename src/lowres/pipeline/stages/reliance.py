"""What evaluation.json holds of how far to rely on the answers, read back as values for the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lowres.faces.report.data import Reliance
    from lowres.values.judging.appraisal import Review
    from lowres.values.judging.validation_choices import ValidationChoice


def read_reliance(evaluation: Mapping[str, Any]) -> Reliance | None:
    """Return it; None of an evaluation without probabilities, which has no risk-coverage curve."""
    from lowres.faces.report.data import Reliance
    from lowres.values.judging.conformal import ConformalSets
    from lowres.values.judging.selective import RiskCoverage, RiskPoint

    curve = evaluation.get("risk_coverage")
    if not curve:
        return None
    points = tuple(RiskPoint(**point) for point in curve["points"])
    return Reliance(
        curve=RiskCoverage(**(curve | {"points": points})),
        review=_review(evaluation.get("review")),
        sets=tuple(ConformalSets(**_tuples(row)) for row in evaluation.get("conformal", ())),
        ece_equal_mass=evaluation.get("ece_equal_mass"),
        ece_equal_mass_after_temperature=evaluation.get("ece_equal_mass_after_temperature"),
    )


def read_choices(evaluation: Mapping[str, Any]) -> tuple[ValidationChoice, ...]:
    """Return all that the validation part chose."""
    from lowres.values.judging.validation_choices import ValidationChoice

    return tuple(ValidationChoice(**row) for row in evaluation.get("validation_choices", ()))


def _review(found: Mapping[str, Any] | None) -> Review | None:
    from lowres.values.judging.appraisal import Review
    from lowres.values.judging.selective import ReviewOutcome, ReviewThreshold

    if not found:
        return None
    outcome = found["outcome"]
    return Review(ReviewThreshold(**found["chosen"]), ReviewOutcome(**_tuples(outcome)) if outcome else None)


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
