"""Two runs that are equal to the last bit pass; of two that are not, what differs is named."""

from __future__ import annotations

import numpy as np
import pytest

from lowres.errors import TrainingError
from lowres.networks.training.determinism import prove_repeatable

KERNEL = np.arange(6, dtype=np.float32).reshape(2, 3)


def answering(*answers):
    """A training that gives these answers, one a call."""
    left = list(answers)
    return lambda: left.pop(0)


def test_equal_bits_pass():
    prove_repeatable(
        answering({"kernel": KERNEL, "seed": np.array([1])}, {"kernel": KERNEL.copy(), "seed": np.array([1])})
    )


def test_a_last_bit_is_enough_to_be_refused():
    other = KERNEL.copy()
    other[1, 2] = np.nextafter(other[1, 2], np.float32(9))
    first, second = ({"inputs": KERNEL, "kernel": KERNEL}, {"inputs": KERNEL, "kernel": other})
    with pytest.raises(TrainingError, match=r"3 updates to give the same bits twice, got 1 of 2 .*\(kernel; the first"):
        prove_repeatable(answering(first, second))


def test_what_differs_first_is_named_first_and_by_how_much():
    names = ("inputs of update 1", "kernel", "bias", "gamma")
    first, second = ({name: KERNEL for name in names}, {name: KERNEL + np.float32(0.25) for name in names})
    wanted = (
        r"4 of 4 arrays that differ \(inputs of update 1, kernel, bias; the first by up to 0\.25\); try again on the"
    )
    with pytest.raises(TrainingError, match=wanted):
        prove_repeatable(answering(first, second))


def test_nought_and_minus_nought_are_not_the_same_bits():
    with pytest.raises(TrainingError, match="1 of 1"):
        prove_repeatable(answering({"bias": np.zeros(2, np.float32)}, {"bias": np.array([0.0, -0.0], np.float32)}))
