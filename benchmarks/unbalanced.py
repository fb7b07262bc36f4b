"""Writes benchmarks/results/unbalanced.json: a rare class of CIFAR-10 with plain, balanced and focal fine-tuning.

.venv/bin/python benchmarks/unbalanced.py [--folder DIR] [--seeds 2]

Training pictures of three classes of CIFAR-10, one of them rare, go into class folders, and 500 test pictures of each
beside them. Every variant is the same study by `lowres study` but for what the variant sets; a folder that holds
finished studies is gone on with.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from PIL import Image

from lowres.files.atomic import atomic_write_json
from lowres.files.sources.open_source import open_source
from lowres.files.study.study_folder import read_ledger
from processor import machine

RESULTS = Path(__file__).parent / "results" / "unbalanced.json"
RARE = "cat"
TRAIN_IMAGES = {"cat": 60, "deer": 1000, "dog": 1000}
TEST_IMAGES = 500
RECIPE = {
    "network.backbone": "efficientnet-lite0",
    "network.input_pixels": "96",
    "fine_tuning.from_layer": "blocks_5",
    "fine_tuning.epochs": "4",
    "explanation.faithfulness_images": "0",
}
VARIANTS = {
    "frozen head only": {"fine_tuning.epochs": "0"},
    "plain": {},
    "balanced": {"fine_tuning.class_weights": "balanced"},
    "focal": {"fine_tuning.loss": "focal"},
    "balanced, last epoch": {"fine_tuning.class_weights": "balanced", "fine_tuning.keep": "last"},
    "focal, last epoch": {"fine_tuning.loss": "focal", "fine_tuning.keep": "last"},
}


def main() -> None:
    """Write the pictures, run every variant with every seed, gather what evaluation.json says."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--folder", type=Path, help="where pictures and studies lie; a temporary one where left out")
    asked.add_argument("--seeds", type=int, default=2)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if not (folder / "pictures").is_dir():
            write_pictures(folder / "pictures")
        variants = {
            name: _together([_run(folder, name, settings, seed) for seed in range(options.seeds)])
            for name, settings in VARIANTS.items()
        }
    facts = {"data": "cifar10", "rare": RARE, "train_images": TRAIN_IMAGES, "test_images_a_class": TEST_IMAGES}
    atomic_write_json(RESULTS, {**facts, "recipe": RECIPE, "machine": machine(), "variants": variants})


def write_pictures(folder: Path) -> None:
    """Write `train/CLASS/n.png` and `test/CLASS/n.png`, drawn by a fixed seed."""
    images = open_source("cifar10").images
    held_out = np.asarray(images.held_out)
    random = np.random.default_rng(0)
    for name, wanted in TRAIN_IMAGES.items():
        of_class = images.labels == images.class_names.index(name)
        for part, number, rows in (
            ("train", wanted, np.flatnonzero(of_class & ~held_out)),
            ("test", TEST_IMAGES, np.flatnonzero(of_class & held_out)),
        ):
            (folder / part / name).mkdir(parents=True)
            for row in sorted(random.choice(rows, number, replace=False)):
                Image.fromarray(images.pixels[row]).save(folder / part / name / f"{row}.png")


def _run(folder: Path, variant: str, settings: dict[str, str], seed: int) -> dict[str, Any]:
    study = folder / f"{variant.replace(',', '').replace(' ', '-')}-{seed}"
    words = [f"{key}={value}" for key, value in (RECIPE | settings | {"seed": str(seed)}).items()]
    command = [sys.executable, "-m", "lowres", "evaluate", str(folder / "pictures"), "--recipe", "transfer"]
    subprocess.run([*command, "--study", str(study), *(w for word in words for w in ("--set", word))], check=True)
    evaluation = json.loads((study / "evaluation.json").read_bytes())
    stages = read_ledger(study).stages
    tuned = stages["train"].facts.get("fine_tuning") or {}
    rare = next(row for row in evaluation["per_class"] if row["name"] == RARE)
    return {
        "seed": seed,
        "n": evaluation["n"],
        "accuracy": evaluation["accuracy"],
        "accuracy_interval": evaluation["accuracy_interval"],
        "balanced_accuracy": evaluation["balanced_accuracy"],
        **{f"rare_{key}": rare[key] for key in ("precision", "recall", "recall_interval", "f1")},
        "kept_epoch": tuned.get("kept_epoch", 0),
        "validation_accuracy": tuned.get("validation_accuracy"),
        "seconds": round(sum(stage.seconds for stage in stages.values()), 1),
    }


def _together(runs: list[dict[str, Any]]) -> dict[str, Any]:
    keys = ("accuracy", "balanced_accuracy", "rare_precision", "rare_recall")
    return {**{f"mean_{key}": round(mean(run[key] for run in runs), 4) for key in keys}, "runs": runs}


if __name__ == "__main__":
    main()
