"""Images that teach although nobody said what they show: those a split leaves over, and pictures without labels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.values.labelled_images import LabelledImages
from lowres.values.split import PARTS, Indices, Split, exact_copies, joined_groups

_HASH_CHUNK_IMAGES = 1024


@dataclass(frozen=True, eq=False)
class Unlabelled:
    """Images of no part of a split, numbered on behind the data set they complete.

    numbers: int64 `[n]`, sorted: below the size of the data set its rows, from there on rows of `further`.
    further: uint8 `[m, height, width, 3]`, pictures that came without labels, memory-mapped when large.
    left_out: how many were no use: copies of others, and of a group with images that validate or test.
    """

    numbers: Indices
    further: NDArray[np.uint8]
    left_out: int = 0

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.numbers)

    def pixels(self, own: NDArray[np.uint8], numbers: Indices) -> NDArray[np.uint8]:
        """Return the images of these numbers, uint8 `[k, height, width, 3]`; own: the data set's pixels."""
        is_own = numbers < len(own)
        found = np.empty((len(numbers), *own.shape[1:]), np.uint8)
        found[is_own] = own[numbers[is_own]]
        found[~is_own] = self.further[numbers[~is_own] - len(own)]
        return found

    def fingerprint(self, own: NDArray[np.uint8]) -> str:
        """A SHA-256 over the numbers and the pixels."""
        digest = hashlib.sha256(np.ascontiguousarray(self.numbers).tobytes())
        for start in range(0, len(self), _HASH_CHUNK_IMAGES):
            digest.update(self.pixels(own, self.numbers[start : start + _HASH_CHUNK_IMAGES]).tobytes())
        return digest.hexdigest()


def find_unlabelled(
    images: LabelledImages, split: Split, further: NDArray[np.uint8] | None = None, *, most: int = 0, seed: int = 0
) -> Unlabelled:
    """Return what may teach without a label: images that no part holds, whose labels are not looked at, and `further`.

    Left out: an image with the same content as one that a part holds, or as one before it, and one that the source
    groups with images of a part. most: so many are drawn by the seed; 0: all.
    """
    if further is None:
        further = np.empty((0, images.height, images.width, 3), np.uint8)
    copies = exact_copies(images.pixels, further)
    own_groups = np.arange(len(images)) if images.groups is None else images.groups
    groups = joined_groups(copies, _continued(own_groups, len(further)))
    held = np.concatenate([split.part(part) for part in PARTS])
    others = np.setdiff1d(np.arange(len(copies)), held)
    is_useful = ~np.isin(groups[others], groups[held]) & (copies[others] == others)
    numbers = others[is_useful]
    left_out = len(others) - len(numbers)
    if 0 < most < len(numbers):
        numbers = np.sort(np.random.default_rng(seed).choice(numbers, most, replace=False))
    return Unlabelled(numbers, further, left_out)


def _continued(groups: NDArray[Any], more: int) -> NDArray[np.int64]:
    """Group numbers with `more` of their own behind them."""
    start = int(groups.max()) + 1
    return np.concatenate([groups, np.arange(start, start + more)]).astype(np.int64)
