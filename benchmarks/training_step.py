"""Writes benchmarks/results/training_step.json: images a second of one fine-tuning step, by what each shortcut adds.

    .venv/bin/python benchmarks/training_step.py [--pixels 160] [--repeats 12]
    TF_ENABLE_ONEDNN_OPTS=0 .venv/bin/python benchmarks/training_step.py

The same layers of the same trunk, the same batch, in one process: as Keras runs them, BatchNorm and GELU in one
operation, BatchNorm folded, depthwise kernels standing still, products in bfloat16 where the processor has it, and
gradients made of matrix products in place of oneDNN's, where the processor is quicker at those. Last a small network
from scratch, its whole trunk, likewise. The second command is the same without oneDNN, which is TensorFlow's own choice
on processors without AVX512-VNNI or the like. A machine, with oneDNN or without, keeps one measurement. Quiet machine,
please.
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

from lowres.files.machine import installed_versions
from lowres.files.weights.published import load_weights
from lowres.networks.backend import load_backend
from processor import has_bfloat16, machine, write_measurement

RESULTS = Path(__file__).parent / "results" / "training_step.json"
ROWS = (("efficientnet-lite0", "blocks_5"), ("efficientnet-lite2", "blocks_7"), ("resnet50", "conv5"))
# What Keras runs by itself: none folded, and between convolutions a dozen operations where lowres has one.
STEPS = (
    {"normalisation": "training", "depthwise": "train", "precision": "float32", "between": "keras"},
    {"normalisation": "training", "depthwise": "train", "precision": "float32"},
    {"normalisation": "inference", "depthwise": "train", "precision": "float32"},
    {"normalisation": "inference", "depthwise": "freeze", "precision": "float32"},
    {"normalisation": "inference", "depthwise": "freeze", "precision": "float32", "gradients": "products"},
    {"normalisation": "inference", "depthwise": "freeze", "precision": "bfloat16"},
    {"normalisation": "inference", "depthwise": "freeze", "precision": "bfloat16", "gradients": "products"},
)
SMALL, SMALL_BATCH, SMALL_PIXELS = "airbench94", 250, 32
SMALL_STEP = {"normalisation": "training", "depthwise": "train"}
SMALL_SHORTCUTS: tuple[dict[str, str], ...] = ({"between": "keras"}, {}, {"gradients": "products"})
CLASSES = 10
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


def main() -> None:
    """Time every row and write the file after each."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--pixels", type=int, default=160)
    asked.add_argument("--batch", type=int, default=64)
    asked.add_argument("--repeats", type=int, default=12)
    options = asked.parse_args()
    load_backend()
    rows: list[dict[str, Any]] = []
    precision = "bfloat16" if has_bfloat16() else "float32"
    small = [SMALL_STEP | {"precision": precision} | more for more in SMALL_SHORTCUTS]
    wanted = [(backbone, layer, step) for backbone, layer in ROWS for step in STEPS]
    for backbone, from_layer, step in [*wanted, *((SMALL, "", step) for step in small)]:
        if _runs_here(step):
            rows.append(_row(backbone, from_layer, step, options))
            print(rows[-1], flush=True)
            _write({**vars(options), "onednn": os.environ[ONEDNN] != "0", "rows": rows})


def _runs_here(step: dict[str, str]) -> bool:
    from lowres.networks.precision import products_beat_convolutions

    return (step["precision"] != "bfloat16" or has_bfloat16()) and (
        "gradients" not in step or products_beat_convolutions(step["precision"])
    )


def _write(measurement: dict[str, Any]) -> None:
    versions = installed_versions(("keras", "tensorflow", "tensorflow-cpu"))
    load = [round(one, 2) for one in os.getloadavg()]
    measurement |= {"load_average": load, "machine": machine(), "versions": versions}
    write_measurement(RESULTS, measurement, ("machine", "onednn"))


def _row(backbone: str, from_layer: str, step: dict[str, str], options: argparse.Namespace) -> dict[str, Any]:
    with (
        _gradients(step.get("gradients", "convolutions")) as gradients,
        _between(step.get("between", "lowres")) as made,
    ):
        choices = {name: value for name, value in step.items() if name not in ("gradients", "between")}
        batch = SMALL_BATCH if backbone == SMALL else options.batch
        pixels = SMALL_PIXELS if backbone == SMALL else options.pixels
        found = _timed(backbone, from_layer, choices, batch, pixels, options.repeats)
    return {"backbone": backbone, "from_layer": from_layer, **choices, "between": made, "gradients": gradients, **found}


@contextmanager
def _gradients(of: str) -> Iterator[str]:
    """Let networks take their gradients as TensorFlow makes them, or as lowres does."""
    from lowres.networks.training.operations import kernel_gradients

    if of == "products":
        yield of
        return
    pays = kernel_gradients.pays
    kernel_gradients.pays = lambda *shape: False
    try:
        yield of
    finally:
        kernel_gradients.pays = pays


@contextmanager
def _between(of: str) -> Iterator[str]:
    """Let BatchNorm and GELU be computed as Keras has them, or as lowres does."""
    import keras

    from lowres.networks.training import trainable_network

    if of == "lowres":
        yield of
        return
    normalising, gelu = trainable_network._normalising, trainable_network.CompiledGelu
    trainable_network._normalising = lambda layer, precision: layer
    trainable_network.CompiledGelu = lambda precision, name: keras.layers.Activation("gelu", name=name)
    try:
        yield of
    finally:
        trainable_network._normalising, trainable_network.CompiledGelu = normalising, gelu


def _timed(
    backbone: str, from_layer: str, step: dict[str, Any], batch_images: int, pixels: int, repeats: int
) -> dict[str, Any]:
    import keras

    from lowres.networks.backbones.trunk import build_trunk
    from lowres.networks.training.trainable_network import trainable_network

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
