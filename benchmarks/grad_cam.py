"""Writes benchmarks/results/grad_cam.json: what heat maps of CIFAR-10's test images cost beside their forward pass.

    .venv/bin/python benchmarks/grad_cam.py [--images 10000] [--rounds 5]

Trunks of the recipes `quick` and `transfer` on their published weights, a linear head drawn at random, which costs what
a trained one does. Rounds of forward passes (pixels to logits) and of Grad-CAM (pixels to raw maps, each image once)
take turns on the same engine settings, each over its share of the images, so that both see the same machine; the ratio
is of their sums. The gradient is held against weight / places, which calculus gives for average and Dense.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.files.atomic import atomic_write_json
from lowres.files.machine import installed_versions
from lowres.files.recipes import read_recipe
from lowres.files.sources.open_source import open_source
from lowres.files.weights.published import load_weights
from lowres.networks.backbones.trunk import build_trunk
from lowres.networks.explaining import Explainer
from lowres.networks.heads.fitting import build_head
from lowres.networks.heads.linear import Matrix, Standardiser
from lowres.networks.trained_classifier import BATCH_IMAGES, TrainedClassifier
from lowres.values.split import make_split
from processor import machine

RESULTS = Path(__file__).parent / "results" / "grad_cam.json"
RECIPES = ("transfer", "quick")
OTHERS = ("grad-cam++", "hirescam", "layercam", "eigencam", "ablation-cam", "occlusion")
FEW, FEWEST = 512, 16


def main() -> None:
    """Measure each recipe's network and write the file after each."""
    wanted = _arguments()
    images = open_source("cifar10", report=_say).images
    test = make_split(images, pool_images=10_000).test[: wanted.images]
    rows: list[dict[str, Any]] = []
    for name in RECIPES:
        if wanted.only in ("", name):
            rows.append(_row(name, np.asarray(images.pixels[test]), wanted.rounds))
            _say(json.dumps(rows[-1]))
            atomic_write_json(RESULTS, _results(rows, wanted))


def _row(name: str, pixels: NDArray[np.uint8], rounds: int) -> dict[str, Any]:
    recipe = read_recipe(name)
    classifier = _classifier(recipe)
    engine, precision = recipe.features.engine, recipe.features.precision
    explainer = Explainer(classifier, engine=engine, precision=precision)

    def forward(batch: NDArray[np.uint8]) -> Any:
        return classifier.logits(batch, engine=engine, precision=precision)

    def maps(batch: NDArray[np.uint8], method: str = "grad-cam") -> Any:
        return explainer.maps(batch, _targets(batch), method=method, batch_images=BATCH_IMAGES)

    forward(pixels[:BATCH_IMAGES])
    maps(pixels[:BATCH_IMAGES])
    shares = np.array_split(pixels, rounds)
    pairs = [(_seconds(forward, share), _seconds(maps, share)) for share in shares]
    passed, explained = (sum(column) for column in zip(*pairs, strict=True))
    return {
        "recipe": name,
        "backbone": recipe.network.backbone,
        "input_pixels": recipe.network.input_pixels,
        "engine": explainer.engine.name,
        "precision": explainer.engine.precision,
        "feature_map": list(classifier.trunk.output_shape[1:]),
        "n": len(pixels),
        "forward_seconds": round(passed, 2),
        "grad_cam_seconds": round(explained, 2),
        "ratio": round(explained / passed, 4),
        "ratios_by_round": [round(one / other, 4) for other, one in pairs],
        "gradient_largest_relative_error": _gradient_error(classifier, explainer, pixels[:FEWEST]),
        "milliseconds_an_image": {
            method: round(1e3 * _seconds(lambda batch, m=method: maps(batch, m), some) / len(some), 2)
            for method in OTHERS
            for some in [pixels[: FEWEST if method in ("ablation-cam", "occlusion") else FEW]]
        },
    }


def _classifier(recipe: Any) -> TrainedClassifier:
    network = recipe.network
    tensors = load_weights(network.backbone, report=_say).tensors
    trunk = build_trunk(
        network.backbone, (32, 32, 3), network.input_pixels, network.interpolation, tensors, levels=network.levels
    )
    weights = np.random.default_rng(0).normal(size=(trunk.output_shape[-1], 10)).astype(np.float32)
    head = build_head(
        Matrix(weights, np.zeros(10, np.float32)), Standardiser.none(len(weights)), trunk.output_shape[1:]
    )
    return TrainedClassifier.from_parts(trunk, head, [f"class {number}" for number in range(10)])


def _gradient_error(classifier: TrainedClassifier, explainer: Explainer, pixels: NDArray[np.uint8]) -> float:
    """How far the gradient taken is from the Dense's weights over the places, as a fraction of the largest."""
    found = explainer.attribution(pixels, _targets(pixels)).gradients
    weights = classifier.head.get_layer("logits").get_weights()[0]
    expected = weights[:, _targets(pixels)].T[:, None, None] / np.prod(found.shape[1:3])
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def _targets(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.arange(len(pixels)) % 10


def _seconds(run: Callable[[NDArray[np.uint8]], Any], pixels: NDArray[np.uint8]) -> float:
    started = time.perf_counter()
    run(pixels)
    return time.perf_counter() - started


def _results(rows: list[dict[str, Any]], wanted: argparse.Namespace) -> dict[str, Any]:
    return {
        "what": "Grad-CAM of CIFAR-10's test images beside their forward pass, same engine settings",
        "rounds": wanted.rounds,
        "machine": machine(),
        "load_before": _LOAD_BEFORE,
        "versions": installed_versions(("keras", "tensorflow-cpu", "openvino", "numpy")),
        "rows": rows,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="one recipe")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


# Above 0.5 something else was running too; the ratio holds, the seconds are too many.
_LOAD_BEFORE = round(os.getloadavg()[0], 2)

if __name__ == "__main__":
    main()
