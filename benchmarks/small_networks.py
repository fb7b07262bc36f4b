"""Writes benchmarks/results/small_networks.json: every network for small images through one harness, on each backend.

    .venv/bin/python benchmarks/small_networks.py tensorflow=.venv/bin/python jax=ENVIRONMENT/bin/python
    .venv/bin/python benchmarks/small_networks.py tensorflow=.venv/bin/python --only resnet20 wrn-16-4

Real pictures go in as uint8 and logits come out; saved and loaded again they are the same; Grad-CAM finds a map; the
sides 8, 32 and 96 are taken; ten updates on 32 pictures lower the loss. Weights are drawn by one seed, so the logits of
each backend are compared with those of the one named first. Each network has a process of its own, and its row takes
the place of the one it repeats. `.ci/run` does this for one network of each family on TensorFlow alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESULTS = Path(__file__).parent / "results" / "small_networks.json"
SIDES, IMAGES, UPDATES, CLASSES, SEED = (8, 32, 96), 32, 10, 10, 0


def main() -> None:
    """Ask each backend about each network, compare, and write the file after each, so that a stopped run keeps rows."""
    from lowres.values.training.drawn_networks import SEEDED

    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("backends", nargs="+", metavar="NAME=PYTHON")
    asked.add_argument("--only", nargs="+", choices=SEEDED, default=SEEDED, metavar="NETWORK")
    asked.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.inside:
        _inside(options.only[0], options.inside)
        return
    backends = dict(one.split("=", 1) for one in options.backends)
    for network in options.only:
        first: NDArray[Any] | None = None
        for backend, python in backends.items():
            row, logits = _asked(network, backend, python)
            first = logits if first is None else first
            row["logits_from_first_backend"] = float(np.abs(logits - first).max())
            _write({"network": network, "backend": backend, **row})


def _asked(network: str, backend: str, python: str) -> tuple[dict[str, Any], NDArray[Any]]:
    environment = {**os.environ, "KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    with tempfile.TemporaryDirectory() as scratch:
        script = [python, str(Path(__file__).resolve()), "none", "--only", network, "--inside", scratch]
        subprocess.run(script, check=True, env=environment, stderr=subprocess.DEVNULL)
        row: dict[str, Any] = json.loads((Path(scratch) / "row.json").read_bytes())
        return row, np.load(Path(scratch) / "logits.npy")


def _write(row: dict[str, Any]) -> None:
    from lowres.files.atomic import atomic_write_json
    from processor import machine

    before = json.loads(RESULTS.read_bytes())["rows"] if RESULTS.exists() else []
    key = ("network", "backend")
    rows = [one for one in before if any(one[name] != row[name] for name in key)] + [row | {"machine": machine()}]
    rows.sort(key=lambda one: tuple(one[name] for name in key))
    what = f"every network for small images at random weights, {IMAGES} images of CIFAR-10, {UPDATES} updates of Adam"
    atomic_write_json(RESULTS, {"what": what, "rows": rows})
    print(f"{row['backend']} {row['network']}: {'passes' if row['passes'] else 'FAILS'}", flush=True)


def _inside(network: str, folder: Path) -> None:
    """What one backend makes of one network; it knows nothing of the others."""
    from lowres.networks.backend import load_backend

    load_backend()
    from lowres.files.machine import installed_versions
    from lowres.files.sources.open_source import open_source

    images = open_source("cifar10").images
    row, logits = _passed(network, images.pixels[:IMAGES], images.labels[:IMAGES], folder)
    row["versions"] = installed_versions(("keras", "tensorflow-cpu", "jax", "torch", "numpy"))
    (folder / "row.json").write_text(json.dumps(row), encoding="utf-8")
    np.save(folder / "logits.npy", logits)


def _passed(
    network: str, pixels: NDArray[np.uint8], labels: NDArray[np.int64], folder: Path
) -> tuple[dict[str, Any], NDArray[Any]]:
    from lowres.networks.backbones.trunk import build_trunk
    from lowres.networks.explaining import Explainer
    from lowres.networks.trained_classifier import TrainedClassifier
    from lowres.networks.training.from_scratch import untrained_classifier

    names, rows = [str(one) for one in range(CLASSES)], np.arange(IMAGES)
    maps, is_finite = {}, True
    for side in SIDES:
        trunk = build_trunk(network, (32, 32, 3), side, seed=SEED)
        classifier = untrained_classifier(network, trunk, names, pixels, rows, SEED)
        logits = classifier.logits(pixels, engine="keras")
        maps[side] = trunk.output_shape[1]
        is_finite = is_finite and bool(np.isfinite(logits).all())
        if side == 32:
            kept, kept_logits = classifier, logits
    kept.save(folder / "model.keras")
    reloaded = TrainedClassifier.load(folder / "model.keras").logits(pixels, engine="keras")
    heat = Explainer(kept).maps(pixels[:8], labels[:8], method="grad-cam")
    losses = _losses(kept, pixels, labels)
    row = {
        "logits": list(kept_logits.shape),
        "logits_differ_between_images": float(np.abs(kept_logits - kept_logits[:1]).max()),
        "reloaded_largest_difference": float(np.abs(reloaded - kept_logits).max()),
        "feature_map_side": {str(side): int(found) for side, found in maps.items()},
        "heat_map": list(heat.shape[1:]),
        "heat_maps_not_empty": int((heat.max(axis=(1, 2)) > 0).sum()),
        "loss_before_and_after": [round(losses[0], 4), round(losses[-1], 4)],
    }
    row["passes"] = bool(
        is_finite
        and kept_logits.shape == (IMAGES, CLASSES)
        and row["logits_differ_between_images"] > 1e-4
        and row["reloaded_largest_difference"] == 0
        and min(heat.shape[1:]) >= 3
        and losses[-1] < losses[0]
    )
    return row, kept_logits


def _losses(classifier: Any, pixels: NDArray[np.uint8], labels: NDArray[np.int64]) -> list[float]:
    """The loss before each of some updates of the whole network on all the images at once."""
    import keras

    from lowres.networks.training.traced_once import build_for_training
    from lowres.networks.training.trainable_network import trainable_network

    # As studies train it: BatchNormalization by each batch's statistics, which the classifier itself holds still.
    network = trainable_network(classifier.trunk, classifier.head, "", normalisation="training")
    model, inputs = network.model, pixels.astype(np.float32)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    build_for_training(model, labels[:1])
    said = []
    for _ in range(UPDATES):
        model.reset_metrics()
        said.append(float(model.train_on_batch(inputs, labels)))
    return said


if __name__ == "__main__":
    main()
