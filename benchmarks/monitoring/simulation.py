"""Writes benchmarks/results/monitoring_simulation.json: a watch over simulated production, and its false alarms.

    .venv/bin/python benchmarks/monitoring/simulation.py STUDY [--windows 10] [--calm-runs 40]

STUDY: a finished study of CIFAR-10. Its 10,000 test images are the production: they are answered and recorded as
`lowres predict --record` does it (the server's own record, without HTTP), ten windows of 500 as they are, then ten
windows with one change each. `lowres monitor` then judges the store. Told of each change: after how many pictures the
first alarm came, the reason it named, and estimated against true accuracy. Calm runs: test images drawn anew for each
run, in another order, as many windows, and whether any of them alarmed. The reference, the estimator and every
threshold are of validation images; no test image has been looked at for any of them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage
from sklearn.datasets import load_digits

from lowres.files.atomic import atomic_write_json
from lowres.files.machine import installed_versions
from lowres.files.monitoring.store import open_store
from lowres.files.study.study_folder import open_study
from lowres.pipeline.choice import choose_study
from lowres.pipeline.predict_pictures import open_finished_study, open_study_engine
from lowres.pipeline.progress import SilentProgress
from lowres.pipeline.serving.record_predictions import recorded_model
from lowres.pipeline.study_run import StudyRun
from lowres.pipeline.watching.watch import watch_study
from lowres.values.monitoring.human_label import HumanLabel
from lowres.values.monitoring.picture_policy import PicturePolicy
from lowres.values.monitoring.recording import AnsweredPictures, records_of
from lowres.values.watching.rules import WatchRules

sys.path.append(str(Path(__file__).resolve().parents[1]))
from processor import machine  # noqa: E402  # it lies one folder up

RESULTS = Path(__file__).parent.parent / "results" / "monitoring_simulation.json"
WINDOW, BEGAN = 500, datetime(2026, 11, 1, tzinfo=UTC)
# Of the records a person labels, at random.
AUDITED = 0.1
NOBODY = -1


class Production:
    """Test images in an order of its own, answered by the study's network."""

    def __init__(self, folder: Path) -> None:
        """Read the images and load the network."""
        self.folder, self.study = folder, open_finished_study(folder)
        choice = choose_study(str(folder))
        with open_study(folder) as opened:
            run = StudyRun(opened, choice.recipe, choice.source, SilentProgress())
            rows = run.split.test
            self.pixels, self.labels = np.asarray(run.images.pixels[rows]), np.asarray(run.images.labels[rows])
        self.names, self.model = self.study.class_names, recorded_model(self.study)
        self._engine: Any = open_study_engine(self.study, with_embedding=True)[1]

    def answer(self, pixels: np.ndarray) -> np.ndarray:
        """Logits and embeddings, `[n, classes + channels]`."""
        batches = (pixels[start : start + 32] for start in range(0, len(pixels), 32))
        return np.concatenate(list(self._engine.run(batches)))

    def records(self, pixels: np.ndarray, outputs: np.ndarray, start: int) -> list[Any]:
        """What is written of them, a second apart, from the record of that number on."""
        sizes = np.tile([pixels.shape[2], pixels.shape[1]], (1, 1))
        return [
            records_of(
                [
                    AnsweredPictures(
                        self.model,
                        self.study.rules,
                        BEGAN + timedelta(seconds=start + number),
                        pixels[number : number + 1],
                        sizes,
                        outputs[number : number + 1],
                    )
                ],
                PicturePolicy(),
            )[0]
            for number in range(len(pixels))
        ]


