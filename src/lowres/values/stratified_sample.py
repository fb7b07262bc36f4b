"""A few images that stand for many: every class as often as the others, as far as there are images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def stratified_sample(labels: NDArray[np.int64], rows: NDArray[np.int64], images: int, seed: int) -> NDArray[np.int64]:
    """Return that many of `rows` (all where there are fewer), the classes taking turns, so that any beginning has all.

    labels: int64, of all images; rows: indices into them. The same seed, the same rows.
    """
    shuffled = np.random.default_rng(seed).permutation(rows)
    classes = labels[shuffled]
    by_class = np.argsort(classes, kind="stable")
    turns = np.empty(len(shuffled), np.int64)
    turns[by_class] = np.arange(len(shuffled)) - np.searchsorted(classes[by_class], classes[by_class])
    return np.asarray(shuffled[np.argsort(turns, kind="stable")][:images])
