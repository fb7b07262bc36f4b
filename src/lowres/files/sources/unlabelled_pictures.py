"""Pictures that nobody labelled: any folder of them, decoded once, kept in the cache, and opened from there."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lowres.errors import DataError
from lowres.files.atomic import atomic_write_json
from lowres.files.cache_folder import cache_folder
from lowres.files.pictures.picture_file import Fit, Size
from lowres.files.progress import Report
from lowres.files.sources.class_folders import SUFFIXES
from lowres.files.sources.decoded_folders import decode_files
from lowres.files.sources.image_store import META, PIXELS, load_pixels, pixel_stamp

_DECODING = 1


@dataclass(frozen=True, eq=False)
class UnlabelledPictures:
    """pixels: uint8 `[n, height, width, 3]`, memory-mapped; skipped: damaged files that were left out."""

    pixels: NDArray[np.uint8]
    skipped: tuple[str, ...] = ()


def list_unlabelled(root: Path) -> tuple[tuple[str, ...], str]:
    """Return the paths of the pictures below `root`, at any depth, and a key that changes when one may have changed.

    Hidden files are left alone. Refused with DataError: no folder there, no picture in it.
    """
    if not root.is_dir():
        found = "a file" if root.exists() else "nothing"
        raise DataError(f"expected a folder of unlabelled pictures at {root}, got {found}; check the path")
    stamps = []
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in files:
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                path = Path(folder, name)
                status = path.stat()
                stamps.append((path.relative_to(root).as_posix(), status.st_size, status.st_mtime_ns))
    if not stamps:
        raise DataError(f"expected pictures ({', '.join(sorted(SUFFIXES))}) below {root}, got none; check the path")
    stamps.sort()
    key = hashlib.sha256(repr(stamps).encode("utf-8", "surrogateescape")).hexdigest()
    return tuple(relative for relative, _, _ in stamps), key


def open_unlabelled(root: Path, size: Size, fit: Fit, skip_damaged: bool, report: Report) -> UnlabelledPictures:
    """Return the pictures below `root` at one size (width, height), as the labelled ones are brought to theirs.

    Refused with DataError: as `list_unlabelled`; with DamagedImage: files that are no readable pictures, all of them
    named, unless `skip_damaged` leaves them out.
    """
    files, listing_key = list_unlabelled(root)
    key = f"{_DECODING}/{size}/{fit}/{listing_key}"
    place = hashlib.sha256(repr(("unlabelled", os.fspath(root.resolve()), size, fit)).encode()).hexdigest()[:16]
    folder = cache_folder("pictures", place)
    kept = _kept(folder, key)
    if kept and (skip_damaged or not kept.skipped):
        return kept
    _, damaged = decode_files(folder / PIXELS, root, files, size, fit, skip_damaged, report)
    stamp = pixel_stamp(folder / PIXELS)
    atomic_write_json(folder / META, {"key": key, "pixels": stamp, "skipped": list(damaged)})
    return UnlabelledPictures(load_pixels(folder / PIXELS), damaged)


def _kept(folder: Path, key: str) -> UnlabelledPictures | None:
    try:
        meta = json.loads((folder / META).read_bytes())
        if meta["key"] != key or meta["pixels"] != pixel_stamp(folder / PIXELS):
            return None
        return UnlabelledPictures(load_pixels(folder / PIXELS), tuple(meta["skipped"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
