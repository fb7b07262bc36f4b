"""Writes benchmarks/results/training_step.json: images a second of one fine-tuning step, by what each shortcut adds.

    .venv/bin/python benchmarks/training_step.py [--pixels 160] [--repeats 12]

The same layers of the same trunk, the same batch, in one process: as Keras runs them, BatchNorm folded, depthwise
kernels standing still, products in bfloat16 where the processor has it. Quiet machine, please.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from lowres.files.atomic import atomic_write_json
from lowres.files.machine import installed_versions
from lowres.files.weights import load_weights
from lowres.networks.backbones import build_trunk
from lowres.networks.trainable_network import trainable_network
from processor import has_bfloat16, machine

RESULTS = Path(__file__).parent / "results" / "training_step.json"
ROWS = (("efficientnet-lite0", "blocks_5"), ("efficientnet-lite2", "blocks_7"), ("resnet50", "conv5"))
# What Keras runs by itself is "training" mode here: the same layers, none folded, statistics standing still or not.
STEPS = (
    {"normalisation": "training", "depthwise": "train", "precision": "float32"},
    {"normalisation": "inference", "depthwise": "train", "precision": "float32"},
    {"normalisation": "inference", "depthwise": "freeze", "precision": "float32"},
    {"normalisation": "inference", "depthwise": "freeze", "precision": "bfloat16"},
)
CLASSES = 10


def main() -> None:
    """Time every row and write the file after each."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--pixels", type=int, default=160)
    asked.add_argument("--batch", type=int, default=64)
    asked.add_argument("--repeats", type=int, default=12)
    options = asked.parse_args()
    rows: list[dict[str, Any]] = []
    for backbone, from_layer in ROWS:
        for step in STEPS:
            if step["precision"] == "bfloat16" and not has_bfloat16():
                continue
            rows.append(_row(backbone, from_layer, step, options))
            print(rows[-1], flush=True)
            versions = installed_versions(("keras", "tensorflow", "tensorflow-cpu"))
            atomic_write_json(RESULTS, {**vars(options), "rows": rows, "machine": machine(), "versions": versions})


def _row(backbone: str, from_layer: str, step: dict[str, str], options: argparse.Namespace) -> dict[str, Any]:
    import keras

    tensors = load_weights(backbone).tensors
    trunk = build_trunk(backbone, (32, 32, 3), options.pixels, "bicubic", tensors, levels="several")
    feature_map = keras.Input(trunk.output_shape[1:])
    pooled = keras.layers.GlobalAveragePooling2D()(feature_map)
    head = keras.Model(feature_map, keras.layers.Dense(CLASSES, name="logits")(pooled), name="head")
    network = trainable_network(trunk, head, from_layer, **step)
    network.model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True))
    generator = np.random.default_rng(0)
    batch = generator.random((options.batch, *network.model.input_shape[1:]), np.float32)
    targets = np.eye(CLASSES, dtype=np.float32)[generator.integers(0, CLASSES, options.batch)]
    seconds = []
    for _ in range(options.repeats + 2):
        started = time.perf_counter()
        network.model.train_on_batch(batch, targets)
        seconds.append(time.perf_counter() - started)
    # The first two hold the compiling.
    median = float(np.median(seconds[2:]))
    return {
        "backbone": backbone,
        "from_layer": from_layer,
        **step,
        "trained_parameters": network.trained_parameters,
        "images_per_second": round(options.batch / median, 1),
        "fastest": round(options.batch / min(seconds[2:]), 1),
    }


if __name__ == "__main__":
    main()
