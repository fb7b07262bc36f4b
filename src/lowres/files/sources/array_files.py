"""Images and labels in one .npz file, in lowres' own names, those of `tf.keras.datasets`, or those of MedMNIST."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import DataError
from lowres.values.labelled_images import LabelledImages

IMAGE_KEYS = ("images", "x", "pixels")
_LABELS = ("labels", "y", "targets")
# Parts as (name of the part in ids, keys of its images, keys of its labels); all but the last are pooled.
PARTS = (
    ("train", ("x_train", "train_images"), ("y_train", "train_labels")),
    ("validation", ("x_val", "x_valid", "val_images"), ("y_val", "y_valid", "val_labels")),
    ("test", ("x_test", "test_images"), ("y_test", "test_labels")),
)
EXPECTED = "images [n, height, width, 3] uint8 with labels [n], or x_train, y_train, x_test, y_test"


def open_array_file(path: Path) -> LabelledImages:
    """Return the images of an .npz file; grey ones get three channels, a test part is held out.

    Beside images and labels it may hold class_names, ids and groups. Labels are whole numbers, `[n]` or `[n, 1]`, or
    names. Nothing pickled is read. Refused with DataError, naming the array: floating-point images, other shapes,
    lengths that differ, labels that are no classes.
    """
    arrays = _read(path)
    if _key(arrays, IMAGE_KEYS) is not None:
        parts = [("", *_images_and_labels(arrays, IMAGE_KEYS, _LABELS, path))]
    else:
        parts = [
            (name, *_images_and_labels(arrays, images, labels, path))
            for name, images, labels in PARTS
            if _key(arrays, images) is not None
        ]
    if not parts or parts[0][0] == "test":
        raise DataError(f"expected {EXPECTED} in {path}, got {_described(arrays)}; store the arrays under these names")
    return _joined(parts, arrays, path)


def _read(path: Path) -> dict[str, NDArray[Any]]:
    try:
        # Opened here: given a path to a damaged archive, NumPy leaves the file open.
        with path.open("rb") as stream:
            file = np.load(stream, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise DataError(f"expected an .npz file with {EXPECTED} in {path}, got a single array; use numpy.savez")
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise DataError(
            f"expected an .npz file of plain arrays in {path}, got one that does not read ({error}); "
            "write it again with numpy.savez, without object arrays"
        ) from error


def _images_and_labels(
    arrays: Mapping[str, NDArray[Any]], image_keys: tuple[str, ...], label_keys: tuple[str, ...], path: Path
) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    images, labels = _key(arrays, image_keys), _key(arrays, label_keys)
    if images is None or labels is None:
        raise DataError(
            f"expected labels ({', '.join(label_keys)}) beside {images} in {path}, got {_described(arrays)}; add them"
        )
    pixels, column = rgb_pixels(arrays[images], f"{images} of {path}"), _column(arrays[labels], labels, path)
    if len(pixels) != len(column):
        raise DataError(
            f"expected one label an image in {path}, got {len(pixels)} images in {images} and {len(column)} labels in "
            f"{labels}; store both in one order"
        )
    return pixels, column


def rgb_pixels(array: NDArray[Any], where: str) -> NDArray[np.uint8]:
    """Return images as uint8 `[n, height, width, 3]`: grey ones get three channels, whole numbers from 0 to 255 fit.

    Refused with DataError, naming `where` they are: fractions, other ranges, other shapes.
    """
    if array.dtype != np.uint8 and np.issubdtype(array.dtype, np.integer) and array.size:
        if array.min() < 0 or array.max() > 255:
            raise DataError(
                f"expected values from 0 to 255 in {where}, got {array.min()} to {array.max()}; rescale them"
            )
        array = array.astype(np.uint8)
    if array.dtype != np.uint8:
        raise DataError(
            f"expected uint8 pixels from 0 to 255 in {where}, got {array.dtype}{_range(array)}; the network scales "
            "inside: store the pictures as they are, or multiply fractions by 255 and round"
        )
    if array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] not in (1, 3):
        raise DataError(
            f"expected channels last in {where}, got {list(array.shape)}; turn it with numpy.moveaxis(images, 1, 3)"
        )
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.shape[3] not in (1, 3) or 0 in array.shape[1:]:
        raise DataError(
            f"expected [n, height, width], [n, height, width, 1] or [n, height, width, 3] in {where}, "
            f"got {list(array.shape)}; reshape it"
        )
    return np.repeat(array, 3, axis=3) if array.shape[3] == 1 else array


def _range(array: NDArray[Any]) -> str:
    return f" {array.min():.3g} to {array.max():.3g}" if array.size and array.dtype.kind == "f" else ""


def _column(array: NDArray[Any], name: str, path: Path) -> NDArray[Any]:
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        hint = "; one-hot rows become labels with numpy.argmax(labels, axis=1)" if array.ndim == 2 else ""
        raise DataError(f"expected one value an image in {name} of {path}, got shape {list(array.shape)}{hint}")
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "backslashreplace")
    if array.dtype.kind == "f" and np.array_equal(array, np.rint(array)):
        array = array.astype(np.int64)
    if array.dtype.kind not in "iubU":
        raise DataError(f"expected whole numbers or names in {name} of {path}, got {array.dtype}; number the classes")
    return array.astype(np.int64) if array.dtype.kind in "ub" else array


def _joined(
    parts: list[tuple[str, NDArray[np.uint8], NDArray[Any]]], arrays: Mapping[str, NDArray[Any]], path: Path
) -> LabelledImages:
    shapes = {pixels.shape[1:] for _, pixels, _ in parts}
    kinds = {labels.dtype.kind for _, _, labels in parts}
    if len(shapes) > 1 or len(kinds) > 1:
        raise DataError(
            f"expected images of one size and labels of one kind in all parts of {path}, got {_described(arrays)}"
        )
    pixels = np.concatenate([pixels for _, pixels, _ in parts]) if len(parts) > 1 else parts[0][1]
    values = np.concatenate([labels for _, _, labels in parts])
    held_out = np.concatenate([np.full(len(labels), part == "test") for part, _, labels in parts])
    labels, class_names = _classes(values, arrays, path)
    return LabelledImages(
        pixels=pixels,
        labels=labels,
        class_names=class_names,
        ids=_ids(parts, arrays, path),
        held_out=held_out if held_out.any() else None,
        groups=_groups(arrays, len(labels), path),
    )


def _classes(
    values: NDArray[Any], arrays: Mapping[str, NDArray[Any]], path: Path
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    found, indices = np.unique(values, return_inverse=True)
    if "class_names" not in arrays:
        return indices.astype(np.int64), tuple(str(value) for value in found)
    names = tuple(str(name) for name in _column(arrays["class_names"], "class_names", path))
    if values.dtype.kind != "U":
        return values, names
    unknown = sorted(set(found.tolist()) - set(names))
    if unknown:
        raise DataError(f"expected labels out of class_names in {path}, got {unknown[:5]} too; add them to class_names")
    place = {name: index for index, name in enumerate(names)}
    return np.array([place[name] for name in found.tolist()], np.int64)[indices], names


def _ids(
    parts: list[tuple[str, NDArray[np.uint8], NDArray[Any]]], arrays: Mapping[str, NDArray[Any]], path: Path
) -> tuple[str, ...]:
    count = sum(len(labels) for _, _, labels in parts)
    if "ids" in arrays:
        return tuple(str(name) for name in _of_length(arrays, "ids", count, path).tolist())
    return tuple(f"{name or 'image'}/{index:05d}" for name, _, labels in parts for index in range(len(labels)))


def _groups(arrays: Mapping[str, NDArray[Any]], count: int, path: Path) -> NDArray[np.int64] | None:
    if "groups" not in arrays:
        return None
    return np.unique(_of_length(arrays, "groups", count, path), return_inverse=True)[1].astype(np.int64)


def _of_length(arrays: Mapping[str, NDArray[Any]], name: str, count: int, path: Path) -> NDArray[Any]:
    column = _column(arrays[name], name, path)
    if len(column) != count:
        raise DataError(f"expected {count} {name} in {path}, one an image, got {len(column)}")
    return column


def _key(arrays: Mapping[str, NDArray[Any]], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in arrays), None)


def _described(arrays: Mapping[str, NDArray[Any]]) -> str:
    return ", ".join(f"{name} {array.dtype} {list(array.shape)}" for name, array in arrays.items()) or "no array"
