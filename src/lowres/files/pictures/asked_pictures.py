"""Pictures to be predicted, one by one as they are asked for: files, folders, patterns, .npz, lists, arrays."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import DataError
from lowres.files.pictures.array_stream import ARRAYS, array_pictures
from lowres.files.pictures.picture_file import UNREADABLE, to_rgb, why_unreadable, writable_name
from lowres.files.sources.array_files import rgb_pixels
from lowres.files.sources.class_folders import SUFFIXES

if TYPE_CHECKING:
    from PIL import Image

    Images = str | os.PathLike[str] | Image.Image | NDArray[Any] | Iterable[Any]

LISTED = "-"
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_NO_ADDRESS = "an address, and lowres fetches no pictures; save it first and name the file"


@dataclass(frozen=True, eq=False)
class AskedPicture:
    """A picture before it is read.

    id: its path as it was named, the id in its file, or its place. content: a file, uint8 `[height, width, 3]`, or None
    where there is nothing to read. problem: why there is not, or the empty string.
    """

    id: str
    content: Path | NDArray[np.uint8] | None
    problem: str = ""


def refuse_addresses(words: Iterable[str]) -> None:
    """Refuse with DataError words that are addresses: what is predicted lies on this machine."""
    found = next((word for word in words if _ADDRESS.match(word)), None)
    if found:
        raise DataError(f"expected files, folders, patterns or .npz, got {found}, {_NO_ADDRESS}")


def asked_pictures(words: Iterable[str], listed: Iterable[str] = ()) -> Iterator[AskedPicture]:
    """Yield the pictures that the words name, in their order; nothing is looked for before it is its turn.

    A folder means every picture below it, sorted, hidden ones and links to folders left alone; a pattern the files it
    matches, sorted; an .npz the images in it; `-` the words of `listed`, one a line. A file named by itself is tried
    whatever it is called. What is not there is yielded with its problem, and nothing is refused.
    """
    for word in words:
        if word == LISTED:
            for line in listed:
                if line.strip():
                    yield from _named(line.rstrip("\r\n"))
        else:
            yield from _named(word)


def given_pictures(images: Images) -> Iterator[AskedPicture]:
    """Yield the pictures a program holds: one, or any number of paths, PIL images, uint8 arrays of one or of many.

    A path means what it means to `asked_pictures`. Ids of arrays and PIL images are their places from 0 on.
    Refused with DataError: fractions and other arrays that are no pixels, other types.
    """
    place = 0
    for one in _each(images):
        found = _named(os.fspath(one)) if isinstance(one, str | os.PathLike) else _pixels(one, place)
        for asked in found:
            yield asked
            place += 1


def _each(images: Any) -> Iterable[Any]:
    if isinstance(images, Iterable) and not isinstance(images, str | os.PathLike | np.ndarray):
        return images
    return (images,)


def _pixels(one: Any, place: int) -> Iterator[AskedPicture]:
    from PIL import Image, ImageOps

    if isinstance(one, Image.Image):
        try:
            yield AskedPicture(str(place), np.asarray(to_rgb(ImageOps.exif_transpose(one)), dtype=np.uint8))
        except UNREADABLE as error:
            yield AskedPicture(str(place), None, why_unreadable(error))
    elif isinstance(one, np.ndarray):
        is_one = one.ndim == 3 and one.shape[2] == 3
        rows = rgb_pixels(one[None] if is_one else one, f"image {place}" if is_one else "the images")
        yield from (AskedPicture(str(place + row), pixels) for row, pixels in enumerate(rows))
    else:
        raise DataError(
            f"expected a path, a PIL image, or uint8 pixels [height, width, 3] or [n, height, width, 3] as image "
            f"{place}, got {type(one).__name__}; turn it into one of them"
        )


def _named(word: str) -> Iterator[AskedPicture]:
    path = os.path.expanduser(word)
    if _ADDRESS.match(word):
        yield AskedPicture(writable_name(word), None, _NO_ADDRESS)
    elif os.path.isdir(path):
        yield from _below(path)
    elif os.path.isfile(path):
        yield from _file(path)
    elif glob.has_magic(path):
        yield from _matching(path)
    else:
        there = "no regular file" if os.path.lexists(path) else "nothing is there"
        yield AskedPicture(writable_name(word), None, there)


def _file(path: str) -> Iterator[AskedPicture]:
    if not path.lower().endswith(ARRAYS):
        yield AskedPicture(writable_name(path), Path(path))
        return
    try:
        for id, pixels in array_pictures(Path(path)):
            yield AskedPicture(id, pixels)
    except DataError as error:
        yield AskedPicture(writable_name(path), None, str(error))


def _matching(pattern: str) -> Iterator[AskedPicture]:
    found = [path for path in sorted(glob.iglob(pattern, recursive=True)) if os.path.isfile(path)]
    for path in found:
        yield from _file(path)
    if not found:
        yield AskedPicture(writable_name(pattern), None, "a pattern that no file matches")


def _below(folder: str) -> Iterator[AskedPicture]:
    refused: list[OSError] = []
    is_empty = True
    for place, folders, names in os.walk(folder, onerror=refused.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if os.path.splitext(name)[1].lower() in SUFFIXES and not name.startswith("."):
                is_empty = False
                path = os.path.join(place, name)
                yield AskedPicture(writable_name(path), Path(path))
    for error in refused:
        yield AskedPicture(writable_name(str(error.filename)), None, f"a folder that does not open ({error.strerror})")
    if is_empty and not refused:
        yield AskedPicture(writable_name(folder), None, f"a folder without pictures ({', '.join(sorted(SUFFIXES))})")
