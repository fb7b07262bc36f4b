"""Class folders as labelled images: every picture decoded once, kept in the cache, and opened from there."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lowres.errors import DamagedImage, DataError
from lowres.files.cache_folder import cache_folder
from lowres.files.pictures.picture_file import (
    UNREADABLE,
    Fit,
    Size,
    decode_picture,
    picture_size,
    quiet_pillow,
    why_unreadable,
    writable_name,
)
from lowres.files.progress import Meter, Report
from lowres.files.sources.class_folders import ClassFolders, PictureFile, list_class_folders
from lowres.files.sources.image_store import PIXELS, StoredImages, keep_images, load_pixels, open_images, pixel_file
from lowres.values.labelled_images import LabelledImages

CUSTOMARY_CANVAS_PIXELS = 224
# A common size above these is brought down too: one network batch of it would not fit into memory.
_LARGEST_COMMON_PIXELS = 1024
_LARGEST_COMMON_BYTES = 4 * 2**30
_CHUNK_PICTURES = 128
_NAMED_DAMAGED = 10
_DECODING = 1


def open_class_folders(root: Path, canvas_pixels: int, fit: Fit, skip_damaged: bool, report: Report) -> StoredImages:
    """Return the pictures below `root` on one canvas, memory-mapped; ids are their paths below it.

    The decoded pixels are kept in the cache until a file changes; one entry a root and canvas. Refused with
    DataError: a layout that `list_class_folders` refuses; with DamagedImage: files that are no readable pictures, all
    of them named, unless `skip_damaged` leaves them out and lists them in `skipped`.
    """
    listing = list_class_folders(root)
    for note in listing.notes:
        report(f"left out: {note}")
    key = f"{_DECODING}/{canvas_pixels}/{fit}/{listing.key}"
    place = hashlib.sha256(repr((os.fspath(root.resolve()), canvas_pixels, fit)).encode()).hexdigest()[:16]
    folder = cache_folder("pictures", place)
    kept = open_images(folder, key)
    # Without leave to skip, a set that was kept with gaps is decoded again, so that its damaged files are named.
    if kept and (skip_damaged or not kept.skipped):
        return StoredImages(kept.images, f"{root} (decoded before)", kept.skipped)
    size = canvas(listing, canvas_pixels, report)
    images, damaged = _decode_into(folder / PIXELS, listing, size, fit, skip_damaged, report)
    keep_images(folder, images, key, os.fspath(root), damaged)
    return StoredImages(images, os.fspath(root), damaged)


def canvas(listing: ClassFolders, canvas_pixels: int, report: Report) -> Size:
    """Return width and height all pictures are brought to: as asked, their common size, or a square of the median.

    The median is that of the shorter sides, at most 224 pixels; it also replaces a common size that is very large.
    """
    if canvas_pixels:
        return canvas_pixels, canvas_pixels
    sizes = Counter(_sizes(listing, report))
    if not sizes:
        return CUSTOMARY_CANVAS_PIXELS, CUSTOMARY_CANVAS_PIXELS
    width, height = max(sizes)
    size_in_bytes = width * height * 3 * len(listing.pictures)
    if len(sizes) == 1 and max(width, height) <= _LARGEST_COMMON_PIXELS and size_in_bytes <= _LARGEST_COMMON_BYTES:
        return width, height
    side = max(1, min(CUSTOMARY_CANVAS_PIXELS, int(np.median([min(size) for size in sizes.elements()]))))
    report(
        f"{sizes.total()} pictures of {len(sizes)} sizes, such as {width} x {height}, brought to {side} x {side} pixels"
    )
    return side, side


def _sizes(listing: ClassFolders, report: Report) -> Counter[Size]:
    sizes: Counter[Size] = Counter()
    meter = Meter(report, "reading sizes", len(listing.pictures), "pictures")

    def measure(picture: PictureFile) -> Size | None:
        try:
            return picture_size(listing.root / picture.relative)
        except UNREADABLE:
            return None

    with _threads() as pool:
        for chunk in _chunks(listing.pictures):
            sizes.update(size for size in pool.map(measure, chunk) if size)
            meter.advance(len(chunk))
    return sizes


def _decode_into(
    path: Path, listing: ClassFolders, size: Size, fit: Fit, skip_damaged: bool, report: Report
) -> tuple[LabelledImages, tuple[str, ...]]:
    files = [picture.relative for picture in listing.pictures]
    rows, damaged = decode_files(path, listing.root, files, size, fit, skip_damaged, report)
    return _label(load_pixels(path), [listing.pictures[row] for row in rows]), damaged


def decode_files(
    path: Path, root: Path, files: Sequence[str], size: Size, fit: Fit, skip_damaged: bool, report: Report
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Write the pictures of these paths below `root` into the pixel file `path`, whole or not at all.

    Returns which of them were readable, as rows of `files`, and the others with what is wrong with them. Refused with
    DamagedImage: unreadable ones, all of them named, unless `skip_damaged`; with DataError: no readable one.
    """
    meter = Meter(report, "decoding", len(files), "pictures")
    good: list[int] = []
    damaged: list[str] = []

    def decode(file: str) -> NDArray[np.uint8] | str:
        try:
            return decode_picture(root / file, size, fit)
        except UNREADABLE as error:
            return f"{file}: {why_unreadable(error)}"

    with pixel_file(path, size[1], size[0]) as append, _threads() as pool:
        for start in range(0, len(files), _CHUNK_PICTURES):
            chunk = files[start : start + _CHUNK_PICTURES]
            results = list(pool.map(decode, chunk))
            rows = [result for result in results if not isinstance(result, str)]
            if rows:
                append(np.stack(rows))
            good += [start + row for row, result in enumerate(results) if not isinstance(result, str)]
            damaged += [result for result in results if isinstance(result, str)]
            meter.advance(len(chunk))
        if damaged and not skip_damaged:
            raise DamagedImage(_complaint(root, damaged))
        if not good:
            raise DataError(f"expected at least one readable picture in {root}, got {len(damaged)} damaged ones")
    return tuple(good), tuple(damaged)


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    with quiet_pillow(), ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        yield pool


def _chunks(pictures: Sequence[PictureFile]) -> Iterator[Sequence[PictureFile]]:
    """A chunk is what waits in memory at most."""
    return (pictures[start : start + _CHUNK_PICTURES] for start in range(0, len(pictures), _CHUNK_PICTURES))


def _label(pixels: NDArray[np.uint8], good: Sequence[PictureFile]) -> LabelledImages:
    class_names = tuple(sorted({picture.class_name for picture in good}))
    index = {name: place for place, name in enumerate(class_names)}
    held_out = np.array([picture.is_held_out for picture in good])
    return LabelledImages(
        pixels=pixels,
        labels=np.array([index[picture.class_name] for picture in good], np.int64),
        class_names=tuple(writable_name(name) for name in class_names),
        ids=tuple(writable_name(picture.relative) for picture in good),
        held_out=held_out if held_out.any() else None,
    )


def _complaint(root: Path, damaged: Sequence[str]) -> str:
    first = "\n".join(f"  {line}" for line in damaged[:_NAMED_DAMAGED])
    more = f"\n  ... and {len(damaged) - _NAMED_DAMAGED} more" if len(damaged) > _NAMED_DAMAGED else ""
    return (
        f"expected readable pictures in {root}, got {len(damaged)} damaged:\n{first}{more}\n"
        "replace or remove them, or leave them out with --skip-damaged"
    )
