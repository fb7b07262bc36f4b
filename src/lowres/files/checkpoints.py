"""Run states of a training in the study: `checkpoints/<phase>/<name>.npz`, each whole, each bound to its training."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.files.atomic import atomic_path

_FACTS = "facts"


def write_checkpoint(path: Path, key: str, arrays: dict[str, NDArray[Any]], facts: dict[str, Any]) -> None:
    """Write a run state, whole or not at all; a full disk leaves the one before (DiskFull).

    key: of everything the training depends on; `read_checkpoint` gives it to nobody with another key. The facts lie in
    the same file, so that weights and what is said of them cannot be parted.
    """
    text = json.dumps({"key": key, "facts": facts})
    with atomic_path(path) as part, part.open("wb") as file:
        # Not compressed: weights hardly shrink, and an epoch should not wait.
        np.savez(file, allow_pickle=False, **{_FACTS: np.frombuffer(text.encode(), np.uint8)}, **arrays)


def read_checkpoint(path: Path, key: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
    """Return arrays and facts; None where there is no such file, one of another training, or a damaged one."""
    try:
        # Opened here, since NumPy leaves the file open where it turns out to be none of its own.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            said = json.loads(archive[_FACTS].tobytes())
            if said["key"] != key:
                return None
            return {name: archive[name] for name in archive.files if name != _FACTS}, said["facts"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
