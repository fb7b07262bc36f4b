"""Pictures named one by one or by their folder, as pixels of one size: what is shown to a model, without labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lowres.errors import DamagedImage, DataError
from lowres.files.pictures.picture_file import UNREADABLE, decode_picture, quiet_pillow
from lowres.files.sources.class_folders import SUFFIXES


def find_pictures(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files named and, sorted, every picture below the folders named; refused with DataError: none."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise DataError(f"expected a picture or a folder of pictures at {path}, got nothing there")
        below = sorted(one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES)
        found += below if path.is_dir() else [path]
    if not found:
        raise DataError(f"expected pictures ({', '.join(sorted(SUFFIXES))}), got none; name some")
    return tuple(found)


def read_pictures(files: Sequence[Path], height: int, width: int) -> NDArray[np.uint8]:
    """Return the pictures squashed to one size, uint8 `[n, height, width, 3]`; refused with DamagedImage."""
    pixels = np.empty((len(files), height, width, 3), np.uint8)
    with quiet_pillow():
        for row, file in enumerate(files):
            try:
                pixels[row] = decode_picture(file, (width, height), "squash")
            except UNREADABLE as error:
                raise DamagedImage(f"expected a readable picture in {file}, got: {error}; leave it out") from error
    return pixels
