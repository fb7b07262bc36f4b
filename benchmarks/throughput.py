"""Writes benchmarks/results/throughput.json: images a second of training: lowres, plain Keras, plain PyTorch.

    .venv/bin/python benchmarks/throughput.py [--torch-python PYTHON] [--rounds 3]

The network of airbench94 at 32 pixels on pictures of noise, batches of 500, Nesterov SGD, nothing augmented; each way
in a process of its own, the ways taking turns, on the same cores. lowres: its training loop (checkpoints in memory,
losses watched), arithmetic as `fine_tuning.precision = auto` chooses. Plain Keras: `fit` of the same model. Plain
PyTorch: the loop of its tutorials in float32, and in bfloat16 by autocast with channels last. PYTHON: an interpreter
that has PyTorch; without one those rows are left out, and bfloat16 where the processor has none. Another machine's
measurement stays beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results" / "throughput.json"
IMAGES, BATCH_IMAGES, EPOCHS, CLASSES = 5000, 500, 3, 10
WAYS = ("lowres", "keras fit", "torch", "torch bfloat16")


def main() -> None:
    """Take turns, and write the median of each way."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--torch-python", default="")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--way", choices=WAYS, help="measure this one here and print it; for the script itself")
    options = asked.parse_args()
    if options.way:
        print(json.dumps({"images_per_second": _MEASURES[options.way](), "torch": _torch_version()}))
        return
    from processor import has_bfloat16

    ways = [way for way in WAYS if options.torch_python or not way.startswith("torch")]
    # Imitated, a step takes minutes.
    ways = [way for way in ways if has_bfloat16() or way != "torch bfloat16"]
    found: dict[str, list[float]] = {way: [] for way in ways}
    torch: dict[str, str] = {}
    for number in range(options.rounds):
        for way in ways:
            python = options.torch_python if way.startswith("torch") else sys.executable
            words = [python, __file__, "--way", way]
            said = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
            found[way].append(said["images_per_second"])
            torch |= {"torch": said["torch"]} if said["torch"] else {}
            print(f"round {number + 1}: {way} {found[way][-1]:.0f} images a second", flush=True)
    _write(found, torch)


def _torch_version() -> str:
    """Of the PyTorch that this process loaded; empty where it loaded none."""
    return str(sys.modules["torch"].__version__) if "torch" in sys.modules else ""


def _write(found: dict[str, list[float]], torch: dict[str, str]) -> None:
    from lowres.files.machine import installed_versions
    from processor import machine, write_measurement

    medians = {way: round(statistics.median(speeds), 1) for way, speeds in found.items()}
    content = {
        "network": "airbench94",
        "pixels": 32,
        "batch_images": BATCH_IMAGES,
        "images_per_second": medians,
        "lowres_over": {way: round(medians["lowres"] / speed, 2) for way, speed in medians.items() if way != "lowres"},
        "rounds": found,
        "machine": machine(),
        "versions": installed_versions(("keras", "tensorflow-cpu", "tensorflow")) | torch,
    }
    write_measurement(RESULTS, content)
    print(json.dumps(content["lowres_over"]))


