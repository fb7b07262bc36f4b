"""Writes benchmarks/results/review_round.json: accuracy of the next version against labels spent, active or by lot.

    .venv/bin/python benchmarks/monitoring/review_round.py [--seeds 3]

A study begins with 1,000 labelled CIFAR-10 images (frozen EfficientNet-Lite0 at 96 pixels, a linear head, one strength
for all). 10,000 other training images are what it is served. Of these so many are labelled with their true labels:
chosen as the review's queue chooses informative ones (`values.reviewing.queue.informative_rows`), or drawn by lot; then
the head is fitted anew on all, and judged once on all 10,000 test images. Everything but the choice is the same.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from lowres.files.atomic import atomic_write_json
from lowres.files.machine import installed_versions
from lowres.files.sources.open_source import open_source
from lowres.files.weights.published import load_weights
from lowres.networks.backbones.trunk import build_trunk
from lowres.networks.features import FeatureExtractor
from lowres.networks.heads.linear import Standardiser, fit_logistic_regressions
from lowres.values.monitoring.image_statistics import STATISTICS
from lowres.values.monitoring.record_window import NO_LABEL, RecordWindow
from lowres.values.predictions import softmax
from lowres.values.reviewing.queue import informative_rows

sys.path.append(str(Path(__file__).resolve().parents[1]))
from processor import machine  # noqa: E402  # it lies one folder up

RESULTS = Path(__file__).parent.parent / "results" / "review_round.json"
PIXELS, STRENGTH = 96, 0.03
BEGUN_WITH, SERVED = 1000, 10_000
SPENT = (0, 250, 500, 1000, 2000)


def main() -> None:
    """Go through the rounds of every seed, each choice beside the other."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seeds", type=int, default=3)
    options = asked.parse_args()
    images = open_source("cifar10", report=_say).images
    assert images.held_out is not None
    test, training = np.flatnonzero(images.held_out), np.flatnonzero(~images.held_out)
    drawn = [np.random.default_rng(seed).permutation(training)[: BEGUN_WITH + SERVED] for seed in range(options.seeds)]
    needed = np.unique(np.concatenate([*drawn, test]))
    features = np.zeros((len(images.labels), 0), np.float32)
    found = _features(images, needed)
    features = np.zeros((len(images.labels), found.shape[1]), np.float32)
    features[needed] = found
    runs = [_run(seed, rows, features, images, test) for seed, rows in enumerate(drawn)]
    atomic_write_json(RESULTS, _together(runs) | {"machine": machine(), "versions": installed_versions(("lowres",))})


def _run(seed: int, rows: np.ndarray, features: np.ndarray, images: Any, test: np.ndarray) -> dict[str, Any]:
    begun, served = rows[:BEGUN_WITH], rows[BEGUN_WITH:]
    first = _fitted(features[begun], images.labels[begun])
    window = _window(features[served], first(features[served]), images.class_names)
    telling = informative_rows(window, max(SPENT), seed)
    by_lot = np.random.default_rng((seed, 1)).permutation(len(served))[: max(SPENT)]
    curves: dict[str, list[float]] = {}
    for name, order in (("active", np.array(telling)), ("by lot", by_lot)):
        accuracies = []
        for spent in SPENT:
            known = np.concatenate([begun, served[order[:spent]]])
            head = _fitted(features[known], images.labels[known])
            accuracies.append(float((head(features[test]).argmax(axis=1) == images.labels[test]).mean()))
            _say(f"seed {seed}, {name}, {spent} labels: {accuracies[-1]:.2%}")
        curves[name] = accuracies
    wrong = first(features[served]).argmax(axis=1) != images.labels[served]
    return {
        "seed": seed,
        "accuracy": curves,
        "wrong_among_first_500": {
            "active": float(wrong[telling[:500]].mean()),
            "by lot": float(wrong[by_lot[:500]].mean()),
        },
    }


def _together(runs: list[dict[str, Any]]) -> dict[str, Any]:
    means = {name: np.mean([run["accuracy"][name] for run in runs], axis=0).tolist() for name in ("active", "by lot")}
    return {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_average": [round(one, 2) for one in os.getloadavg()],
        "data": "cifar10",
        "n": 10_000,
        "begun_with": BEGUN_WITH,
        "served": SERVED,
        "labels_spent": list(SPENT),
        "mean_accuracy": means,
        "mean_gain_of_active": [one - other for one, other in zip(means["active"], means["by lot"], strict=True)],
        "number_of_runs": len(runs),
        "runs": runs,
    }


def _features(images: Any, rows: np.ndarray) -> np.ndarray:
    weights = load_weights("efficientnet-lite0", report=_say)
    trunk = build_trunk("efficientnet-lite0", images.pixels.shape[1:], PIXELS, "bicubic", weights.tensors)
    extractor = FeatureExtractor(trunk)
    parts = []
    for start in range(0, len(rows), 2048):
        parts.append(extractor.extract(np.asarray(images.pixels[rows[start : start + 2048]])))
        _say(f"features of images: {min(start + 2048, len(rows)):,} of {len(rows):,}")
    return np.concatenate(parts)


def _fitted(features: np.ndarray, labels: np.ndarray) -> Any:
    standardiser = Standardiser.of(features)
    ((_, matrix),) = fit_logistic_regressions(standardiser.apply(features), labels, 10, (STRENGTH,))
    return lambda asked: matrix.logits(standardiser.apply(asked))


def _window(features: np.ndarray, logits: np.ndarray, names: tuple[str, ...]) -> RecordWindow:
    n = len(features)
    text = np.array([f"{number:032x}" for number in range(n)])
    return RecordWindow(
        model="cifar10",
        class_names=names,
        numbers=np.arange(n),
        ids=text,
        times=np.full(n, np.datetime64("2026-11-26", "us")),
        versions=np.ones(n, np.int64),
        sha256=text,
        caller_ids=text,
        probabilities=softmax(logits, 1.0).astype(np.float32),
        embeddings=features.astype(np.float16),
        statistics={name: np.zeros(n, np.float32) for name in STATISTICS},
        seconds=np.zeros(n, np.float32),
        needs_review=np.zeros(n, np.int8),
        has_picture=np.ones(n, bool),
        labels=np.full(n, NO_LABEL),
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
