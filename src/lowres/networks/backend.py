"""Loads Keras with whichever backend is installed, without the page of greetings that TensorFlow prints."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from lowres.errors import MissingDependency

# In this order where the user names none: the first is the quickest to train with on a processor.
BACKENDS = ("tensorflow", "jax", "torch")
_CHOICE = "KERAS_BACKEND"
_ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
_REPEATABLE_XLA = "--xla_gpu_deterministic_ops=true"


def load_backend(is_deterministic: bool = False) -> str:
    """Return the name of the backend that Keras now runs on; the variable KERAS_BACKEND chooses one.

    Memory of graphics cards is asked for as it is needed, not all at once. is_deterministic: from here on only
    operations that give the same bits every time, as far as the backend can tell.

    Refused with MissingDependency: none is installed, or the one chosen does not load.
    """
    installed = [name for name in BACKENDS if find_spec(name)]
    if not installed:
        raise MissingDependency(
            f"expected a backend for Keras ({', '.join(BACKENDS)}), got none installed; "
            "pip install 'lowres[cpu]', or 'lowres[gpu]' where there is an NVIDIA card"
        )
    chosen = os.environ.get(_CHOICE) or _configured()
    if chosen not in installed and not os.environ.get(_CHOICE):
        chosen = os.environ[_CHOICE] = installed[0]
    # TensorFlow reads this when it starts, and greets at length where it is not set.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow reads this too. By itself it uses oneDNN only on processors with AVX512-VNNI and the like, and trains
    # 1.3 to 1.9 times as long without it (EPYC with AVX2; benchmarks/results/training_step.json).
    os.environ.setdefault(_ONEDNN, "1")
    # JAX reads this when it starts.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if is_deterministic:
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_REPEATABLE_XLA}".strip()
    with kept_apart() as said:
        try:
            import keras

            _settle_tensorflow(keras.backend.backend())
            if is_deterministic:
                _make_deterministic(keras.backend.backend())
        except (ImportError, OSError, ValueError) as error:
            raise MissingDependency(
                f"expected Keras to load with the backend {chosen!r}, got {error!r}; "
                f"`lowres doctor` looks further, {_CHOICE} chooses another ({', '.join(installed)})"
                f"{_last_words(said)}"
            ) from error
    return str(keras.backend.backend())


def loaded_backend() -> str:
    """Return the name of the backend that Keras runs on in this process, which is loaded by this where it was not."""
    import keras

    return str(keras.backend.backend())


def _settle_tensorflow(backend: str) -> None:
    """Let memory of cards grow as it is needed, keep the log to what is wrong, and a training step in its order."""
    if backend != "tensorflow":
        return
    import tensorflow

    # It lets a weight change before a gradient has read it: in 44 of 600 steps of a convolution with BatchNorm the
    # scale's gradient was that of the next bias, deterministic operations or not; in none of 600 without this part.
    tensorflow.config.optimizer.set_experimental_options({"dependency_optimization": False})
    # It warns of functions traced again, which in a process that trains several networks is how it should be.
    tensorflow.get_logger().setLevel("ERROR")
    for card in tensorflow.config.list_physical_devices("GPU"):
        # A card that already works for this process keeps the way it has.
        with suppress(RuntimeError):
            tensorflow.config.experimental.set_memory_growth(card, True)


def _make_deterministic(backend: str) -> None:
    if backend == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
    elif backend == "torch":
        import torch

        # The matrix library's own condition for it.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)


def _configured() -> str:
    """The backend in the user's keras.json, which Keras writes by itself and so may name one that is not there."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return str(json.loads((home / "keras.json").read_bytes())["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@contextmanager
def kept_apart() -> Iterator[IO[str]]:
    """Catch what C++ writes to stderr while the block runs; it knows nothing of sys.stderr."""
    sys.stderr.flush()
    with tempfile.TemporaryFile("w+", errors="replace") as caught:
        real = os.dup(2)
        os.dup2(caught.fileno(), 2)
        try:
            yield caught
        finally:
            os.dup2(real, 2)
            os.close(real)


def _last_words(said: IO[str]) -> str:
    said.seek(0)
    lines = said.read().strip().splitlines()
    return f"; its last words: {lines[-1]}" if lines else ""
