"""A backend that runs out of memory is understood, and no other failure is taken for it."""

from __future__ import annotations

import sys
from types import ModuleType

import keras
import pytest

from lowres.networks.training import out_of_memory
from lowres.networks.training.out_of_memory import is_out_of_memory, memory_errors


class OutOfMemoryError(RuntimeError):
    """As torch names it."""


def test_an_array_beyond_any_memory_is_what_the_backend_raises_for_it():
    with pytest.raises(memory_errors()) as caught:
        keras.ops.convert_to_numpy(keras.ops.zeros((2**45,), "float32"))
    assert is_out_of_memory(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OutOfMemoryError("CUDA"),
        RuntimeError("RESOURCE_EXHAUSTED: while trying to allocate 3.2G"),
        RuntimeError("CUDA failed: Out of memory"),
    ],
    ids=repr,
)
def test_the_ways_of_saying_it(error):
    assert is_out_of_memory(error)


@pytest.mark.parametrize("error", [RuntimeError("INVALID_ARGUMENT: shapes"), ValueError("memory"), OSError()], ids=repr)
def test_other_errors_are_not_taken_for_it(error):
    assert not is_out_of_memory(error)


def test_each_backend_has_its_own(monkeypatch):
    torch = ModuleType("torch")
    torch.OutOfMemoryError = OutOfMemoryError
    monkeypatch.setitem(sys.modules, "torch", torch)
    for backend, error in (("torch", OutOfMemoryError), ("jax", RuntimeError)):
        monkeypatch.setattr(out_of_memory.keras.backend, "backend", lambda backend=backend: backend)
        assert memory_errors() == (MemoryError, error)
