"""docs/described-system-checked.md, rendered from benchmarks/results/described_claims.json and nothing else."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import Any

from described.claim import PROGRAM, VERDICTS

SECTIONS = {
    "1": "Environment setup and imports",
    "2": "Data loading and exploration",
    "3": "Data preprocessing",
    "4": "Data augmentation",
    "5": "Model architecture",
    "6": "Training phase 1 (frozen base)",
    "7": "Training phase 2 (fine-tuning)",
    "8": "Model evaluation",
    "9": "Grad-CAM interpretability",
    "10": "Conclusions",
    "G": "General questions",
}
_INTRODUCTION = f"""
The document that lowres was asked for describes a system and explains its results. Here is each of its claims that can
be computed or measured, what was found, and the command that finds it. The file is written by `{PROGRAM}` from
`benchmarks/results/described_claims.json`, which holds every figure, and names the machine. Small measurements, one run
each; n is said where it is not the whole data set. Q numbers the document's questions, section by section.

The short of it: the network was never the fault. Its input was scaled to [0, 1] and then by `preprocess_input`, which
expects 0 to 255, so every image looked the same to it (3 Q1, 6 Q1). What the document concludes about ImageNet
features, input size, architecture and the size of the training set rests on that (6 Q6, 7 Q9, 10 Q1, 10 Q2).
"""


def where_key(where: str) -> tuple[int, int]:
    """Return where a claim stands in the document: section and question."""
    section, question = where.split()
    return list(SECTIONS).index(section), int(question.removeprefix("Q"))


def rendered(results: dict[str, Any]) -> str:
    """Return the document."""
    claims = results["claims"]
    introduction = [_wrapped(paragraph) + "\n" for paragraph in _INTRODUCTION.strip().split("\n\n")]
    lines = [
        "# The described system, checked claim by claim\n",
        *introduction,
        *_counts(claims),
        *_machines(results["runs"]),
    ]
    for section, title in SECTIONS.items():
        own = [claim for claim in claims if claim["where"].split()[0] == section]
        if own:
            lines += [f"## {section if section == 'G' else f'Section {section}'}: {title}\n"]
            lines += [_told(claim) for claim in own]
    return "\n".join(lines)


def _counts(claims: list[dict[str, Any]]) -> list[str]:
    counted = Counter(claim["verdict"] for claim in claims)
    rows = [f"| {verdict} | {meaning} | {counted[verdict]} |" for verdict, meaning in VERDICTS.items()]
    return ["| Verdict | Meaning | Claims |", "|---|---|---|", *rows, f"| | | {len(claims)} |", ""]


def _machines(runs: dict[str, Any]) -> list[str]:
    said = [
        _wrapped(
            f"- `--only {evidence}`: {run['about']} ({run['machine']['processor']}, {run['machine']['cores']} cores; "
            f"{', '.join(f'{name} {version}' for name, version in run['versions'].items())})",
            later="  ",
        )
        for evidence, run in runs.items()
    ]
    return [f"Each command is `{PROGRAM}` with one of:", "", *said, ""]


def _told(claim: dict[str, Any]) -> str:
    opening = f'**{claim["where"]}: {claim["verdict"]}.** "{claim["quote"]}"'
    return f"{_wrapped(opening)}\n\n{_wrapped(claim['found'])}\n\n`{claim['command']}`\n"


def _wrapped(text: str, later: str = "") -> str:
    return textwrap.fill(
        " ".join(text.split()), 120, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )
