"""Writes benchmarks/results/backends.json: one study, its heat maps and a training on TensorFlow, JAX and PyTorch.

    KERAS_BACKEND=jax ENVIRONMENT/bin/lowres study digits --recipe quick-96 --study studies/digits-jax     # and others
    .venv/bin/python benchmarks/backends.py tensorflow=.venv/bin/python=studies/digits-tensorflow \
        jax=ENVIRONMENT/bin/python=studies/digits-jax

Each backend has an environment of its own, with lowres and no other backend in it. Accuracy is that of its own study.
The first one's model.keras is then loaded by each, which gives logits and raw maps of the same test pictures, and each
fine-tunes the tiny trunk from the same weights on the same batches. Seconds are the processor's, of all its cores.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESULTS = Path(__file__).parent / "results" / "backends.json"
METHODS = ("grad-cam", "grad-cam++", "layercam", "eigencam")
EPOCHS, BATCH_IMAGES, TIMED_UPDATES = 4, 32, 8


def main() -> None:
    """Ask each backend in a process of its own, then compare with the first."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("backends", nargs="+", metavar="NAME=PYTHON=STUDY")
    asked.add_argument("--images", type=int, default=64)
    asked.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.inside:
        _inside(options.inside)
        return
    from lowres.files.atomic import atomic_write_json
    from processor import machine

    places = [one.split("=", 2) for one in options.backends]
    with tempfile.TemporaryDirectory() as scratch:
        _write_task(Path(scratch), Path(places[0][2]), options.images)
        found = {name: _ask(name, python, Path(scratch)) for name, python, _ in places}
    first = found[places[0][0]]
    rows = [_row(name, Path(study), found[name], first) for name, _, study in places]
    what = "study digits, recipe quick-96; raw maps and logits of one model.keras; 4 epochs of the tiny trunk"
    atomic_write_json(RESULTS, {"what": what, "images": options.images, "rows": rows, "machine": machine()})
    print(json.dumps(rows, indent=2))


def _write_task(folder: Path, study: Path, images: int) -> None:
    from lowres.files.sources.open_source import open_source
    from lowres.files.study.predictions_file import read_predictions

    pictures = open_source("digits").images
    test = read_predictions(study / "predictions" / "test.npz")
    row_of = {name: row for row, name in enumerate(pictures.ids)}
    rows = [row_of[name] for name in test.ids[:images]]
    np.savez(
        folder / "task.npz",
        pixels=pictures.pixels[rows],
        targets=test.predicted[:images],
        training_pixels=pictures.pixels[:600],
        training_labels=pictures.labels[:600],
    )
    (folder / "model.keras").write_bytes((study / "model.keras").read_bytes())


