"""Which images train, which choose, which judge: disjoint, stratified, and bound to one set of images."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import SplitError
from lowres.values.labelled_images import LabelledImages

PARTS = ("train", "validation", "test")
Indices = NDArray[np.int64]
_SUM_CHUNK_BYTES = 16_000_000


@dataclass(frozen=True, eq=False)
class Split:
    """Indices into one `LabelledImages`, sorted, int64 `[n_part]`; the parts never overlap.

    `fingerprint` is the images'; `check` refuses images with another one.
    """

    train: Indices
    validation: Indices
    test: Indices
    fingerprint: str

    def __post_init__(self) -> None:
        """Refuse parts that overlap or are empty."""
        for name in PARTS:
            part = np.sort(getattr(self, name)).astype(np.int64)
            if part.size == 0:
                raise SplitError(f"expected at least one image in the {name} part, got none")
            part.flags.writeable = False
            object.__setattr__(self, name, part)
        together = np.concatenate([self.train, self.validation, self.test])
        if len(np.unique(together)) != len(together):
            raise SplitError("expected parts that share no image, got some image in two parts (or twice in one)")

    def part(self, name: str) -> Indices:
        """The indices of `train`, `validation` or `test`."""
        if name not in PARTS:
            raise SplitError(f"expected a part among {', '.join(PARTS)}, got {name!r}")
        return np.asarray(getattr(self, name))

    def check(self, images: LabelledImages) -> None:
        """Refuse images other than those this split was made from."""
        if images.fingerprint != self.fingerprint:
            raise SplitError(
                f"expected the images this split was made from (fingerprint {self.fingerprint[:12]}), "
                f"got others ({images.fingerprint[:12]}); make a new split"
            )


def make_split(
    images: LabelledImages,
    *,
    pool_images: int = 0,
    validation_fraction: float = 0.2,
    test_fraction: float = 0.2,
    seed: int = 42,
) -> Split:
    """Draw train, validation and test parts, stratified by class, the same for the same seed.

    Images the source holds out are the test part, whole. Otherwise `test_fraction` of the images is drawn for it.
    From what remains a stratified pool of `pool_images` is taken (0, or within one image a class of all: all), and
    `validation_fraction` of the pool validates. On CIFAR-10 with a pool of 10,000 this is scikit-learn's
    `train_test_split(..., stratify=labels, random_state=42)` twice: 8,000 / 2,000 / 10,000.
    Images of one group, and exact copies, stay on one side; a copy of a held-out image is never trained on.
    Refused with SplitError: a class with too few images to be in every part.
    """
    _check_class_sizes(images)
    groups = image_groups(images)
    if images.held_out is not None and images.held_out.any():
        test = np.flatnonzero(images.held_out)
        candidates = np.flatnonzero(~images.held_out & ~np.isin(groups, groups[test]))
    else:
        candidates, test = _draw(np.arange(len(images)), images, groups, test_fraction, seed, "test")
    # A rest smaller than one image a class cannot be drawn stratified; then the pool is all there are.
    if 0 < pool_images <= len(candidates) - len(images.class_names):
        candidates, _ = _draw(candidates, images, groups, len(candidates) - pool_images, seed, "pool")
    train, validation = _draw(candidates, images, groups, validation_fraction, seed, "validation")
    split = Split(train, validation, test, images.fingerprint)
    _check_every_class_everywhere(split, images)
    return split


def image_groups(images: LabelledImages) -> NDArray[np.int64]:
    """One number an image, the same for images that must not be parted: the source's groups, and exact copies."""
    return joined_groups(exact_copies(images.pixels), images.groups)


