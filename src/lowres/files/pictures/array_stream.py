"""Images of an .npz file one by one: rows are read as they are asked for, so a large file takes no memory."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lowres.errors import DataError
from lowres.files.sources.array_files import IMAGE_KEYS, PARTS, rgb_pixels

ARRAYS = ".npz"
_EXPECTED = f"an array of images ({', '.join((*IMAGE_KEYS, *(key for _, keys, _ in PARTS for key in keys)))})"


def array_pictures(path: Path) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield each image with its id, uint8 `[height, width, 3]`: those of `ids`, or part and place as studies call them.

    Labels need not be there. Refused with DataError: no array called as images are, one that holds no pixels, a file
    that ends early or is none; the images before the damage have been yielded by then.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            keys = _image_keys([Path(name).stem for name in archive.namelist()], path)
            ids = _ids(archive)
            for place, (part, number, pixels) in enumerate(_rows(archive, keys, path)):
                yield ids[place] if place < len(ids) else f"{part}/{number:05d}", pixels
    except (OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            f"expected an .npz file of plain arrays in {path}, got one that does not read ({error}); write it again"
        ) from error


def _image_keys(names: list[str], path: Path) -> list[tuple[str, str]]:
    """Each part as its name in ids and the name of its array; one array of all goes before parts."""
    whole = [("image", key) for key in IMAGE_KEYS if key in names][:1]
    parts = [(part, key) for part, keys, _ in PARTS for key in keys if key in names]
    if not whole and not parts:
        raise DataError(f"expected {_EXPECTED} in {path}, got {', '.join(names) or 'none'}; rename it")
    return whole or parts


def _ids(archive: zipfile.ZipFile) -> list[str]:
    if "ids.npy" not in archive.namelist():
        return []
    with archive.open("ids.npy") as stream:
        return [str(name) for name in np.lib.format.read_array(stream, allow_pickle=False).reshape(-1).tolist()]


def _rows(
    archive: zipfile.ZipFile, keys: list[tuple[str, str]], path: Path
) -> Iterator[tuple[str, int, NDArray[np.uint8]]]:
    for part, key in keys:
        with archive.open(f"{key}.npy") as stream:
            for number, row in enumerate(_array_rows(stream, f"{key} of {path}")):
                yield part, number, rgb_pixels(row[None], f"{key} of {path}")[0]


def _array_rows(stream: IO[bytes], where: str) -> Iterator[NDArray[Any]]:
    (count, *shape), is_by_columns, kind = _header(stream)
    if kind.hasobject or (is_by_columns and len(shape) > 0) or math.prod(shape) > 3 * _most_pixels():
        raise DataError(
            f"expected images row by row in {where}, got {kind} {[count, *shape]}"
            f"{', column by column' if is_by_columns else ''}; write numpy.ascontiguousarray of uint8 pixels"
        )
    size = math.prod(shape) * kind.itemsize
    for _ in range(count):
        row = stream.read(size)
        if len(row) < size:
            raise EOFError(f"{where} ends early")
        yield np.frombuffer(row, kind).reshape(shape)


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, is_by_columns, kind = read(stream)
    return shape or (1,), is_by_columns, kind


def _most_pixels() -> int:
    """Where Pillow refuses a file as a decompression bomb."""
    return 2 * (Image.MAX_IMAGE_PIXELS or 2**62)
