"""A claim of the described document with what was found: the sentence is made of the figures, so they cannot part."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

VERDICTS = {
    "right": "as the document says",
    "right for another reason": "the statement holds, the reason given does not",
    "wrong": "measured or computed otherwise",
    "not reproduced": "what it describes was run and came to another figure; another run may come nearer",
    "contradicts itself": "the document says two things that cannot both be",
    "does not follow": "the figures given do not carry the conclusion",
    "cannot be checked": "what it would take was not handed over, or is not at hand",
    "not checked yet": "lowres can measure it and has not",
}
PROGRAM = ".venv/bin/python benchmarks/described_claims.py"


@dataclass(frozen=True)
class Claim:
    """One statement and its check.

    where: section and question as the document numbers them, "6 Q3"; "G" is its general section. quote: the
    document's words. found: a format string over `figures` until `settled` fills it. holds: whether the figures carry
    verdict and sentence; where they no longer do, someone has to read them and write another sentence.
    """

    where: str
    quote: str
    verdict: str
    found: str
    figures: dict[str, Any] = field(default_factory=dict)
    holds: bool = True

    def settled(self, evidence: str) -> dict[str, Any]:
        """Return the claim as results keep it, the command that measures it beside it."""
        if self.verdict not in VERDICTS:
            raise ValueError(f"expected a verdict among {', '.join(VERDICTS)}, got {self.verdict!r} in {self.where}")
        if not self.holds:
            raise ValueError(f"expected figures that carry {self.verdict!r} in {self.where}, got {self.figures}")
        command = f"{PROGRAM} --only {evidence}"
        kept = {key: value for key, value in asdict(self).items() if key != "holds"}
        return {**kept, "found": self.found.format(**self.figures), "evidence": evidence, "command": command}
