"""Removed pixels filled in from those around them, so that a network sees a gap and not an edge: ROAD's imputation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lowres.values.explaining.removed_pixels import Pixels, enlarged, field_means
from lowres.values.keyed_random import keyed_fractions

_DIRECT, _DIAGONAL = 1 / 6, 1 / 12
_NEIGHBOURS = tuple(
    (down, across, _DIAGONAL if down and across else _DIRECT)
    for down in (-1, 0, 1)
    for across in (-1, 0, 1)
    if down or across
)
IMPUTATION_NOISE = 0.01 * 255
_Places = tuple[slice, slice, slice]


def imputed(pixels: Pixels, is_removed: NDArray[np.bool_], seed: int, numbers: NDArray[np.int64]) -> Pixels:
    """Return the pictures with the removed fields `[n, rows, columns]` filled in from those around them, and noise.

    numbers: int64 `[n]`, each image's own, which its noise is drawn by. Rong et al., A Consistent and Efficient
    Evaluation Strategy for Attribution Methods, ICML 2022, section 4.2: everything removed is the weighted mean of its
    eight neighbours, 1/6 beside and 1/12 across the corner, solved for all at once; then Gaussian noise of 0.01 of the
    range, so that what was removed cannot be told by how smooth it is.
    """
    size = pixels.shape[1:3]
    fields = _filled(field_means(pixels), is_removed)
    noise = _normal(keyed_fractions(seed, numbers[:, None], np.arange(pixels[0].size)[None])).reshape(pixels.shape)
    filled = np.rint(enlarged(fields, *size) + IMPUTATION_NOISE * noise).clip(0, 255)
    return np.where(enlarged(is_removed, *size)[..., None], filled, pixels).astype(np.uint8)


def _normal(fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import ndtri

    return np.asarray(ndtri(fractions.clip(1e-9, 1 - 1e-9)))


def _filled(pictures: NDArray[np.float64], is_removed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Solve for all pictures at once: a system each costs more in calls than in arithmetic."""
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import splu

    result = pictures.copy()
    # With nothing left there is no neighbour to ask; the mean of the picture is as flat as a solution would be.
    is_empty = np.asarray(is_removed.all(axis=(1, 2)))
    result[is_empty] = pictures[is_empty].mean(axis=(1, 2), keepdims=True)
    is_unknown = is_removed & ~is_empty[:, None, None]
    count = int(is_unknown.sum())
    if count == 0:
        return result
    numbers = np.full(is_unknown.shape, -1, np.int32)
    numbers[is_unknown] = np.arange(count, dtype=np.int32)
    known = np.where(is_unknown[..., None], 0.0, result)
    sums, own = np.zeros_like(result), np.zeros(is_unknown.shape)
    entries: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]] = []
    for here, there, weight in _pairs(is_unknown.shape[1:]):
        own[here] += weight
        sums[here] += weight * known[there]
        of, other = numbers[here], numbers[there]
        both = (of >= 0) & (other >= 0)
        entries.append((of[both], other[both], np.full(int(both.sum()), -weight)))
    diagonal = np.arange(count, dtype=np.int32)
    entries.append((diagonal, diagonal, own[is_unknown]))
    rows, columns, values = (np.concatenate(some) for some in zip(*entries, strict=True))
    system = coo_array((values, (rows, columns)), shape=(count, count)).tocsc()
    # Symmetric and diagonally dominant: no pivoting is needed, and the ordering for such is three times as quick.
    solver = splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    result[is_unknown] = solver.solve(sums[is_unknown])
    return result


def _pairs(shape: Sequence[int]) -> Iterator[tuple[_Places, _Places, float]]:
    """Every pixel that has a neighbour in a direction, the neighbours, and what they weigh."""
    height, width = shape
    for down, across, weight in _NEIGHBOURS:
        here = slice(None), slice(max(0, -down), height - max(0, down)), slice(max(0, -across), width - max(0, across))
        there = slice(None), slice(max(0, down), height - max(0, -down)), slice(max(0, across), width - max(0, -across))
        yield here, there, weight
