"""Runs an export by its own script in a process of its own and times it: `python -m` this file FOLDER PIXELS ANSWERS.

FOLDER holds the export with its predict.py, PIXELS is a .npy of uint8 images, ANSWERS the .npy of probabilities to
write. Nothing of lowres loads here but this file, and no framework but what the script itself imports. Lines on stdout
are JSON: `{"done": images}` on the way, at the end what was measured; else the process ends with a traceback.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

Predict = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
WARM_UP_RUNS, LATENCY_RUNS, LATENCY_SECONDS = 3, 60, 20.0
_TELL_SECONDS = 0.5
FRAMEWORKS = ("keras", "tensorflow", "ai_edge_litert", "onnxruntime", "openvino", "torch", "jax", "lowres")


def load_script(path: Path) -> Predict:
    """Return `predict` of a script that was given no pictures to name."""
    sys.argv = [str(path)]
    specification = importlib.util.spec_from_file_location("predict", path)
    assert specification is not None
    assert specification.loader is not None
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    return script.predict


def answers_in_batches(predict: Predict, pixels: NDArray[np.uint8], batch_images: int) -> Iterator[tuple[Any, float]]:
    """Yield the probabilities of each batch, and the seconds it took; the last may be short."""
    for start in range(0, len(pixels), batch_images):
        batch = np.ascontiguousarray(pixels[start : start + batch_images])
        began = time.perf_counter()
        yield np.array(predict(batch), dtype=np.float32), time.perf_counter() - began


def latencies(predict: Predict, pixels: NDArray[np.uint8]) -> list[float]:
    """Return the seconds of single images, one after the other, after a few that are not counted."""
    found: list[float] = []
    began = time.perf_counter()
    for run in range(WARM_UP_RUNS + LATENCY_RUNS):
        one = np.ascontiguousarray(pixels[run % len(pixels)][None])
        started = time.perf_counter()
        predict(one)
        found.append(time.perf_counter() - started)
        if time.perf_counter() - began > LATENCY_SECONDS and len(found) > WARM_UP_RUNS:
            break
    return found[WARM_UP_RUNS:]


def images_per_second(seconds: list[float], images: int, batch_images: int) -> tuple[float, int]:
    """Return the pace of full batches after the first, which may compile, and how many images that were.

    Where there is one batch only, it is the pace of that one.
    """
    full = [taken for number, taken in enumerate(seconds) if (number + 1) * batch_images <= images][1:]
    if not full:
        return images / sum(seconds), images
    return batch_images * len(full) / sum(full), batch_images * len(full)


def measure(folder: Path, pixels: NDArray[np.uint8], batch_images: int) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Return the probabilities of all images, float32 `[n, classes]`, and what was measured on the way."""
    predict = load_script(folder / "predict.py")
    alone = latencies(predict, pixels)
    rows, seconds, done, told = [], [], 0, time.monotonic()
    for answers, taken in answers_in_batches(predict, pixels, batch_images):
        rows.append(answers)
        seconds.append(taken)
        done += len(answers)
        if time.monotonic() - told > _TELL_SECONDS:
            told = time.monotonic()
            _tell({"done": done})
    pace, counted = images_per_second(seconds, len(pixels), batch_images)
    return np.concatenate(rows), {
        "latency_milliseconds": 1000 * median(alone),
        "latency_runs": len(alone),
        "images_per_second": pace,
        "throughput_images": counted,
        "batch_images": batch_images,
        "frameworks": [name for name in FRAMEWORKS if name in sys.modules and name != "lowres"],
    }


def _tell(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _folder, _pixels, _answers, _batch_images = sys.argv[1:5]
    _found, _measured = measure(Path(_folder), np.load(_pixels, mmap_mode="r"), int(_batch_images))
    np.save(_answers, _found)
    _tell(_measured)
