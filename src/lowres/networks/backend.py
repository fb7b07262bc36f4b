"""Loads Keras with whichever backend is installed, without the page of greetings that TensorFlow prints."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import IO

from lowres.errors import MissingDependency

# In this order where the user names none: the first is the quickest to train with on a processor.
BACKENDS = ("tensorflow", "jax", "torch")
_CHOICE = "KERAS_BACKEND"


def load_backend() -> str:
    """Return the name of the backend that Keras now runs on; the variable KERAS_BACKEND chooses one.

    Refused with MissingDependency: none is installed, or the one chosen does not load.
    """
    installed = [name for name in BACKENDS if find_spec(name)]
    if not installed:
        raise MissingDependency(
            f"expected a backend for Keras ({', '.join(BACKENDS)}), got none installed; "
            "pip install 'lowres[cpu]', or 'lowres[gpu]' where there is an NVIDIA card"
        )
    if not _is_chosen():
        os.environ[_CHOICE] = installed[0]
    with _kept_apart() as said:
        try:
            import keras
        except (ImportError, OSError, ValueError) as error:
            raise MissingDependency(
                f"expected Keras to load with the backend {os.environ.get(_CHOICE, installed[0])!r}, "
                f"got {error!r}; `lowres doctor` looks further, {_CHOICE} chooses another ({', '.join(installed)})"
                f"{_last_words(said)}"
            ) from error
    return str(keras.backend.backend())


def _is_chosen() -> bool:
    home = os.environ.get("KERAS_HOME", os.path.join(os.path.expanduser("~"), ".keras"))
    return bool(os.environ.get(_CHOICE)) or os.path.exists(os.path.join(home, "keras.json"))


@contextmanager
def _kept_apart() -> Iterator[IO[str]]:
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