def _images() -> tuple[Any, Any]:
    """Pixels at random: what a step costs does not depend on them."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (IMAGES, 32, 32, 3)).astype(np.uint8)
    return pixels, random.integers(0, CLASSES, IMAGES)


def _untrained() -> Any:
    from lowres.networks.backbones.trunk import build_trunk
    from lowres.networks.training.from_scratch import untrained_classifier

    pixels, _ = _images()
    trunk = build_trunk("airbench94", (32, 32, 3), 32)
    return untrained_classifier("airbench94", trunk, [str(one) for one in range(CLASSES)], pixels, np.arange(500), 0)


class _Pixels:
    """Pixels as they are; satisfies `networks.training.batches.TrainingInputs`."""

    def __init__(self, pixels: Any) -> None:
        self._pixels = pixels

    def begin(self, epoch: int, order: Any) -> None:
        """Nothing to get ready."""

    def training(self, rows: Any) -> Any:
        return self._pixels[rows]

    validation = training


def _lowres() -> float:
    from lowres.networks.backend import load_backend

    load_backend()
    from lowres.networks.precision import training_precision
    from lowres.networks.training.batches import TrainingPart
    from lowres.networks.training.fine_tuning import fine_tune
    from lowres.networks.training.trainable_network import trainable_network
    from lowres.networks.training.watcher import SilentWatcher
    from lowres.values.recipes.recipe import recipe_from_data

    class Clock(SilentWatcher):
        """When each update ended."""

        times: list[float] = []

        def step(self, epoch: int, done: int, total: int) -> None:
            self.times.append(time.perf_counter())

    choices = {"epochs": EPOCHS, "batch_images": BATCH_IMAGES, "optimizer": "sgd", "normalisation": "training"}
    recipe = recipe_from_data({"name": "throughput", "fine_tuning": choices}, "benchmarks/throughput.py")
    pixels, labels = _images()
    classifier = _untrained()
    network = trainable_network(
        classifier.trunk, classifier.head, "", precision=training_precision("auto"), normalisation="training"
    )
    fine_tune(network, TrainingPart(_Pixels(pixels), labels, labels[:BATCH_IMAGES], CLASSES), recipe, watcher=Clock())
    # Of the last epoch, from the end of its first update.
    last = Clock.times[-IMAGES // BATCH_IMAGES :]
    return float((len(last) - 1) * BATCH_IMAGES / (last[-1] - last[0]))


def _keras_fit() -> float:
    import keras

    class Clock(keras.callbacks.Callback):
        """When each batch ended."""

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            times.append(time.perf_counter())

    times: list[float] = []
    pixels, labels = _images()
    model = _untrained().model
    # In this order: a model hands its mark down to its layers. As in lowres, the whitening kernel stands still.
    model.get_layer("trunk").trainable = True
    model.get_layer("trunk").get_layer("whiten").trainable = False
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(1e-4, 0.9, nesterov=True), loss, metrics=["accuracy"])
    model.fit(pixels, labels, batch_size=BATCH_IMAGES, epochs=EPOCHS, verbose=0, callbacks=[Clock()])
    last = times[-IMAGES // BATCH_IMAGES :]
    return float((len(last) - 1) * BATCH_IMAGES / (last[-1] - last[0]))


def _torch(is_bfloat16: bool) -> float:
    import torch
    from torch import nn

    def group(before: int, channels: int) -> list[nn.Module]:
        first, second = nn.Conv2d(before, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
        third, fourth = nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
        return [first, nn.MaxPool2d(2), second, nn.GELU(), third, fourth, nn.GELU()]

    whiten = nn.Conv2d(3, 24, 2)
    whiten.weight.requires_grad = False
    layers = [whiten, nn.GELU(), *group(24, 64), *group(64, 256), *group(256, 256)]
    model = nn.Sequential(*layers, nn.MaxPool2d(3), nn.Flatten(), nn.Linear(256, CLASSES, bias=False))
    pixels, labels = _images()
    order = torch.channels_last if is_bfloat16 else torch.contiguous_format
    model = model.to(memory_format=order)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div(255).contiguous(memory_format=order)
    targets, times = torch.from_numpy(labels), []
    optimizer = torch.optim.SGD(model.parameters(), 1e-4, 0.9, nesterov=True)
    for start in list(range(0, IMAGES, BATCH_IMAGES)) * EPOCHS:
        batch, truth = images[start : start + BATCH_IMAGES], targets[start : start + BATCH_IMAGES]
        with torch.autocast("cpu", torch.bfloat16, enabled=is_bfloat16):
            loss = nn.functional.cross_entropy(model(batch), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        times.append(time.perf_counter())
    last = times[-IMAGES // BATCH_IMAGES :]
    return float((len(last) - 1) * BATCH_IMAGES / (last[-1] - last[0]))


_MEASURES = {
    "lowres": _lowres,
    "keras fit": _keras_fit,
    "torch": lambda: _torch(False),
    "torch bfloat16": lambda: _torch(True),
}


if __name__ == "__main__":
    main()
