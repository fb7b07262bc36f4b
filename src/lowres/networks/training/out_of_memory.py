"""How each backend says that memory ended: the errors to catch, and what tells them from others of their class."""

from __future__ import annotations

import keras


def memory_errors() -> tuple[type[BaseException], ...]:
    """Return what the backend in use may raise when memory ends; ask `is_out_of_memory` about what was caught."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow

        return MemoryError, tensorflow.errors.ResourceExhaustedError
    if backend == "torch":
        import torch

        return MemoryError, torch.OutOfMemoryError
    # JAX has one error for everything that goes wrong on a device.
    return MemoryError, RuntimeError


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that memory ended."""
    if isinstance(error, MemoryError) or type(error).__name__ in ("ResourceExhaustedError", "OutOfMemoryError"):
        return True
    return "RESOURCE_EXHAUSTED" in str(error) or "out of memory" in str(error).lower()
