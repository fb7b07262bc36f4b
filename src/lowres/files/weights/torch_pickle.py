"""Reads tensors from a `.pth` file without torch and without ever running what a pickle may ask for.

A `.pth` is a pickle, and a pickle can call anything. This unpickler admits tensors, storages and ordered dicts, and
refuses every other name. It reads both layouts of `torch.save`: the ZIP archive (torch >= 1.6) and the older stream.
"""

from __future__ import annotations

import io
import math
import os
import pickle
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowres.errors import VerificationError

TORCH_SUFFIXES = (".pth", ".pt", ".th")
# Under these names trainings keep the state dict, beside epochs and accuracies.
_WRAPPERS = ("state_dict", "net")
_OLD_MAGIC = 0x1950A86A20F9469CFC6C
_STORAGE_TYPES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
}


class _Storage(NamedTuple):
    key: str
    dtype: np.dtype[Any]
    length: int


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _StorageType(NamedTuple):
    dtype: np.dtype[Any]


# What a pickle in disorder can raise, whichever of its bytes was changed.
_UNREADABLE = (
    pickle.UnpicklingError, zipfile.BadZipFile, EOFError, AttributeError, LookupError, TypeError, ValueError,
    OverflowError, RuntimeError, OSError, MemoryError, struct.error, zlib.error,
)  # fmt: skip


def read_torch_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """Return every tensor of a state dict by its name; also of one that a training wrapped in a checkpoint.

    Refused with VerificationError: a pickle that names anything but tensors, storages and ordered dicts, a file in
    neither layout, and one that ends too early.
    """
    try:
        with path.open("rb") as file:
            if zipfile.is_zipfile(file):
                return _read_archive(file, path)
            file.seek(0)
            return _read_stream(file, path)
    except _UNREADABLE as error:
        raise VerificationError(
            f"expected a torch state dict in {path}, got a file that does not read as one ({error}); download it again"
        ) from error


def _read_archive(file: BinaryIO, path: Path) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(file) as archive:
        (index,) = (name for name in archive.namelist() if name.endswith("data.pkl"))
        root = index.removesuffix("data.pkl")
        tensors = _state_dict(_Unpickler(io.BytesIO(archive.read(index)), path).load(), path)
        keys = {tensor.storage for tensor in tensors.values()}
        storages = {s.key: np.frombuffer(archive.read(f"{root}data/{s.key}"), s.dtype) for s in keys}
    return {name: _view(tensor, storages[tensor.storage.key]) for name, tensor in tensors.items()}


def _read_stream(file: BinaryIO, path: Path) -> dict[str, NDArray[Any]]:
    magic = _Unpickler(file, path).load()
    if magic != _OLD_MAGIC:
        raise VerificationError(f"expected a torch state dict in {path}, got another pickle; download it again")
    for _protocol_and_system in range(2):
        _Unpickler(file, path).load()
    unpickler = _Unpickler(file, path)
    tensors = _state_dict(unpickler.load(), path)
    storages = {}
    for key in _Unpickler(file, path).load():
        length = int.from_bytes(file.read(8), "little")
        dtype = unpickler.dtypes[key]
        if length * dtype.itemsize > os.fstat(file.fileno()).st_size:
            raise ValueError(f"a storage claims {length} elements, more than the file holds")
        storages[key] = np.frombuffer(file.read(length * dtype.itemsize), dtype, count=length)
    return {name: _view(tensor, storages[tensor.storage.key]) for name, tensor in tensors.items()}


def _state_dict(loaded: object, path: Path) -> dict[str, _Tensor]:
    for wrapper in _WRAPPERS:
        if isinstance(loaded, dict) and isinstance(loaded.get(wrapper), dict):
            loaded = loaded[wrapper]
    if not isinstance(loaded, dict) or not all(isinstance(value, _Tensor) for value in loaded.values()):
        raise VerificationError(f"expected a dictionary of tensors in {path}, got {type(loaded).__name__}")
    return {str(name): tensor for name, tensor in loaded.items()}


def _view(tensor: _Tensor, storage: NDArray[Any]) -> NDArray[Any]:
    # as_strided trusts these numbers: a wrong one would read memory that is not ours, or ask for all there is.
    if min((tensor.offset, *tensor.shape, *tensor.strides)) < 0 or math.prod(tensor.shape) > len(storage):
        raise ValueError(f"a tensor of shape {tensor.shape} in a storage of {len(storage)}")
    last = tensor.offset + sum((size - 1) * step for size, step in zip(tensor.shape, tensor.strides, strict=True))
    if 0 not in tensor.shape and last >= len(storage):
        raise ValueError(f"a tensor reaches element {last} of a storage of {len(storage)}")
    steps = tuple(step * storage.itemsize for step in tensor.strides)
    return np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, steps, writeable=False).copy()


def _rebuild_tensor(storage: _Storage, offset: int, shape: Sequence[int], strides: Sequence[int], *_: Any) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _rebuild_parameter(tensor: _Tensor, *_: Any) -> _Tensor:
    return tensor


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: Any, path: Path) -> None:
        super().__init__(file, encoding="latin-1")
        self._path = path
        self.dtypes: dict[str, np.dtype[Any]] = {}

    def find_class(self, module: str, name: str) -> Any:
        admitted: dict[tuple[str, str], Any] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
            ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
        }
        if (module, name) in admitted:
            return admitted[module, name]
        if module == "torch" and name in _STORAGE_TYPES:
            return _StorageType(_STORAGE_TYPES[name])
        raise VerificationError(
            f"expected only tensors in {self._path}, got a pickle that asks for {module}.{name}; "
            "do not open this file with anything else, and get the weights from their publisher"
        )

    def persistent_load(self, pid: Any) -> _Storage:
        kind, storage_type, key, _device, length, *_view_metadata = pid
        if kind != "storage" or not isinstance(storage_type, _StorageType):
            raise VerificationError(f"expected a storage in {self._path}, got {kind!r}")
        self.dtypes[str(key)] = storage_type.dtype
        return _Storage(str(key), storage_type.dtype, int(length))
