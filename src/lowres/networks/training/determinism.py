"""Proof that a training can be repeated on this machine: its first updates made twice and compared, bit by bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import TrainingError

UPDATES = 3
_NAMED = 3


def prove_repeatable(first_updates: Callable[[], Mapping[str, NDArray[Any]]]) -> None:
    """Return where two calls from the same state give the same bits; by name, in the order they come to be.

    Switching deterministic operations on is a promise; this is the test of it. Refused with TrainingError, which names
    what differs first.
    """
    one, other = first_updates(), first_updates()
    different = [name for name in one if one[name].tobytes() != other[name].tobytes()]
    if different:
        first = different[0]
        furthest = float(np.abs(one[first].astype(np.float64) - other[first].astype(np.float64)).max())
        raise TrainingError(
            f"expected {UPDATES} updates to give the same bits twice, got {len(different)} of {len(one)} arrays that "
            f"differ ({', '.join(different[:_NAMED])}; the first by up to {furthest:.2g}); try again on the processor "
            "(CUDA_VISIBLE_DEVICES=-1) or with --set fine_tuning.precision=float32, or train without --deterministic"
        )
