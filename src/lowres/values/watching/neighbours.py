"""How far an embedding lies from those of a reference: the distance to its k-th nearest neighbour there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 10
_ROWS_AT_ONCE = 512


def directions(embeddings: NDArray[Any]) -> NDArray[np.float32]:
    """Return embeddings `[n, channels]` at length 1, float32; those without a number stay NaN."""
    exact = np.asarray(embeddings, np.float32)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    return np.asarray(exact / np.where(lengths == 0, 1, lengths), np.float32)


def neighbour_distances(
    asked: NDArray[np.float32], reference: NDArray[np.float32], neighbours: int = NEIGHBOURS, *, is_own: bool = False
) -> NDArray[np.float32]:
    """Return the distance of each row to its k-th nearest in the reference, both at length 1, float32 `[n]`.

    Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors". is_own: the asked are the reference
    itself, and no row is a neighbour of its own. NaN for rows without an embedding.
    """
    found = np.full(len(asked), np.nan, np.float32)
    place = min(neighbours + is_own, len(reference)) - 1
    if place < 0:
        return found
    for start in range(0, len(asked), _ROWS_AT_ONCE):
        rows = asked[start : start + _ROWS_AT_ONCE]
        # Of unit vectors: |a - b|^2 = 2 - 2 a.b
        squares = np.maximum(2 - 2 * (rows @ reference.T), 0)
        known = ~np.isnan(squares).any(axis=1)
        found[start : start + len(rows)][known] = np.sqrt(np.partition(squares[known], place, axis=1)[:, place])
    return found
