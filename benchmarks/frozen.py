"""Writes benchmarks/results/frozen.json: a frozen trunk's test accuracy and images a second, by trunk, size and engine.

    .venv/bin/python benchmarks/frozen.py [--train 2000] [--test 2000] [--only efficientnet-lite0]

Every row fits the same linear head on the same CIFAR-10 images; the strength is one for all, the middle one of `quick`,
so nothing is chosen and the test part judges once a row. Rows of one trunk and size differ in the engine alone, and
plain Keras is one of the engines.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
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
from lowres.values.judging.intervals import wilson_interval
from lowres.values.split import make_split
from processor import has_bfloat16, machine

RESULTS = Path(__file__).parent / "results" / "frozen.json"
TRUNKS = (
    ("efficientnet-lite0", 96, "last"),
    ("efficientnet-lite0", 160, "last"),
    ("efficientnet-lite0", 224, "last"),
    ("efficientnet-lite0", 224, "several"),
    ("efficientnet-lite1", 240, "several"),
    ("resnet50", 160, "last"),
)
ENGINES = (("openvino", "float32"), ("openvino", "bfloat16"), ("keras", "float32"))
STRENGTH = 0.03


def main() -> None:
    """Measure every row and write the file after each, so that a stopped run keeps what it has."""
    wanted = _arguments()
    images = open_source("cifar10", report=_say).images
    split = make_split(images, pool_images=10_000)
    generator = np.random.default_rng(0)
    train = np.sort(generator.choice(split.train, wanted.train, replace=False))
    test = np.sort(generator.choice(split.test, wanted.test, replace=False))
    rows: list[dict[str, Any]] = []
    for backbone, pixels, levels in TRUNKS:
        if wanted.only in ("", backbone):
            for engine, precision in ENGINES:
                if precision == "bfloat16" and not has_bfloat16():
                    _say("no bfloat16 on this processor: its rows are left out")
                    continue
                rows.append(_row(images, train, test, backbone, pixels, levels, engine, precision))
                _say(json.dumps(rows[-1]))
                atomic_write_json(RESULTS, _results(rows, wanted))


def _row(images: Any, train: Any, test: Any, *choice: Any) -> dict[str, Any]:
    backbone, pixels, levels, engine, precision = choice
    tensors = load_weights(backbone, report=_say).tensors
    trunk = build_trunk(backbone, (32, 32, 3), pixels, "bicubic", tensors, levels=levels)
    extractor = FeatureExtractor(trunk, engine, precision)
    extractor.extract(images.pixels, train[:64])
    train_features = extractor.extract(images.pixels, train)
    speed = extractor.images_per_second
    standardiser = Standardiser.of(train_features)
    rows, labels = standardiser.apply(train_features), images.labels[train]
    ((_, head),) = fit_logistic_regressions(rows, labels, len(images.class_names), [STRENGTH])
    logits = head.logits(standardiser.apply(extractor.extract(images.pixels, test)))
    right = int((logits.argmax(axis=1) == images.labels[test]).sum())
    low, high = wilson_interval(right, len(test))
    return {
        "backbone": backbone,
        "input_pixels": pixels,
        "levels": levels,
        "engine": engine,
        "precision": precision,
        "images_per_second": round(float(speed or 0.0), 1),
        "accuracy": round(right / len(test), 4),
        "accuracy_interval": [round(low, 4), round(high, 4)],
    }


def _results(rows: list[dict[str, Any]], wanted: argparse.Namespace) -> dict[str, Any]:
    return {
        "what": "frozen trunk and linear head on CIFAR-10",
        "train_images": wanted.train,
        "test_images": wanted.test,
        "runs": 1,
        "machine": machine(),
        "load_before": _LOAD_BEFORE,
        "versions": installed_versions(("keras", "tensorflow-cpu", "openvino", "numpy")),
        "rows": rows,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=int, default=2000, help="train images, out of the 8,000")
    parser.add_argument("--test", type=int, default=2000, help="test images, out of the 10,000")
    parser.add_argument("--only", default="", help="one backbone")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


# Above 0.5 something else was running too, and images a second are too few.
_LOAD_BEFORE = round(os.getloadavg()[0], 2)

if __name__ == "__main__":
    main()
