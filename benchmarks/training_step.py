"""Writes benchmarks/results/training_step.json: images a second of one fine-tuning step, by what each shortcut adds.

    .venv/bin/python benchmarks/training_step.py [--pixels 160] [--repeats 12]

The same layers of the same trunk, the same batch, in one process: as Keras runs them, BatchNorm folded, depthwise
kernels standing still, products in bfloat16 where the processor has it, and where it has AMX tiles the gradients of
kernels made of matrix products in place of oneDNN's. Last a small network from scratch, its whole trunk, with and
without the latter. Quiet machine, please.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from lowres.files.atomic import atomic_write_json
from lowres.files.machine import installed_versions
from lowres.files.weights import load_weights
from lowres.networks.backbones import build_trunk
from lowres.networks.precision import processor_has_tiles
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
    {"normalisation": "inference", "depthwise": "freeze", "precision": "bfloat16", "kernel_gradients": "products"},
)
SMALL, SMALL_BATCH, SMALL_PIXELS = "airbench94", 250, 32
SMALL_STEP = {"normalisation": "training", "depthwise": "train", "precision": "bfloat16"}
CLASSES = 10


def main() -> None:
    """Time every row and write the file after each."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--pixels", type=int, default=160)
    asked.add_argument("--batch", type=int, default=64)
    asked.add_argument("--repeats", type=int, default=12)
    options = asked.parse_args()
    rows: list[dict[str, Any]] = []
    small = [SMALL_STEP, SMALL_STEP | {"kernel_gradients": "products"}]
    wanted = [(backbone, layer, step) for backbone, layer in ROWS for step in STEPS]
    for backbone, from_layer, step in [*wanted, *((SMALL, "", step) for step in small)]:
        if _runs_here(step):
            rows.append(_row(backbone, from_layer, step, options))
            print(rows[-1], flush=True)
            versions = installed_versions(("keras", "tensorflow", "tensorflow-cpu"))
            load = [round(one, 2) for one in os.getloadavg()]
            about = {"load_average": load, "machine": machine(), "versions": versions}
            atomic_write_json(RESULTS, {**vars(options), "rows": rows, **about})


def _runs_here(step: dict[str, str]) -> bool:
    return (step["precision"] != "bfloat16" or has_bfloat16()) and (
        "kernel_gradients" not in step or processor_has_tiles()
    )


def _row(backbone: str, from_layer: str, step: dict[str, str], options: argparse.Namespace) -> dict[str, Any]:
    with _kernel_gradients(step.get("kernel_gradients", "oneDNN")) as kernel_gradients:
        choices = {name: value for name, value in step.items() if name != "kernel_gradients"}
        batch = SMALL_BATCH if backbone == SMALL else options.batch
        pixels = SMALL_PIXELS if backbone == SMALL else options.pixels
        found = _timed(backbone, from_layer, choices, batch, pixels, options.repeats)
    return {"backbone": backbone, "from_layer": from_layer, **choices, "kernel_gradients": kernel_gradients, **found}


@contextmanager
def _kernel_gradients(of: str) -> Iterator[str]:
    """Let networks take their kernels' gradients as oneDNN makes them, or as lowres does."""
    from lowres.networks.rounded_operations import kernel_gradients

    if of == "products":
        yield of
        return
    pays = kernel_gradients.pays
    kernel_gradients.pays = lambda *shape: False
    try:
        yield of
    finally:
        kernel_gradients.pays = pays


def _timed(
    backbone: str, from_layer: str, step: dict[str, Any], batch_images: int, pixels: int, repeats: int
) -> dict[str, Any]:
    import keras

    if backbone == SMALL:
        trunk = build_trunk(backbone, (pixels, pixels, 3), pixels, seed=0)
    else:
        tensors = load_weights(backbone).tensors
        trunk = build_trunk(backbone, (32, 32, 3), pixels, "bicubic", tensors, levels="several")
    feature_map = keras.Input(trunk.output_shape[1:])
    pooled = keras.layers.GlobalAveragePooling2D()(feature_map)
    head = keras.Model(feature_map, keras.layers.Dense(CLASSES, name="logits")(pooled), name="head")
    network = trainable_network(trunk, head, from_layer, **step)
    network.model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True))
    generator = np.random.default_rng(0)
    batch = generator.random((batch_images, *network.model.input_shape[1:]), np.float32)
    targets = np.eye(CLASSES, dtype=np.float32)[generator.integers(0, CLASSES, batch_images)]
    seconds = []
    for _ in range(repeats + 2):
        started = time.perf_counter()
        network.model.train_on_batch(batch, targets)
        seconds.append(time.perf_counter() - started)
    # The first two hold the compiling.
    median = float(np.median(seconds[2:]))
    return {
        "trained_parameters": network.trained_parameters,
        "images_per_second": round(batch_images / median, 1),
        "fastest": round(batch_images / min(seconds[2:]), 1),
    }


if __name__ == "__main__":
    main()
