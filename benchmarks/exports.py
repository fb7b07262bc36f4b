"""Writes benchmarks/results/exports.json: every export of a study on test images, and int8 timed beside float32.

lowres export studies/cifar10 --format all
.venv/bin/python benchmarks/exports.py studies/cifar10

Test images are shown to the exports here and nowhere else; nothing is chosen by them. Pairs of one runtime take turns,
image by image, in one process, so that whatever else runs on the machine slows both alike.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from lowres.files.atomic import atomic_write_json
from lowres.files.sources.open_source import open_source
from lowres.files.study.predictions_file import read_predictions
from lowres.files.study.split_file import read_split
from lowres.files.study.study_folder import read_ledger, read_source
from lowres.pipeline.export_process import run_apart
from lowres.pipeline.stages.export_stage import read_parities
from lowres.values.exporting.export_format import FORMATS
from lowres.values.judging.intervals import paired_wilson_interval, wilson_interval
from processor import machine

RESULTS = Path(__file__).parent / "results" / "exports.json"
PAIRS = (("litert-float32", "litert-int8"), ("openvino-f32", "openvino-int8"))
TURNS = 300
_TURNS_PROGRAM = """
import importlib.util, json, sys, time
import numpy as np
def load(folder):
    sys.argv = [folder]
    spec = importlib.util.spec_from_file_location("predict_" + str(len(sys.modules)), folder + "/predict.py")
    script = importlib.util.module_from_spec(spec); spec.loader.exec_module(script); return script.predict
one, other, pixels, turns = sys.argv[1:5]
both, pixels, found = [load(one), load(other)], np.load(pixels), [[], []]
for turn in range(int(turns) + 5):
    picture = np.ascontiguousarray(pixels[turn % len(pixels)][None])
    for place in ((0, 1) if turn % 2 else (1, 0)):
        wall, own = time.perf_counter(), time.process_time()
        both[place](picture)
        found[place].append((time.perf_counter() - wall, time.process_time() - own))
print(json.dumps([rows[5:] for rows in found]))
"""


def main() -> None:
    """Gather the parities, judge the test images, time the pairs."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("study", type=Path)
    asked.add_argument("--images", type=int, default=0, help="how many test images, evenly spaced; all where left out")
    options = asked.parse_args()
    study = options.study
    parities = read_parities(study, read_ledger(study))
    with tempfile.TemporaryDirectory() as place:
        rows, pixels = _test_part(study, options.images)
        np.save(Path(place) / "asked.npy", pixels)
        tested = {one.format: _tested(study, one.format, Path(place), rows) for one in parities}
        names = {one.format for one in parities}
        pairs = [_timed(study, pair, Path(place)) for pair in PAIRS if set(pair) <= names]
    atomic_write_json(
        RESULTS,
        {
            "study": study.name,
            "gate": "validation images, the study's own predictions of them",
            "exports": [one.to_json() | {"test": tested[one.format]} for one in parities],
            "int8_beside_float32": pairs,
            "machine": machine(),
        },
    )


def _test_part(study: Path, images: int) -> tuple[np.ndarray, np.ndarray]:
    source = open_source(read_source(study).location(study)).images
    part = read_split(study / "split.csv", source).test
    rows = np.arange(len(part)) if not images else np.linspace(0, len(part) - 1, images).astype(int)
    return rows, np.asarray(source.pixels[part[rows]])


def _tested(study: Path, name: str, place: Path, rows: np.ndarray) -> dict[str, Any]:
    known = read_predictions(study / "predictions/test.npz")
    labels, was_right = known.labels[rows], known.is_right[rows]
    answers = place / "answered.npy"
    run_apart(
        study / "exports" / name,
        place / "asked.npy",
        answers,
        FORMATS[name].batch_images,
        lambda done: print(f"{name}: {done} of {len(rows)}", end="\r", file=sys.stderr),
    )
    named = np.load(answers).argmax(axis=1)
    right = named == labels
    both, gained, lost = (int(one.sum()) for one in (right & was_right, right & ~was_right, was_right & ~right))
    return {
        "n": len(rows),
        "accuracy": float(right.mean()),
        "accuracy_interval": wilson_interval(int(right.sum()), len(rows)),
        "study_accuracy": float(was_right.mean()),
        "gain": (gained - lost) / len(rows),
        "gain_interval": paired_wilson_interval(both, gained, lost, len(rows) - both - gained - lost),
        "agreement": float((named == known.predicted[rows]).mean()),
    }


def _timed(study: Path, pair: tuple[str, str], place: Path) -> dict[str, Any]:
    folders = [str((study / "exports" / name).resolve()) for name in pair]
    load = os.getloadavg()[0]
    done = subprocess.run(
        [sys.executable, "-c", _TURNS_PROGRAM, *folders, str(place / "asked.npy"), str(TURNS)],
        capture_output=True,
        text=True,
        check=True,
    )
    (wall, own), (wall_int8, own_int8) = (tuple(zip(*rows, strict=True)) for rows in json.loads(done.stdout.strip()))
    return {
        "float32": pair[0],
        "int8": pair[1],
        "turns": TURNS,
        "median_milliseconds": [round(1000 * median(one), 3) for one in (wall, wall_int8)],
        "median_processor_milliseconds": [round(1000 * median(one), 3) for one in (own, own_int8)],
        "times_as_fast": round(median(wall) / median(wall_int8), 2),
        "times_as_fast_by_processor_time": round(median(own) / median(own_int8), 2),
        "load_before": round(load, 2),
    }


if __name__ == "__main__":
    main()
