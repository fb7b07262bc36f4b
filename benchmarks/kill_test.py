"""Writes benchmarks/results/kill_test.json: trainings killed at random moments against two that never were.

    .venv/bin/python benchmarks/kill_test.py [--kills 20] [--at-once 2] [--folder FOLDER]

EfficientNet-Lite0 fine-tuned on half the digits with --deterministic, each study a process of its own. Two undisturbed
runs prove the determinism; every other run is ended by SIGKILL once, at a moment drawn evenly over the whole run, and
started again by the same command. Tensors of model.keras are compared bit by bit; epochs run twice are counted. As
many run at once as asked for, the undisturbed two as well.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import re
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from lowres.files.atomic import atomic_write_json
from lowres.files.machine import installed_versions
from processor import machine

RESULTS = Path(__file__).parent / "results" / "kill_test.json"
SETTINGS = {
    "split.pool_images": "900",
    "network.input_pixels": "64",
    "fine_tuning.from_layer": "blocks_8",
    "fine_tuning.epochs": "5",
    "augmentation.flip": "none",
    "test_time.flips": "false",
    "explanation.gallery_images": "4",
    "explanation.faithfulness_images": "0",
}
EPOCH = re.compile(r"epoch (\d+) of \d+: loss")


def main() -> None:
    """Run the undisturbed studies first, then the killed ones; the file is written after each."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--kills", type=int, default=20)
    asked.add_argument("--seed", type=int, default=0, help="of the moments")
    asked.add_argument("--at-once", type=int, default=2)
    asked.add_argument("--folder", type=Path, help="where the studies go; a folder that is removed, where left out")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        _run(options, options.folder or Path(scratch))


def _run(options: argparse.Namespace, folder: Path) -> None:
    with ThreadPoolExecutor(options.at_once) as pool:
        whole = list(pool.map(_undisturbed, [folder / f"undisturbed-{number}" for number in (1, 2)]))
        expected, seconds = whole[0]["bits"], min(run["seconds"] for run in whole)
        sys.stderr.write(f"undisturbed: {whole}\n")
        moments = np.round(np.random.default_rng(options.seed).uniform(0, seconds, options.kills), 2).tolist()
        folders = [folder / f"killed-{number}" for number in range(1, options.kills + 1)]
        kills: list[dict[str, Any]] = []
        for kill in pool.map(_killed, folders, moments, repeat(expected)):
            kills.append(kill)
            sys.stderr.write(f"kill {len(kills)} of {options.kills}: {kill}\n")
            atomic_write_json(RESULTS, _results(whole, kills) | {"at_once": options.at_once})


def _undisturbed(folder: Path) -> dict[str, Any]:
    started = time.perf_counter()
    with _start(folder) as process:
        said = process.communicate()[0]
    seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"expected a study that ends, got exit code {process.returncode}:\n{said}")
    return {"bits": _bits(folder), "seconds": round(seconds, 1), "epochs": len(EPOCH.findall(said))}


def _killed(folder: Path, moment: float, expected: str) -> dict[str, Any]:
    with _start(folder) as process:
        try:
            said = process.communicate(timeout=moment)[0]
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            said = process.communicate()[0]
    stages = re.findall(r"^(\w+)\b.*\.\.\.", said, flags=re.MULTILINE)
    before, again = EPOCH.findall(said), _undisturbed(folder)
    return {
        "at_seconds": moment,
        "was_killed": process.returncode == -signal.SIGKILL,
        "stage": stages[-1] if stages else "start",
        "epochs_before": len(before),
        "epochs_after": again["epochs"],
        "same_bits": again["bits"] == expected,
        "seconds_after": again["seconds"],
    }


def _start(folder: Path) -> subprocess.Popen[str]:
    words = ["study", "digits", "--recipe", "transfer", "--study", str(folder), "--deterministic"]
    words += ["--set", "network.backbone=efficientnet-lite0"]
    words += [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]
    command = [sys.executable, "-u", "-m", "lowres", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _bits(folder: Path) -> str:
    """One hash of every tensor of the saved network, by name, shape and bytes."""
    import h5py

    found = hashlib.sha256()

    def add(name: str, one: Any) -> None:
        if isinstance(one, h5py.Dataset):
            found.update(f"{name} {one.shape} {one.dtype}".encode() + np.ascontiguousarray(one[()]).tobytes())

    with (
        zipfile.ZipFile(folder / "model.keras") as archive,
        h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r") as weights,
    ):
        weights.visititems(add)
    return found.hexdigest()


def _results(whole: list[dict[str, Any]], kills: list[dict[str, Any]]) -> dict[str, Any]:
    epochs = whole[0]["epochs"]
    return {
        "what": "fine-tuning on the digits, killed once by SIGKILL and started again; tensors of model.keras compared",
        "settings": SETTINGS,
        "undisturbed": whole,
        "undisturbed_same_bits": whole[0]["bits"] == whole[1]["bits"],
        # A moment may lie behind the end of a run that was quicker than the undisturbed ones.
        "moments": len(kills),
        "kills": sum(kill["was_killed"] for kill in kills),
        "same_bits": sum(kill["was_killed"] and kill["same_bits"] for kill in kills),
        # Beside the epoch that was running when the kill came.
        "most_whole_epochs_repeated": max(kill["epochs_before"] + kill["epochs_after"] - epochs for kill in kills),
        "machine": machine(),
        "versions": installed_versions(("keras", "tensorflow-cpu", "openvino", "numpy")),
        "rows": kills,
    }


if __name__ == "__main__":
    main()
