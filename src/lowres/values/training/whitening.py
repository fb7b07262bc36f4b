"""The kernels of a first convolution that whitens: what comes out of it is uncorrelated and of one size."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lowres.errors import DataError

PATCH_PIXELS = 2
# Directions that hardly occur (a third colour in grey pictures) are not blown up to full size.
_EPSILON = 5e-4


def whitening_kernels(batches: Iterable[NDArray[np.float32]], epsilon: float = _EPSILON) -> NDArray[np.float32]:
    """Return kernels `[2, 2, c, 8 c]` computed from every 2x2 patch of images `[n, height, width, c]`, in batches.

    The eigenvectors of the patches' second moment, the largest first, each divided by the square root of its
    eigenvalue plus `epsilon`, and behind them the same with the other sign (Jordan 2024, section 3.2; Page 2018).
    Refused with DataError: no image, or images without a patch.
    """
    moment, patches = np.zeros(0), 0
    for images in batches:
        flat = _patches(np.asarray(images, np.float64))
        product = flat.T @ flat
        moment = moment + product if patches else product
        patches += len(flat)
    if not patches:
        raise DataError("expected at least one image to compute whitening kernels from, got none")
    values, vectors = np.linalg.eigh(moment / patches)
    # The sign of an eigenvector is a library's choice; both signs are kept, so only their order hangs on it.
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))])
    scaled = (vectors * signs / np.sqrt(np.maximum(values, 0) + epsilon))[:, ::-1]
    both = np.concatenate([scaled, -scaled], axis=1)
    return both.reshape(PATCH_PIXELS, PATCH_PIXELS, -1, both.shape[1]).astype(np.float32)


def _patches(images: NDArray[np.float64]) -> NDArray[np.float64]:
    """`[patches, 4 c]`, in the order of a kernel: row, column, channel."""
    if images.ndim != 4 or min(images.shape[1:3]) < PATCH_PIXELS:
        raise DataError(
            f"expected images [n, height, width, channels] of at least {PATCH_PIXELS} pixels each way, "
            f"got {list(images.shape)}"
        )
    windows = np.lib.stride_tricks.sliding_window_view(images, (PATCH_PIXELS, PATCH_PIXELS), axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, PATCH_PIXELS**2 * images.shape[-1])
