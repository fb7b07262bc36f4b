"""What `questions --check` says: a line a claim, with the study's own figure and where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lowres.faces.fact_words import fact_in_words
from lowres.faces.numbers_in_words import with_plain_spaces

if TYPE_CHECKING:
    from lowres.pipeline.practice import CheckAnswer
    from lowres.values.claims.claim import Claim
    from lowres.values.study_facts.fact import Fact

_MARKS = {"confirmed": "yes", "contradicted": "NO", "unknown": "?"}


def check_json(answer: CheckAnswer) -> dict[str, Any]:
    """Return the answer as plain data."""
    return {
        "study": answer.folder.as_posix(),
        "document": answer.document.as_posix(),
        "numbers": answer.numbers,
        **{verdict: answer.count(verdict) for verdict in _MARKS},
        "claims": [_claim_json(claim) for claim in answer.claims],
    }


def check_text(answer: CheckAnswer) -> str:
    """Return a line a claim, and how many there are of each verdict."""
    lines = [_line(claim) for claim in answer.claims]
    counts = ", ".join(f"{answer.count(verdict)} {verdict}" for verdict in _MARKS)
    others = answer.numbers - len(answer.claims)
    lines += ["", f"claims    {len(answer.claims)}: {counts}"]
    lines += [f"others    {others} more numbers are no claims about this study that lowres knows"] if others > 0 else []
    return with_plain_spaces("\n".join(lines))


def _claim_json(claim: Claim) -> dict[str, Any]:
    return {
        "line": claim.line,
        "written": claim.written,
        "said": claim.said,
        "quantity": claim.quantity,
        "verdict": claim.verdict,
        "study": [
            {"name": fact.name, "value": list(fact.value) if isinstance(fact.value, tuple) else fact.value,
             "unit": fact.unit, "origin": fact.origin}
            for fact in claim.facts
        ],
        "reason": claim.reason,
    }  # fmt: skip


def _line(claim: Claim) -> str:
    start = f"line {claim.line:<4} {_MARKS[claim.verdict]:<3}  {claim.quantity}: {claim.written}"
    if not claim.facts:
        return f"{start}; cannot be known: {claim.reason}"
    if claim.verdict == "confirmed":
        return f"{start} ({claim.facts[0].origin})"
    return f"{start}; the study: {' or '.join(_told(claim.facts))}"


def _told(facts: tuple[Fact, ...]) -> list[str]:
    """Each different value once."""
    told = {fact_in_words(fact): fact for fact in reversed(facts)}
    return [f"{words} ({fact.origin})" for words, fact in reversed(told.items())]
