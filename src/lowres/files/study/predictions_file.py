"""predictions/*.npz: ids, labels, logits and class names as plain arrays (no pickles), and any arrays like them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import StudyDamaged
from lowres.files.atomic import atomic_write_bytes
from lowres.values.predictions import Predictions


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write predictions; equal predictions make equal bytes."""
    arrays = {
        "ids": np.array(predictions.ids),
        "labels": predictions.labels,
        "logits": predictions.logits,
        "class_names": np.array(predictions.class_names),
    }
    write_arrays(path, arrays)


def read_predictions(path: Path) -> Predictions:
    """Read predictions back; refused with StudyDamaged where the file holds something else."""
    arrays = read_arrays(path)
    try:
        ids, class_names = (tuple(str(item) for item in arrays[name]) for name in ("ids", "class_names"))
        return Predictions(ids, arrays["labels"], arrays["logits"], class_names)
    except KeyError as error:
        raise StudyDamaged(f"expected {error} among the arrays in {path}, got {', '.join(arrays)}") from error


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write named arrays as .npz, whole or not at all; equal arrays make equal bytes."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **dict(arrays))
    atomic_write_bytes(path, buffer.getvalue())


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read named arrays back; refused with StudyDamaged where the file is no .npz of plain arrays."""
    try:
        # From memory: NumPy leaves the file open where it turns out to be none of its own.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise StudyDamaged(f"expected plain arrays as .npz in {path}, got something else: {error}") from error