def main() -> None:
    """Simulate each change, then calm runs, and write what came of them."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("study", type=Path)
    asked.add_argument("--windows", type=int, default=10)
    asked.add_argument("--calm-runs", type=int, default=40)
    options = asked.parse_args()
    production = Production(options.study)
    random = np.random.default_rng(0)
    outputs = production.answer(production.pixels)
    rows = simulated(production, outputs, CHANGES, options.windows, random)
    calm = [_calm(production, outputs, 2 * options.windows, random) for _ in range(options.calm_runs)]
    found = {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_average": [round(one, 2) for one in os.getloadavg()],
        "recipe": production.study.recipe.name,
        "window": WINDOW,
        "windows_before_and_after": options.windows,
        "audited_share": AUDITED,
        "changes": rows,
        "calm_runs": len(calm),
        "windows_a_calm_run": 2 * options.windows,
        "calm_runs_with_an_alarm": sum(bool(one["reasons"]) for one in calm),
        "calm_reasons": [one["reasons"] for one in calm if one["reasons"]],
        "calm_estimate_error_mean": float(np.mean([one["error"] for one in calm])),
        "machine": machine(),
        "versions": installed_versions(("lowres", "numpy", "scipy", "scikit-learn")),
    }
    atomic_write_json(RESULTS, found)


Changed = tuple[np.ndarray, np.ndarray, np.ndarray]
Change = Callable[[np.ndarray, np.ndarray, int, np.random.Generator], Changed]


def pixels_only(spoil: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Change:
    """Return the change that spoils every picture and leaves classes as often as they were."""

    def change(pixels: np.ndarray, labels: np.ndarray, n: int, random: np.random.Generator) -> Changed:
        rows = random.choice(len(pixels), n, replace=False)
        return spoil(pixels[rows], random), labels[rows], labels[rows]

    return change


def _darker(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return (pixels * 0.5).astype(np.uint8)


def _blurred(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.rint(ndimage.gaussian_filter(pixels.astype(np.float32), (0, 1, 1, 0))).astype(np.uint8)


def _noisy(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.clip(pixels + random.normal(0, 20, pixels.shape), 0, 255).astype(np.uint8)


def _turned(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.ascontiguousarray(np.rot90(pixels, axes=(1, 2)))


def _stuck(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.repeat(pixels[:1], len(pixels), axis=0)


def with_digits(share: float) -> Change:
    """Return the change by which that share are handwritten digits, of no class of the model."""

    def change(pixels: np.ndarray, labels: np.ndarray, n: int, random: np.random.Generator) -> Changed:
        rows = random.choice(len(pixels), n, replace=False)
        chosen, truth = pixels[rows].copy(), labels[rows].copy()
        images = load_digits().images
        strange = random.random(n) < share
        which = random.integers(len(images), size=int(strange.sum()))
        grey = np.rint(images[which] * 255 / 16).astype(np.uint8)
        chosen[strange] = np.repeat(np.repeat(grey, 4, axis=1), 4, axis=2)[..., None]
        truth[strange] = NOBODY
        return chosen, truth, truth

    return change


def _other_mix(pixels: np.ndarray, labels: np.ndarray, n: int, random: np.random.Generator) -> Changed:
    """Three classes make six in ten pictures, in place of three."""
    weights = np.where(np.isin(labels, (3, 5, 9)), 3.5, 1.0)
    rows = random.choice(len(pixels), min(n, len(pixels)), replace=False, p=weights / weights.sum())
    return pixels[rows], labels[rows], labels[rows]


def _other_meaning(pixels: np.ndarray, labels: np.ndarray, n: int, random: np.random.Generator) -> Changed:
    """People begin to call trucks automobiles and dogs cats; the pictures are as before."""
    rows = random.choice(len(pixels), n, replace=False)
    meant = labels[rows].copy()
    meant[meant == 9] = 1
    meant[meant == 5] = 3
    return pixels[rows], meant, meant


CHANGES: dict[str, Change] = {
    "brightness halved": pixels_only(_darker),
    "blur, sigma 1 pixel": pixels_only(_blurred),
    "noise, sigma 20 of 255": pixels_only(_noisy),
    "a camera turned by 90 degrees": pixels_only(_turned),
    "a stuck camera": pixels_only(_stuck),
    "three in ten are digits": with_digits(0.3),
    "another mix of classes": _other_mix,
    "classes change their meaning": _other_meaning,
}


def simulated(
    production: Production,
    outputs: np.ndarray,
    changes: dict[str, Change],
    windows: int,
    random: np.random.Generator,
) -> dict[str, Any]:
    """Let so many windows go by as they are, then as many changed, change by change; what the watch said of each."""
    rows = {}
    for name, change in changes.items():
        rows[name] = _simulated(production, outputs, change, windows, random)
        print(name, rows[name], flush=True)
    return rows


def _simulated(
    production: Production, outputs: np.ndarray, change: Change, windows: int, random: np.random.Generator
) -> dict[str, Any]:
    n = windows * WINDOW
    before = random.choice(len(production.pixels), n, replace=False)
    pixels, truth, meant = change(production.pixels, production.labels, n, random)
    after = production.answer(pixels)
    labels = np.concatenate([production.labels[before], meant])
    answers = np.concatenate([outputs[before], after])
    verdicts = _watched(production, np.concatenate([production.pixels[before], pixels]), answers, labels, random)
    calm, changed = verdicts[:windows], verdicts[windows:]
    first = next((number for number, one in enumerate(changed) if one["causes"]), None)
    right = answers[:, : len(production.names)].argmax(axis=1) == labels
    true = [float(right[start : start + WINDOW].mean()) for start in range(0, len(right), WINDOW)]
    estimates = [one["estimated_accuracy"]["accuracy"] for one in verdicts]
    errors = np.abs(np.array(estimates) - true)
    return {
        "false_alarms_before": sum(bool(one["causes"]) for one in calm),
        "detected_after_pictures": None if first is None else (first + 1) * WINDOW,
        "reason": None if first is None else changed[first]["causes"][0]["reason"],
        "kinds": [] if first is None else [one["kind"] for one in changed[first]["causes"]],
        "windows_alarmed": sum(bool(one["causes"]) for one in changed),
        "true_accuracy": round(float(np.mean(true[windows:])), 4),
        "estimated_accuracy": round(float(np.mean(estimates[windows:])), 4),
        "estimate_interval_of_the_first": [float(one) for one in changed[0]["estimated_accuracy"]["interval"]],
        "estimate_says_it_knows": sum(one["estimated_accuracy"]["is_known"] for one in changed),
        "mean_error_calm": round(float(errors[:windows].mean()), 4),
        "mean_error_changed": round(float(errors[windows:].mean()), 4),
    }


def _calm(production: Production, outputs: np.ndarray, windows: int, random: np.random.Generator) -> dict[str, Any]:
    rows = random.choice(len(production.pixels), windows * WINDOW, replace=windows * WINDOW > len(production.pixels))
    labels = production.labels[rows]
    verdicts = _watched(production, production.pixels[rows], outputs[rows], labels, random)
    right = outputs[rows][:, : len(production.names)].argmax(axis=1) == labels
    true = right.reshape(windows, WINDOW).mean(axis=1)
    estimates = np.array([one["estimated_accuracy"]["accuracy"] for one in verdicts])
    reasons = [cause["reason"] for one in verdicts for cause in one["causes"]]
    return {"reasons": reasons, "error": float(np.abs(estimates - true).mean())}


def _watched(
    production: Production, pixels: np.ndarray, outputs: np.ndarray, labels: np.ndarray, random: np.random.Generator
) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="lowres-watch-") as folder:
        store = str(Path(folder) / "records.sqlite")
        with open_store(store) as opened:
            records = production.records(pixels, outputs, 0)
            for start in range(0, len(records), 128):
                opened.add(records[start : start + 128])
            opened.label(list(_audits(production, records, labels, random)))
        found = watch_study(
            production.folder,
            store,
            WatchRules(window_records=WINDOW),
            most_windows=len(pixels) // WINDOW,
            again=True,
            progress=SilentProgress(),
        )
        return [verdict.to_json() for verdict in found.verdicts]


def _audits(
    production: Production, records: list[Any], labels: np.ndarray, random: np.random.Generator
) -> Iterator[HumanLabel]:
    for number in np.flatnonzero(random.random(len(records)) < AUDITED):
        name = "none of them" if labels[number] == NOBODY else production.names[labels[number]]
        yield HumanLabel(records[number].id, "auditor", name, records[number].at)


if __name__ == "__main__":
    main()
