"""Writes benchmarks/results/monitoring_held_out.json: the watch under changes that nothing in it was made for.

    .venv/bin/python benchmarks/monitoring/held_out.py STUDY [--windows 10]

Some rules of the watch (which pictures are strangers, which cause is named first) were settled while looking at the
changes of `simulation.py`, which are made of the same test images. These others were written down before they were ever
run, and are run as they stand: what the watch misses here stays missed. Told beside them: how far the estimator of
accuracy is off on each way of spoiling validation images that was left out of it, and confidence alone on the same.
"""

from __future__ import annotations

import argparse
import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from simulation import WINDOW, Change, Changed, Production, pixels_only, simulated, with_digits

from lowres.files.atomic import atomic_write_json
from lowres.files.machine import installed_versions
from lowres.pipeline.progress import SilentProgress
from lowres.pipeline.watching.watch_reference import study_reference
from lowres.values.watching.accuracy_estimate import fit_estimator

sys.path.append(str(Path(__file__).resolve().parents[1]))
from processor import machine  # noqa: E402  # it lies one folder up

RESULTS = Path(__file__).parent.parent / "results" / "monitoring_held_out.json"


def main() -> None:
    """Simulate each change once, and write what came of it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("study", type=Path)
    asked.add_argument("--windows", type=int, default=10)
    options = asked.parse_args()
    production = Production(options.study)
    random = np.random.default_rng(1)
    rows = simulated(production, production.answer(production.pixels), CHANGES, options.windows, random)
    found = {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "recipe": production.study.recipe.name,
        "window": WINDOW,
        "windows_before_and_after": options.windows,
        "changes": rows,
        "estimator": _estimator(options.study),
        "machine": machine(),
        "versions": installed_versions(("lowres", "numpy", "scipy", "scikit-learn", "pillow")),
    }
    atomic_write_json(RESULTS, found)


def _estimator(study: Path) -> dict[str, Any]:
    """Estimated less true accuracy of spoiled validation images by way, of the estimator and of confidence."""
    reference = study_reference(study, SilentProgress())
    left_out = fit_estimator(reference).left_out
    right = reference.spoiled_probabilities.argmax(axis=1) == reference.spoiled_labels
    ways = {}
    for kind, error in left_out.items():
        own = reference.spoiled_kinds == kind
        confidence = reference.spoiled_probabilities[own].max(axis=1).mean() - right[own].mean()
        ways[kind] = {"n": int(own.sum()), "estimator": round(error, 4), "confidence": round(float(confidence), 4)}
    return {
        "mean_error": round(float(np.mean([abs(one["estimator"]) for one in ways.values()])), 4),
        "mean_error_of_confidence": round(float(np.mean([abs(one["confidence"]) for one in ways.values()])), 4),
        "ways": ways,
    }


def _flatter(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    means = pixels.mean(axis=(1, 2), keepdims=True)
    return np.rint(means + 0.6 * (pixels - means)).astype(np.uint8)


def _overexposed(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.clip(pixels * 1.5, 0, 255).astype(np.uint8)


def _upside_down(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.ascontiguousarray(pixels[:, ::-1])


def _grey(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.repeat(np.rint(pixels @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)[..., None], 3, axis=-1)


def _coarse(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.repeat(np.repeat(pixels[:, ::2, ::2], 2, axis=1), 2, axis=2)


def _moved(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Five pixels of one row become one, as in a picture taken from a moving car."""
    return np.rint(np.mean([np.roll(pixels, by, axis=2) for by in range(-2, 3)], axis=0)).astype(np.uint8)


def _badly_packed(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    packed = []
    for one in pixels:
        file = io.BytesIO()
        Image.fromarray(one).save(file, "JPEG", quality=10)
        packed.append(np.asarray(Image.open(file)))
    return np.stack(packed)


def _bluish(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.rint(pixels * np.array([0.7, 0.9, 1.0])).astype(np.uint8)


def _swapped(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.ascontiguousarray(pixels[..., ::-1])


def _corner_covered(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    covered = pixels.copy()
    covered[:, :12, :12] = 0
    return covered


def _nearer(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The middle of each, half as wide, at the whole picture's size."""
    sides = pixels.shape[1:3]
    middle = (sides[1] // 4, sides[0] // 4, sides[1] - sides[1] // 4, sides[0] - sides[0] // 4)
    resized = (Image.fromarray(one).resize(sides[::-1], Image.Resampling.BICUBIC, box=middle) for one in pixels)
    return np.stack([np.asarray(one) for one in resized])


def _two_classes_stay_away(pixels: np.ndarray, labels: np.ndarray, n: int, random: np.random.Generator) -> Changed:
    rows = random.choice(np.flatnonzero(labels > 1), n, replace=False)
    return pixels[rows], labels[rows], labels[rows]


CHANGES: dict[str, Change] = {
    "contrast, 0.6 of it left": pixels_only(_flatter),
    "overexposed by half": pixels_only(_overexposed),
    "upside down": pixels_only(_upside_down),
    "a grey camera": pixels_only(_grey),
    "half as many pixels a side": pixels_only(_coarse),
    "a moving camera, 5 pixels": pixels_only(_moved),
    "JPEG of quality 10": pixels_only(_badly_packed),
    "a bluish light": pixels_only(_bluish),
    "red and blue swapped": pixels_only(_swapped),
    "a covered corner, 12 pixels a side": pixels_only(_corner_covered),
    "twice as near": pixels_only(_nearer),
    "one in ten is a digit": with_digits(0.1),
    "two classes stay away": _two_classes_stay_away,
}


if __name__ == "__main__":
    main()
