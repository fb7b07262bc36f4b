"""Writes benchmarks/results/questions.json: what `lowres questions --check` finds in a document, study by study.

.venv/bin/python benchmarks/questions.py DOCUMENT STUDY [STUDY ...]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from lowres.cli.practising_words import check_json
from lowres.files.atomic import atomic_write_json
from lowres.pipeline.practice import check_document
from lowres.pipeline.study_facts import read_records, read_study_facts
from processor import machine

RESULTS = Path(__file__).resolve().parent / "results" / "questions.json"
# What a reader needs to know how a study differs from the recipe it is named after.
TOLD = ("train images", "validation images", "test images", "input pixels", "scaling", "test accuracy")


def main() -> None:
    """Check the document against every study and write the counts with every claim."""
    words = _arguments()
    results = {
        "what": "numeric claims of a document, held against studies",
        "document": words.document.name,
        "machine": machine(),
        "studies": [checked(words.document, study) for study in words.studies],
    }
    atomic_write_json(RESULTS, results)


def checked(document: Path, study: Path) -> dict[str, Any]:
    """Return the counts and the claims of the document against one study, and in how many seconds."""
    started = time.perf_counter()
    answer = check_json(check_document(study, document))
    seconds = time.perf_counter() - started
    facts = read_study_facts(study)
    recipe = read_records(study).recipe
    claims = [
        {key: claim[key] for key in ("line", "written", "quantity", "verdict")}
        | {"study": [fact["value"] for fact in claim["study"]]}
        for claim in answer["claims"]
    ]
    counts = {key: answer[key] for key in ("numbers", "confirmed", "contradicted", "unknown")}
    return {
        "recipe": recipe.name,
        "epochs": {"head": recipe.head.epochs, "fine_tuning": recipe.fine_tuning.epochs},
        **{name.replace(" ", "_"): facts[name].value for name in TOLD if name in facts},
        "found": len(claims),
        **counts,
        "seconds": round(seconds, 2),
        "claims": claims,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("document", type=Path)
    parser.add_argument("studies", type=Path, nargs="+")
    return parser.parse_args()


if __name__ == "__main__":
    main()
