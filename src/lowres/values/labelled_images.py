"""A labelled set of images of one size, immutable, known by the fingerprint of its content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import DataError

_HASH_CHUNK_IMAGES = 8192


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """n images with one label each.

    pixels: uint8 `[n, height, width, 3]`, RGB, read-only, memory-mapped when large.
    labels: int64 `[n]`, each an index into `class_names`.
    ids: `n` unique strings; they travel with every prediction.
    held_out: bool `[n]`, the images the source itself keeps for testing; None where it keeps none.
    groups: int64 `[n]`, images with one number must stay on one side of a split; None: every image by itself.
    fingerprint: SHA-256 of everything above; computed when not given (a cache may hand in the stored one).
    Refused with DataError: other dtypes or shapes, labels outside `class_names`, duplicate ids, fewer than two classes.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    ids: tuple[str, ...]
    held_out: NDArray[np.bool_] | None = None
    groups: NDArray[np.int64] | None = None
    fingerprint: str = field(default="")

    def __post_init__(self) -> None:
        """Refuse what later stages could not trust, then close the arrays against writing."""
        _check_arrays(self.pixels, self.labels)
        _check_names(self)
        object.__setattr__(self, "labels", _read_only(self.labels.astype(np.int64, copy=False)))
        object.__setattr__(self, "pixels", _read_only(self.pixels))
        for name in ("held_out", "groups"):
            column = getattr(self, name)
            if column is not None:
                _check_column(column, name, len(self.labels))
                object.__setattr__(self, name, _read_only(column))
        if not self.fingerprint:
            object.__setattr__(self, "fingerprint", _fingerprint(self))

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    @property
    def height(self) -> int:
        """Height of every image in pixels."""
        return int(self.pixels.shape[1])

    @property
    def width(self) -> int:
        """Width of every image in pixels."""
        return int(self.pixels.shape[2])

    @cached_property
    def class_counts(self) -> NDArray[np.int64]:
        """Images per class, `[classes]`."""
        return np.bincount(self.labels, minlength=len(self.class_names)).astype(np.int64)


def _check_arrays(pixels: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    if pixels.dtype != np.uint8:
        raise DataError(
            f"expected uint8 pixels from 0 to 255, got {pixels.dtype}; "
            "store the pictures as they are (lowres scales inside the network), or multiply by 255 and round"
        )
    if pixels.ndim != 4 or pixels.shape[3] != 3:
        raise DataError(f"expected pixels of shape [n, height, width, 3], got {list(pixels.shape)}")
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(f"expected whole-number labels of shape [n], got {labels.dtype} {list(labels.shape)}")
    if len(labels) != len(pixels):
        raise DataError(f"expected one label an image, got {len(pixels)} images and {len(labels)} labels")
    if len(labels) == 0:
        raise DataError("expected at least one image, got none")


def _check_column(column: NDArray[Any], name: str, n: int) -> None:
    if column.shape != (n,):
        raise DataError(f"expected one value of {name} an image ({n}), got {list(column.shape)}")
    wanted = np.bool_ if name == "held_out" else np.integer
    if not np.issubdtype(column.dtype, wanted):
        raise DataError(f"expected {name} as {'bool' if wanted is np.bool_ else 'whole numbers'}, got {column.dtype}")


def _check_names(images: LabelledImages) -> None:
    classes = len(images.class_names)
    if classes < 2:
        raise DataError(f"expected at least two classes, got {classes}: {list(images.class_names)}; add another class")
    if len(set(images.class_names)) != classes:
        raise DataError(f"expected class names that differ, got {list(images.class_names)}")
    low, high = int(images.labels.min()), int(images.labels.max())
    if low < 0 or high >= classes:
        raise DataError(f"expected labels from 0 to {classes - 1} ({classes} class names), got {low} to {high}")
    if len(images.ids) != len(images.labels) or len(set(images.ids)) != len(images.ids):
        raise DataError(f"expected {len(images.labels)} ids that differ, got {len(set(images.ids))}")


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


def fingerprint_of_rows(images: LabelledImages, rows: NDArray[np.int64]) -> str:
    """Return the SHA-256 of some images with their ids and classes, whatever the others are and in whatever order."""
    digest = hashlib.sha256(repr((images.pixels.shape[1:], images.class_names)).encode())
    for row in sorted(rows.tolist(), key=lambda row: images.ids[row]):
        digest.update(f"{images.ids[row]}\n{images.class_names[images.labels[row]]}\n".encode())
        digest.update(np.ascontiguousarray(images.pixels[row]).tobytes())
    return digest.hexdigest()


def _fingerprint(images: LabelledImages) -> str:
    digest = hashlib.sha256()
    digest.update(repr((images.pixels.shape, images.class_names, images.ids)).encode())
    # In chunks, so that a memory-mapped set never has to fit into memory.
    for start in range(0, len(images), _HASH_CHUNK_IMAGES):
        digest.update(np.ascontiguousarray(images.pixels[start : start + _HASH_CHUNK_IMAGES]).tobytes())
    for column in (images.labels, images.held_out, images.groups):
        digest.update(b"-" if column is None else np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()
