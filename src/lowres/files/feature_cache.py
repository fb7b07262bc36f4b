"""Trunk outputs kept on disk, a row an image: a frozen phase costs one pass, and an interrupted one goes on."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lowres.files.atomic import atomic_path, atomic_write_json, explained_write_errors

_FORMAT = 1
# Not written yet; a row whose checksum happens to be 0 is filed under 1.
_MISSING = 0
_CHUNK_ROWS = 4096


@dataclass(frozen=True)
class FeatureKey:
    """Everything a feature depends on; `view` is `plain` or `flipped`, `engine` names the program and its version."""

    weights_sha256: str
    backbone: str
    input_pixels: int
    interpolation: str
    precision: str
    engine: str
    view: str
    images_fingerprint: str

    @property
    def digest(self) -> str:
        """The key as one short file name."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:24]


class FeatureCache:
    """A folder of feature files, one a key."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made with the first file."""
        self.folder = folder

    def open_features(
        self, key: FeatureKey, rows: int, channels: int, storage: Literal["float16", "float32"] = "float16"
    ) -> CachedFeatures:
        """Return the features kept under `key`, made anew where there are none or they do not fit.

        rows: images in the set; channels: length of a feature. float16 halves the disk and keeps 3 digits.
        """
        described = {"format": _FORMAT, "rows": rows, "channels": channels, "storage": storage, **asdict(key)}
        features = CachedFeatures(self.folder / key.digest, rows, channels, np.dtype(storage).newbyteorder("<"))
        if not (_described_as(features.meta_path, described) and features.has_its_sizes()):
            features.meta_path.unlink(missing_ok=True)
            features.make_empty()
            atomic_write_json(features.meta_path, described)
        return features


class CachedFeatures:
    """Features of one key: rows to be written in any order, each with a checksum that says it is whole.

    The checksum is written after its row. A process killed, or a disk that lost its last writes, therefore loses the
    rows it was at and never leaves a wrong one: a row that does not match is missing.
    """

    def __init__(self, base: Path, rows: int, channels: int, dtype: np.dtype[Any]) -> None:
        """Describe the files; `FeatureCache.open_features` makes sure that they are there."""
        self.rows, self.channels, self.dtype = rows, channels, dtype
        self.meta_path = base.with_suffix(".json")
        self._data_path, self._sums_path = base.with_suffix(".features"), base.with_suffix(".done")
        self._row_bytes = channels * dtype.itemsize

    def missing(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of `indices` that are not there whole, in the order given."""
        sums, data = self._sums()[indices], self._data()
        present = np.flatnonzero(sums != _MISSING)
        whole = np.zeros(len(indices), bool)
        for start in range(0, len(present), _CHUNK_ROWS):
            chunk = present[start : start + _CHUNK_ROWS]
            whole[chunk] = _checksums(data[indices[chunk]]) == sums[chunk]
        return indices[~whole]

    def write(self, indices: NDArray[np.int64], features: NDArray[np.floating[Any]]) -> None:
        """Keep features `[len(indices), channels]`; DiskFull where there is no room, and the rows stay missing.

        Refused with ValueError: another shape, an index outside the rows, and values the storage cannot hold.
        """
        if features.shape != (len(indices), self.channels):
            raise ValueError(f"expected features [{len(indices)}, {self.channels}], got {list(features.shape)}")
        if len(indices) and not 0 <= int(indices.min()) <= int(indices.max()) < self.rows:
            raise ValueError(f"expected indices from 0 to {self.rows - 1}, got {indices.min()} to {indices.max()}")
        with np.errstate(over="ignore"):
            stored = np.ascontiguousarray(features, self.dtype)
        if not np.isfinite(stored).all():
            raise ValueError(
                f"expected finite features that {self.dtype.name} holds, got others; store them as float32"
            )
        _write_rows(self._data_path, indices, stored)
        _write_rows(self._sums_path, indices, _checksums(stored).astype("<u4")[:, None])

    def read(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the features of `indices` as float32 `[len(indices), channels]`; ValueError where one is missing."""
        stored, is_whole = self.stored(indices)
        absent = indices[~is_whole]
        if len(absent):
            raise ValueError(f"expected {len(indices)} kept features, got {len(absent)} missing ({absent[:5]}, ...)")
        return stored.astype(np.float32)

    def stored(self, indices: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Return rows as they are kept, `[len(indices), channels]`, in memory, and which of them are whole."""
        sums, rows = self._sums()[indices], np.asarray(self._data()[indices])
        return rows, (sums != _MISSING) & (_checksums(rows) == sums)

    def has_its_sizes(self) -> bool:
        """Whether both files are there at their full sizes."""
        try:
            sizes = self._data_path.stat().st_size, self._sums_path.stat().st_size
        except FileNotFoundError:
            return False
        return sizes == (self.rows * self._row_bytes, self.rows * 4)

    def make_empty(self) -> None:
        """Make both files at their full sizes, no row in them; the space itself is taken as rows are written."""
        for path, size in ((self._data_path, self.rows * self._row_bytes), (self._sums_path, self.rows * 4)):
            with atomic_path(path) as part, part.open("wb") as file:
                file.truncate(size)

    def _data(self) -> NDArray[Any]:
        return _mapped(self._data_path, self.dtype, (self.rows, self.channels))

    def _sums(self) -> NDArray[np.uint32]:
        return _mapped(self._sums_path, np.dtype("<u4"), (self.rows,))


def _mapped(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    # An empty file cannot be mapped.
    return np.memmap(path, dtype, "r", shape=shape) if 0 not in shape else np.zeros(shape, dtype)


def _write_rows(path: Path, indices: NDArray[np.int64], rows: NDArray[Any]) -> None:
    """Write each run of neighbouring rows at once; plain writes, since a full disk kills a process that maps."""
    with explained_write_errors(path), path.open("r+b", buffering=0) as file:
        for start, stop in _runs(indices):
            file.seek(int(indices[start]) * rows.itemsize * rows.shape[1])
            left = rows[start:stop].data.cast("B")
            while left:
                left = left[file.write(left) :]


def _runs(indices: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    cuts = [0, *(np.flatnonzero(np.diff(indices) != 1) + 1).tolist(), len(indices)]
    return ((start, stop) for start, stop in zip(cuts, cuts[1:], strict=False) if stop > start)


def _checksums(rows: NDArray[Any]) -> NDArray[np.uint32]:
    contiguous = np.ascontiguousarray(rows)
    return np.array([zlib.crc32(row) or 1 for row in contiguous], np.uint32)


def _described_as(path: Path, described: dict[str, Any]) -> bool:
    try:
        return bool(json.loads(path.read_bytes()) == described)
    except (OSError, ValueError):
        return False
