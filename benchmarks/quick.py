"""Writes benchmarks/results/quick.json from a study that `make study` made cold: accuracy, and seconds a stage.

LOWRES_CACHE=$(mktemp -d) make study STUDY=studies/cold
.venv/bin/python benchmarks/quick.py studies/cold
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lowres.files.atomic import atomic_write_json
from processor import machine

RESULTS = Path(__file__).parent / "results" / "quick.json"


def main() -> None:
    """Gather what the study's own ledger and evaluation say; nothing is computed here but the sum of seconds."""
    study = Path(sys.argv[1])
    evaluation = json.loads((study / "evaluation.json").read_text(encoding="utf-8"))
    stages = json.loads((study / "study.json").read_text(encoding="utf-8"))["stages"]
    seconds = {name: stage["seconds"] for name, stage in stages.items()}
    facts = stages["features"]["facts"]
    kept = ("n", "accuracy", "accuracy_interval", "ece", "ece_after_temperature", "temperature")
    atomic_write_json(
        RESULTS,
        {
            "what": "make study (CIFAR-10, recipe quick) with an empty cache, installation aside",
            "runs": 1,
            **{key: evaluation[key] for key in kept},
            "chosen_head": stages["head"]["facts"]["head"]["chosen"],
            "engine": facts["engine"],
            "images_per_second": facts["images_per_second"],
            "stage_seconds": seconds,
            "total_seconds": round(sum(seconds.values()), 1),
            "machine": machine(),
            "versions": stages["features"]["versions"],
        },
    )


if __name__ == "__main__":
    main()