def _ask(name: str, python: str, folder: Path) -> dict[str, NDArray[Any]]:
    environment = {**os.environ, "KERAS_BACKEND": name, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    script = [python, str(Path(__file__).resolve()), "none", "--inside", str(folder)]
    subprocess.run(script, check=True, env=environment)
    with np.load(folder / f"{name}.npz") as arrays:
        return dict(arrays)


def _row(name: str, study: Path, own: dict[str, NDArray[Any]], first: dict[str, NDArray[Any]]) -> dict[str, Any]:
    evaluation = json.loads((study / "evaluation.json").read_bytes())
    stages = json.loads((study / "study.json").read_bytes())["stages"]
    return {
        "backend": name,
        "n": evaluation["n"],
        "accuracy": evaluation["accuracy"],
        "accuracy_interval": evaluation["accuracy_interval"],
        "stage_seconds_by_the_clock": {stage: record["seconds"] for stage, record in stages.items()},
        "versions": stages["predict"]["versions"],
        "engine": stages["features"]["facts"]["engine"],
        "logits_largest_difference": _furthest(own["logits"], first["logits"]),
        "logits_largest": float(np.abs(first["logits"]).max()),
        "maps": {
            method: {
                "largest_difference": _furthest(own[method], first[method]),
                "largest": float(np.abs(first[method]).max()),
            }
            for method in METHODS
        },
        "tuned_losses": [round(float(loss), 6) for loss in own["losses"]],
        "tuned_validation_accuracy": float(own["validation_accuracy"]),
        "tuned_weights_largest_difference": _furthest(own["weights"], first["weights"]),
        "training_images_per_processor_second": round(float(own["speed"]), 1),
    }


def _furthest(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.abs(one - other).max())


def _inside(folder: Path) -> None:
    """What one backend makes of the task; it knows nothing of the others."""
    from lowres.networks.backend import load_backend

    name = load_backend()
    from lowres.networks.explaining import Explainer
    from lowres.networks.trained_classifier import TrainedClassifier

    with np.load(folder / "task.npz") as arrays:
        task = dict(arrays)
    classifier = TrainedClassifier.load(folder / "model.keras")
    explainer = Explainer(classifier)
    maps = {method: explainer.maps(task["pixels"], task["targets"], method=method) for method in METHODS}
    logits = classifier.logits(task["pixels"], engine="keras")
    tuned = _tuned(task["training_pixels"], task["training_labels"])
    np.savez(folder / f"{name}.npz", logits=logits, speed=_speed(), **maps, **tuned)


class _Pixels:
    """Pictures as they are; satisfies `TrainingInputs`."""

    def __init__(self, train: NDArray[np.uint8], validation: NDArray[np.uint8]) -> None:
        self._train, self._validation = train, validation

    def begin(self, epoch: int, order: NDArray[np.int64]) -> None:
        """Keep nothing between epochs."""

    def training(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        return self._train[rows]

    def validation(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        return self._validation[rows]


def _tuned(pixels: NDArray[np.uint8], labels: NDArray[np.int64]) -> dict[str, Any]:
    """Losses epoch by epoch, the accuracy kept, and the weights at the end: of the tiny trunk, drawn by the seed."""
    import keras

    from lowres.networks.backbones.trunk import build_trunk
    from lowres.networks.training.batches import TrainingPart
    from lowres.networks.training.fine_tuning import fine_tune
    from lowres.networks.training.trainable_network import trainable_network
    from lowres.values.recipes.recipe import Recipe

    settings = {"epochs": EPOCHS, "batch_images": BATCH_IMAGES, "learning_rate": 3e-3, "precision": "float32"}
    recipe = Recipe.model_validate({"name": "backends", "fine_tuning": settings})
    trunk = build_trunk("tiny-conv", (8, 8, 3), 16)
    # Keras' initialisers draw other numbers on each backend, whatever the seed.
    random = np.random.default_rng(0)
    for layer in trunk.layers:
        if layer.name.startswith("tiny_conv"):
            kernel, bias = layer.get_weights()
            deviation = np.sqrt(2 / np.prod(kernel.shape[:3]))
            layer.set_weights([random.normal(0, deviation, kernel.shape).astype(np.float32), bias])
    network = trainable_network(trunk, _head(trunk.output_shape[1:]), "")
    train, validation = slice(0, 400), slice(400, 600)
    inputs = _Pixels(pixels[train], pixels[validation])
    outcome = fine_tune(network, TrainingPart(inputs, labels[train], labels[validation], 10), recipe)
    weights = [np.ravel(keras.ops.convert_to_numpy(one.value)) for one in network.changing]
    return {
        "losses": np.array([row.loss for row in outcome.rows]),
        "validation_accuracy": outcome.kept_validation_accuracy,
        "weights": np.concatenate(weights),
    }


def _speed() -> float:
    """Images a processor second of a fine-tuning step of EfficientNet-Lite0 from blocks_5 at 96 px, float32."""
    import keras

    from lowres.files.weights.published import load_weights
    from lowres.networks.backbones.trunk import build_trunk
    from lowres.networks.training.trainable_network import trainable_network

    trunk = build_trunk("efficientnet-lite0", (32, 32, 3), 96, "bicubic", load_weights("efficientnet-lite0").tensors)
    network = trainable_network(trunk, _head(trunk.output_shape[1:]), "blocks_5")
    network.model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True))
    batch = np.random.default_rng(0).random((BATCH_IMAGES, *network.model.input_shape[1:]), np.float32)
    targets = np.eye(10, dtype=np.float32)[np.arange(BATCH_IMAGES) % 10]
    for _ in range(2):
        network.model.train_on_batch(batch, targets)
    started = time.process_time()
    for _ in range(TIMED_UPDATES):
        network.model.train_on_batch(batch, targets)
    return TIMED_UPDATES * BATCH_IMAGES / (time.process_time() - started)


def _head(feature_shape: tuple[int, ...]) -> Any:
    """A head that begins with the same weights everywhere."""
    import keras

    feature_map = keras.Input(feature_shape)
    pooled = keras.layers.GlobalAveragePooling2D()(feature_map)
    head = keras.Model(feature_map, keras.layers.Dense(10, name="logits")(pooled), name="head")
    kernel = np.random.default_rng(1).normal(0, 0.1, (feature_shape[-1], 10)).astype(np.float32)
    head.set_weights([kernel, np.zeros(10, np.float32)])
    return head


if __name__ == "__main__":
    main()
