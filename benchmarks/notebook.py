"""Writes benchmarks/results/notebook.json: seconds of `lowres notebook --execute` on finished studies, and its figures.

    .venv/bin/python benchmarks/notebook.py STUDY...

Each study is copied first, so that the notebook is made where none lies. What the studies have made is read by it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lowres.files.atomic import atomic_write_json
from processor import machine

RESULTS = Path(__file__).parent / "results" / "notebook.json"


def main() -> None:
    """Run each, and write all."""
    if len(sys.argv) < 2:
        sys.exit("expected finished studies, got none; name their folders")
    rows = [_executed(Path(word)) for word in sys.argv[1:]]
    atomic_write_json(RESULTS, {"notebooks": rows, "machine": machine()})
    print(json.dumps(rows, indent=2))


def _executed(study: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / study.resolve().name
        shutil.copytree(study, copy, ignore=shutil.ignore_patterns("notebook*.ipynb"))
        words = [str(Path(sys.executable).with_name("lowres")), "notebook", str(copy), "--execute", "--json"]
        load, began = os.getloadavg()[0], time.perf_counter()
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - began
        answer = json.loads(done.stdout)
        size = Path(answer["path"]).stat().st_size
    return {
        "study": study.resolve().name,
        "seconds": round(seconds, 1),
        "cells": answer["cells"],
        "figures": answer["figures"],
        "bytes": size,
        "load_before": round(load, 2),
        "nice": os.nice(0),
    }


if __name__ == "__main__":
    main()
