"""What a check found: the one shape that `doctor`, `check` and preflight all report in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Status = Literal["PASS", "WARN", "FAIL"]
STATUSES: tuple[Status, ...] = ("PASS", "WARN", "FAIL")


@dataclass(frozen=True)
class Finding:
    """One check's outcome: what was checked, how it went, what was measured, and what repairs it ("" after PASS)."""

    name: str
    status: Status
    measured: str
    repair: str = ""


def worst(findings: Iterable[Finding]) -> Status:
    """Return the gravest status among the findings; PASS where there are none."""
    return max((finding.status for finding in findings), key=STATUSES.index, default="PASS")


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings with FAIL before WARN before PASS, otherwise in the order they came."""
    return tuple(sorted(findings, key=lambda finding: -STATUSES.index(finding.status)))
