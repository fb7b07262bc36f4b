"""Writes benchmarks/results/tutorial.json: the tutorial's commands run as they stand, their seconds, what they found.

.venv/bin/python benchmarks/tutorial.py [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lowres.files.atomic import atomic_write_json
from processor import machine

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from docsite.markdown import blocks  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "tutorial.json"
TUTORIAL = ROOT / "docs" / "tutorial.md"
KEPT = ("n", "accuracy", "accuracy_interval", "majority_baseline", "ece", "ece_after_temperature")


def main() -> None:
    """Run what the page says, in its order, and keep seconds and judgements."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--folder", type=Path, help="an empty folder to work in; a temporary one where left out")
    options = asked.parse_args()
    text = TUTORIAL.read_text(encoding="utf-8")
    commands = [line for block in blocks(text, "sh") for line in block.splitlines() if line.startswith("lowres ")]
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        # Studies cache what frozen networks made of pictures; a newcomer has none of it.
        environment = os.environ | {"LOWRES_CACHE": str(folder / "cache")}
        seconds = {"the program of step 2": _timed([sys.executable, "-c", blocks(text, "python")[0]], folder)}
        for command in commands:
            words = [sys.executable, "-m", *shlex.split(command)]
            seconds[command] = _timed(words, folder, environment)
        # `lowres check` leaves a study that holds the checks alone.
        judged = sorted((folder / "studies").glob("*/evaluation.json"))
        studies = {path.parent.name: _judged(path) for path in judged}
    atomic_write_json(RESULTS, {"seconds": seconds, "studies": studies, "machine": machine()})


def _timed(words: list[str], folder: Path, environment: dict[str, str] | None = None) -> float:
    began = time.perf_counter()
    subprocess.run(words, cwd=folder, check=True, env=environment)
    return round(time.perf_counter() - began, 1)


def _judged(path: Path) -> dict[str, Any]:
    evaluation = json.loads(path.read_bytes())
    return {key: evaluation[key] for key in KEPT}


if __name__ == "__main__":
    main()
