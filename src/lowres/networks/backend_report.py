"""What the Keras backend and OpenVINO say of themselves, timed, as one JSON line: `python -m` this file.

A process of its own, so that whoever asks loads no framework, and a framework that crashes takes nobody with it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from lowres.errors import MissingDependency
from lowres.networks.backend import load_backend

MATRIX_SIDE = 2048
REPEATS = 8
# How frameworks fail to load: not installed, a shared library missing, built for another NumPy, no usable device.
_LOADING_FAULTS = (ImportError, OSError, RuntimeError, AttributeError, TypeError, ValueError, MissingDependency)


def report() -> dict[str, Any]:
    """Return versions, cards, memory growth, and the seconds a float32 matrix product takes on each device.

    Of the backend's loading: its seconds, how many Python modules came with it, how many have no compiled file now.
    A part that cannot be had holds its fault in words instead.
    """
    started = time.perf_counter()
    return {"openvino": _attempt(_openvino), "keras": _attempt(_keras)} | {"seconds": time.perf_counter() - started}


def _attempt(part: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return part()
    except _LOADING_FAULTS as error:
        return {"fault": f"{type(error).__name__}: {error}"}


def _openvino() -> dict[str, Any]:
    import openvino

    core = openvino.Core()
    precisions = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return {"version": openvino.__version__, "devices": list(core.available_devices), "precisions": list(precisions)}


def _keras() -> dict[str, Any]:
    before, started = set(sys.modules), time.perf_counter()
    backend = load_backend()
    seconds = time.perf_counter() - started
    import keras

    modules, uncompiled = count_compiled(name for name in sys.modules if name not in before)
    cards, grows = {"tensorflow": _tensorflow_cards, "jax": _jax_cards, "torch": _torch_cards}[backend]()
    return {
        "version": keras.__version__,
        "backend": backend,
        "cards": cards,
        "memory_growth": grows,
        "loading_seconds": seconds,
        "modules": modules,
        "uncompiled_modules": uncompiled,
        "processor_seconds": _product_seconds("cpu:0"),
        "card_seconds": _product_seconds("gpu:0") if cards else None,
    }


def count_compiled(names: Iterable[str]) -> tuple[int, int]:
    """Return how many of these loaded modules Python compiles, and how many of those it keeps no compiled file of.

    It keeps none where PYTHONDONTWRITEBYTECODE is set or the folder cannot be written, and compiles anew each time.
    """
    specs = [getattr(sys.modules[name], "__spec__", None) for name in names]
    files = [spec.cached for spec in specs if spec and spec.cached]
    return len(files), sum(not os.path.exists(file) for file in files)


def _tensorflow_cards() -> tuple[list[str], bool | None]:
    import tensorflow as tf

    cards = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(card).get("device_name", card.name) for card in cards]
    return names, all(tf.config.experimental.get_memory_growth(card) for card in cards) if cards else None


def _jax_cards() -> tuple[list[str], bool | None]:
    import jax

    cards = [device.device_kind for device in jax.devices() if device.platform == "gpu"]
    return cards, os.environ.get("XLA_PYTHON_CLIENT_PREALLOCATE", "true") == "false" if cards else None


def _torch_cards() -> tuple[list[str], bool | None]:
    import torch

    cards = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    # Torch asks for memory as it goes.
    return cards, True if cards else None


def _product_seconds(device: str) -> float:
    """Median seconds of one product, fetched to the host each time, since a card answers before it is done."""
    import keras

    seconds = []
    with keras.device(device):
        matrix = keras.ops.ones((MATRIX_SIDE, MATRIX_SIDE), dtype="float32")
        for _ in range(REPEATS):
            started = time.perf_counter()
            keras.ops.convert_to_numpy(keras.ops.matmul(matrix, matrix)[:1])
            seconds.append(time.perf_counter() - started)
    # The first holds the compiling.
    return sorted(seconds[1:])[(REPEATS - 1) // 2]


if __name__ == "__main__":
    print(json.dumps(report()))
