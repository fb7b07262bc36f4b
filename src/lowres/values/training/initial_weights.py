"""Weights as a network begins with them, drawn with NumPy: the same on every backend, each layer by its own name."""

from __future__ import annotations

import math
import zlib
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Initial = Literal["he-fan-in", "he-fan-out", "uniform"]
Kernel = NDArray[np.float32]


def drawn_kernel(shape: tuple[int, ...], initial: Initial, *, seed: int, name: str) -> Kernel:
    """Return a kernel `[..., channels in, channels out]`, float32, that seed and layer name alone decide.

    he-fan-in, he-fan-out: normal, of variance 2 / fan (He et al. 2015, equations 10 and 14). uniform: within
    1 / sqrt(fan in) each way, as PyTorch begins its convolutions and linear layers. Of a depthwise convolution each
    filter has one channel in: `[height, width, 1, channels]`.
    """
    random = np.random.default_rng((seed, zlib.crc32(name.encode())))
    fan_in = math.prod(shape[:-1])
    if initial == "uniform":
        return random.random(shape, dtype=np.float32) * np.float32(2 / math.sqrt(fan_in)) - np.float32(fan_in**-0.5)
    fan = fan_in if initial == "he-fan-in" else math.prod(shape[:-2]) * shape[-1]
    return random.standard_normal(shape, dtype=np.float32) * np.float32(math.sqrt(2 / fan))


def begun_as_identity(kernel: Kernel) -> Kernel:
    """Return a kernel `[height, width, in, out]` whose first filters pass on one channel each, unchanged.

    The partial identity of Jordan (2024), "94% on CIFAR-10 in 3.29 Seconds", section 3.1: the layer begins as a copy
    of what comes in, and the filters beyond that stay as they are. Odd height and width.
    """
    height, width, channels, filters = kernel.shape
    copies = np.arange(min(channels, filters))
    begun = kernel.copy()
    begun[..., : len(copies)] = 0
    begun[height // 2, width // 2, copies, copies] = 1
    return begun
