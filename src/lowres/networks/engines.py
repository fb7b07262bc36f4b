"""What runs a frozen network over many images: OpenVINO where it is installed, else Keras, and which one it was."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import MissingDependency, RecipeError, TrainingError

EngineName = Literal["auto", "openvino", "keras"]
Precision = Literal["auto", "bfloat16", "float32"]
# What a network is shown in place of a batch of images: the images and their rows to images of the same shape.
View = Callable[[NDArray[np.uint8], NDArray[np.int64]], NDArray[np.uint8]]


class Engine(Protocol):
    """Runs one network in inference mode.

    name: "openvino" or "keras". precision: "bfloat16" or "float32". note: why it is not the one that was asked for, or
    the empty string. parallel_batches: how many threads may be in `run` at once.
    """

    name: str
    precision: str
    note: str
    parallel_batches: int

    def run(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Yield the network's output for each batch, in their order."""


class KerasEngine:
    """Keras itself, on whichever backend it runs, in float32."""

    name = "keras"
    precision = "float32"
    parallel_batches = 1

    def __init__(self, network: keras.Model, note: str = "") -> None:
        """Keep the network; nothing is compiled before the first batch."""
        self._network = network
        self.note = note

    def run(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Yield the network's output for each batch, in their order."""
        for batch in batches:
            yield np.asarray(self._network.predict_on_batch(batch), dtype=np.float32)


class UncompiledEngine:
    """Keras itself, layer after layer as they are called, in float32: few images are done before it has compiled."""

    name = "keras"
    precision = "float32"
    note = ""
    parallel_batches = 1

    def __init__(self, network: keras.Model) -> None:
        """Keep the network."""
        self._network = network

    def run(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Yield the network's output for each batch, in their order."""
        for batch in batches:
            yield np.asarray(keras.ops.convert_to_numpy(self._network(batch, training=False)), dtype=np.float32)


def open_engine(network: keras.Model, engine: EngineName = "auto", precision: Precision = "auto") -> Engine:
    """Return an engine for a network of one input and one output.

    auto: OpenVINO where it is installed, Keras runs on TensorFlow and the network converts; else Keras. Precision
    auto: bfloat16 where the processor is quick at it (`openvino_engine.is_quick_at_bfloat16`), else float32.
    Refused: an engine that is not there (MissingDependency), OpenVINO by name for a network it cannot run
    (TrainingError), bfloat16 with Keras and unknown names (RecipeError).
    """
    _check_names(engine, precision)
    if engine == "keras" or (engine == "auto" and _missing_for_openvino()):
        return _keras_engine(network, precision, note="" if engine == "keras" else _missing_for_openvino())
    missing = _missing_for_openvino()
    if missing:
        raise MissingDependency(
            f"expected OpenVINO and Keras on TensorFlow for features.engine = 'openvino', got {missing}; "
            "install lowres[cpu], or set features.engine to 'keras'"
        )
    from lowres.networks.openvino_engine import OpenVinoEngine

    try:
        return OpenVinoEngine(network, precision)
    except TrainingError as error:
        if engine == "openvino":
            raise
        return _keras_engine(network, precision, note=str(error))


def batches_of(
    pixels: NDArray[np.uint8],
    rows: NDArray[np.int64],
    batch_images: int,
    flipped: bool = False,
    view: View | None = None,
) -> Iterator[NDArray[np.uint8]]:
    """Yield the chosen rows of `[n, h, w, 3]` in order, the last batch as short as it is.

    view: what is made of each batch; after that it is mirrored left to right where `flipped` says so.
    """
    for start in range(0, len(rows), batch_images):
        chosen = rows[start : start + batch_images]
        batch = np.asarray(pixels[chosen])
        batch = batch if view is None else view(batch, chosen)
        yield np.ascontiguousarray(batch[:, :, ::-1]) if flipped else batch


def _keras_engine(network: keras.Model, precision: Precision, note: str) -> Engine:
    if precision == "bfloat16":
        raise RecipeError(
            "expected features.precision 'float32' or 'auto' with the engine keras, got 'bfloat16'"
            f"{f' ({note})' if note else ''}; set features.precision to 'float32'"
        )
    return KerasEngine(network, note)


def _missing_for_openvino() -> str:
    if importlib.util.find_spec("openvino") is None:
        return "no OpenVINO"
    if keras.backend.backend() != "tensorflow":
        return f"Keras on {keras.backend.backend()}"
    return ""


def _check_names(engine: str, precision: str) -> None:
    known: dict[str, tuple[Any, tuple[Any, ...]]] = {
        "features.engine": (engine, ("auto", "openvino", "keras")),
        "features.precision": (precision, ("auto", "bfloat16", "float32")),
    }
    for field, (value, choices) in known.items():
        if value not in choices:
            raise RecipeError(f"expected {field} among {', '.join(choices)}, got {value!r}")
