"""Random numbers that belong to a key, not to an order: the same image in the same epoch always draws the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_GOLDEN = 0x9E3779B97F4A7C15


def keyed_words(*key: int | NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return 64 random bits for each key; whole numbers from 0 and arrays of them are broadcast together.

    Each part of the key picks one output of a SplitMix64 generator that starts from the parts before it (Steele, Lea
    and Flood 2014). A generator object an image (numpy's Philox) would cost 20 microseconds each.
    """
    words = np.zeros(1, dtype=np.uint64)
    for part in key:
        steps = np.atleast_1d(np.asarray(part)).astype(np.uint64) + np.uint64(1)
        words = _scrambled(words + steps * np.uint64(_GOLDEN))
    return words


def keyed_fractions(*key: int | NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each key, uniform to 53 bits."""
    return np.asarray((keyed_words(*key) >> np.uint64(11)).astype(np.float64) * 2.0**-53)


@dataclass(frozen=True, eq=False)
class ImageDraws:
    """What each image draws in one epoch; `purpose` numbers the question, so a new question moves no other answer.

    numbers: whole numbers from 0, int64 `[n]`, each its image's own for good (its row among all images, say).
    """

    seed: int
    epoch: int
    numbers: NDArray[np.int64]

    def fractions(self, purpose: int) -> NDArray[np.float64]:
        """Return a number in [0, 1) an image, `[n]`."""
        return keyed_fractions(self.seed, self.epoch, self.numbers, purpose)

    def between(self, low: float, high: float, purpose: int) -> NDArray[np.float64]:
        """Return a number in [low, high) an image, `[n]`."""
        return low + (high - low) * self.fractions(purpose)

    def whole(self, low: int, high: int, purpose: int) -> NDArray[np.int64]:
        """Return a whole number from low to high, both included, an image, `[n]`."""
        return low + np.floor(self.fractions(purpose) * (high - low + 1)).astype(np.int64)

    def rows(self, chosen: NDArray[np.int64] | slice) -> ImageDraws:
        """Return the draws of some of the images."""
        return ImageDraws(self.seed, self.epoch, self.numbers[chosen])


def _scrambled(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