def exact_copies(*sets: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The row of the first image with the same content, int64 `[n]`; an image without an earlier copy has its own.

    Rows are counted through all sets, uint8 `[k, height, width, 3]` each.
    """
    sums = np.concatenate([_quick_sums(pixels) for pixels in sets])
    images = [image for pixels in sets for image in pixels]
    _, bucket, rows_in_bucket = np.unique(sums, return_inverse=True, return_counts=True)
    copies = np.arange(len(sums))
    first_with: dict[bytes, int] = {}
    # Hashing all of 60,000 small images takes 0.7 s; only those whose sums agree can be copies.
    for row in np.flatnonzero(rows_in_bucket[bucket] > 1).tolist():
        digest = hashlib.blake2b(np.ascontiguousarray(images[row]).tobytes(), digest_size=16).digest()
        copies[row] = first_with.setdefault(digest, row)
    return copies


def _quick_sums(pixels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """A weighted sum of each image's bytes, eight at a time, modulo 2**64: equal for copies, seldom for others."""
    n, size = len(pixels), int(np.prod(pixels.shape[1:]))
    words = -(-size // 8)
    weights = np.random.default_rng(0).integers(2**63, size=words, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    sums = np.empty(n, dtype=np.uint64)
    rows = max(1, _SUM_CHUNK_BYTES // max(size, 1))
    for start in range(0, n, rows):
        chunk = np.asarray(pixels[start : start + rows]).reshape(-1, size)
        padded = np.pad(chunk, ((0, 0), (0, 8 * words - size))) if size % 8 else np.ascontiguousarray(chunk)
        sums[start : start + rows] = np.einsum("nw,w->n", padded.view(np.uint64), weights)
    return sums


def joined_groups(copies: NDArray[np.int64], groups: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """One number an image, the same for all that copies or the source's groups link, even by way of others."""
    return copies if groups is None else _joined(copies, groups)


def _joined(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Connected components of "same left number or same right number": copies may link two of the source's groups."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = len(left)
    right_ids = np.unique(right, return_inverse=True)[1] + n
    rows = np.concatenate([np.arange(n), np.arange(n)])
    columns = np.concatenate([left, right_ids])
    size = int(columns.max()) + 1
    graph = coo_matrix((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1][:n], dtype=np.int64)


def _draw(
    candidates: Indices,
    images: LabelledImages,
    groups: NDArray[np.int64],
    amount: float | int,
    seed: int,
    part: str,
) -> tuple[Indices, Indices]:
    """Draw `amount` (a fraction, or a number of images) out of the candidates, whole groups at a time."""
    if len(np.unique(groups[candidates])) < len(candidates):
        return _draw_groups(candidates, images, groups, amount, seed, part)
    # Here and not above: scikit-learn takes a second to import, and a finished study answers in one without it.
    from sklearn.model_selection import train_test_split

    try:
        # In the order drawn, not sorted: the next draw then is what train_test_split gives when called on it by hand.
        kept, drawn = train_test_split(
            candidates, test_size=amount, stratify=images.labels[candidates], random_state=seed
        )
    except ValueError as error:
        raise SplitError(
            f"cannot draw the {part} part from {len(candidates)} images in {len(images.class_names)} classes: {error}; "
            "give more images of the smallest class, or a larger fraction"
        ) from error
    return kept, drawn


def _draw_groups(
    candidates: Indices,
    images: LabelledImages,
    groups: NDArray[np.int64],
    amount: float | int,
    seed: int,
    part: str,
) -> tuple[Indices, Indices]:
    """Draw groups in random order, class by class, each that still fits into the class's share of images.

    scikit-learn's draw would count groups: where their sizes differ, a fifth of the groups is no fifth of the images.
    A group of several classes counts as its first image's.
    """
    group_ids, first, member_of, sizes = np.unique(
        groups[candidates], return_index=True, return_inverse=True, return_counts=True
    )
    labels = images.labels[candidates[first]]
    wanted = amount if isinstance(amount, int) else ceil(amount * len(candidates))
    shares = _class_shares(np.bincount(labels, weights=sizes, minlength=len(images.class_names)), wanted)
    random = np.random.default_rng(seed)
    is_drawn = np.zeros(len(group_ids), dtype=bool)
    for label in np.unique(labels):
        of_class = random.permutation(np.flatnonzero(labels == label))
        if len(of_class) < 2:
            name = images.class_names[label]
            raise SplitError(
                f"expected at least two groups of {name!r} to draw the {part} part from, got one of "
                f"{sizes[of_class[0]]} images; add images of another group or leave {name!r} out"
            )
        is_drawn[_fitting(of_class, sizes, int(shares[label]))] = True
    return candidates[~is_drawn[member_of]], candidates[is_drawn[member_of]]


def _class_shares(counts: NDArray[Any], wanted: int) -> NDArray[np.int64]:
    """Share `wanted` images out over the classes as their counts are, to whole images, largest remainders up."""
    exact = counts * wanted / counts.sum()
    shares = np.floor(exact).astype(np.int64)
    shares[np.argsort(shares - exact, kind="stable")[: wanted - int(shares.sum())]] += 1
    return np.asarray(shares)


def _fitting(units: Indices, sizes: NDArray[np.int64], share: int) -> list[int]:
    """The units taken one after another while they fit into the share; at least one, and never all."""
    taken: list[int] = []
    for unit in units[:-1].tolist():
        if sizes[unit] <= share:
            taken.append(unit)
            share -= int(sizes[unit])
    return taken or [int(units[sizes[units].argmin()])]


def _check_class_sizes(images: LabelledImages) -> None:
    for name, count in zip(images.class_names, images.class_counts, strict=True):
        if count < len(PARTS):
            raise SplitError(
                f"expected at least {len(PARTS)} images of every class (one to train, one to validate, one to test), "
                f"got {count} of {name!r}; add images of {name!r} or leave the class out"
            )


def _check_every_class_everywhere(split: Split, images: LabelledImages) -> None:
    for part in PARTS:
        counts = np.bincount(images.labels[split.part(part)], minlength=len(images.class_names))
        missing = [name for name, count in zip(images.class_names, counts, strict=True) if count == 0]
        if missing:
            raise SplitError(
                f"expected every class in the {part} part ({len(split.part(part))} images), got none of "
                f"{', '.join(missing)}; give more images of them, or a larger fraction for this part"
            )
