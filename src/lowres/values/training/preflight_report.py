"""What preflight found before a training, and what that training will cost: the whole of preflight.json."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lowres.errors import StudyDamaged
from lowres.values.findings import Finding, Status, worst
from lowres.values.training.training_cost import TrainingMinutes


@dataclass(frozen=True)
class PreflightReport:
    """findings: every check. accepted: whether a training was asked for in spite of a FAIL.

    images: training images that were looked at. seconds: preflight itself. minutes: the training from here.
    machine: what it was measured on, by name.
    """

    findings: tuple[Finding, ...]
    accepted: bool
    images: int
    seconds: float
    minutes: TrainingMinutes
    machine: dict[str, Any]

    @property
    def status(self) -> Status:
        """The gravest finding's."""
        return worst(self.findings)

    @property
    def failed(self) -> tuple[Finding, ...]:
        """Every finding that forbids the training."""
        return tuple(finding for finding in self.findings if finding.status == "FAIL")

    def to_json(self) -> dict[str, Any]:
        """Return plain data; `preflight_from_json` reads it back."""
        return {
            "status": self.status,
            "accepted": self.accepted,
            "findings": [asdict(finding) for finding in self.findings],
            "images": self.images,
            "seconds": round(self.seconds, 2),
            "minutes": self.minutes.to_json(),
            "machine": self.machine,
        }


def preflight_from_json(data: dict[str, Any], origin: str) -> PreflightReport:
    """Read a report back; refused with StudyDamaged where it is none. `origin` names it."""
    try:
        minutes = {name: value for name, value in data["minutes"].items() if name != "total"}
        return PreflightReport(
            findings=tuple(Finding(**finding) for finding in data["findings"]),
            accepted=data["accepted"],
            images=data["images"],
            seconds=data["seconds"],
            minutes=TrainingMinutes(**minutes),
            machine=data["machine"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise StudyDamaged(
            f"expected what preflight found in {origin}, got something else ({error!r}); run `lowres preflight` again"
        ) from error
