"""Decoded images kept in the cache folder: pixels.npy, labels.npy and meta.json, opened memory-mapped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import DataError
from lowres.files.atomic import atomic_path, atomic_write_json
from lowres.values.labelled_images import LabelledImages

PIXELS = "pixels.npy"
LABELS = "labels.npy"
META = "meta.json"
_FORMAT = 1


@dataclass(frozen=True)
class StoredImages:
    """Images opened from a store: who served them, and the files that were no readable pictures."""

    images: LabelledImages
    origin: str
    skipped: tuple[str, ...] = ()


@contextmanager
def pixel_file(path: Path, height: int, width: int) -> Iterator[Callable[[NDArray[np.uint8]], None]]:
    """Yield a function that appends uint8 `[k, height, width, 3]` to a new .npy file, whole or not at all.

    Written with plain writes, never through a memory map: there a full disk would kill the process (SIGBUS).
    """
    rows = 0
    with atomic_path(path) as part, part.open("wb") as file:

        def append(pixels: NDArray[np.uint8]) -> None:
            nonlocal rows
            file.write(np.ascontiguousarray(pixels).data)
            rows += len(pixels)

        _write_header(file, 0, height, width)
        yield append
        file.seek(0)
        _write_header(file, rows, height, width)


def keep_images(folder: Path, images: LabelledImages, key: str, origin: str, skipped: tuple[str, ...] = ()) -> None:
    """Complete a store whose pixel file was written before: labels, then meta.json, which makes it whole."""
    with atomic_path(folder / LABELS) as part, part.open("wb") as file:
        np.lib.format.write_array(file, np.asarray(images.labels), allow_pickle=False)
    meta = {
        "format": _FORMAT,
        "key": key,
        "origin": origin,
        "fingerprint": images.fingerprint,
        "class_names": list(images.class_names),
        "ids": list(images.ids),
        "held_out": None if images.held_out is None else "".join("01"[int(flag)] for flag in images.held_out),
        "skipped": list(skipped),
        "shape": list(images.pixels.shape),
        "pixels": pixel_stamp(folder / PIXELS),
        "labels_sha256": _sha256((folder / LABELS).read_bytes()),
    }
    atomic_write_json(folder / META, {"sha256": _meta_sha256(meta), "meta": meta})


def open_images(folder: Path, key: str) -> StoredImages | None:
    """Return the images kept under `key`, memory-mapped; None where there are none, others, or damaged ones.

    Cheap checks: the hash of meta.json and of the labels, the pixel file's shape, size and time. Where only the time
    differs (a copied cache), all pixels are hashed again and compared with the stored fingerprint.
    """
    try:
        document = json.loads((folder / META).read_bytes())
        meta = document["meta"]
        if document["sha256"] != _meta_sha256(meta) or meta["format"] != _FORMAT or meta["key"] != key:
            return None
        return _open_described(folder, meta)
    except (OSError, ValueError, KeyError, TypeError, DataError):
        return None


def load_pixels(path: Path) -> NDArray[np.uint8]:
    """Open a pixel file memory-mapped and read-only."""
    pixels: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    return pixels


def _open_described(folder: Path, meta: dict[str, Any]) -> StoredImages | None:
    stamp = pixel_stamp(folder / PIXELS)
    pixels = load_pixels(folder / PIXELS)
    labels_are_whole = _sha256((folder / LABELS).read_bytes()) == meta["labels_sha256"]
    if list(pixels.shape) != meta["shape"] or stamp["bytes"] != meta["pixels"]["bytes"] or not labels_are_whole:
        return None
    images = LabelledImages(
        pixels=pixels,
        labels=np.load(folder / LABELS, allow_pickle=False),
        class_names=tuple(meta["class_names"]),
        ids=tuple(meta["ids"]),
        held_out=None if meta["held_out"] is None else np.array([flag == "1" for flag in meta["held_out"]]),
        fingerprint=meta["fingerprint"] if stamp == meta["pixels"] else "",
    )
    if images.fingerprint != meta["fingerprint"]:
        return None
    return StoredImages(images, meta["origin"], tuple(meta["skipped"]))


def _write_header(file: Any, rows: int, height: int, width: int) -> None:
    # NumPy pads the header for a growing first axis, so the second writing has the length of the first.
    header = {"descr": "|u1", "fortran_order": False, "shape": (rows, height, width, 3)}
    np.lib.format.write_array_header_1_0(file, header)


def pixel_stamp(path: Path) -> dict[str, int]:
    """Return what changes when a pixel file is written anew."""
    status = path.stat()
    return {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns}


def _meta_sha256(meta: dict[str, Any]) -> str:
    return _sha256(json.dumps(meta, sort_keys=True).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
