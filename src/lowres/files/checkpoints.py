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
# What NumPy and zipfile raise, depending on which byte is wrong: an encrypted entry or an unknown compression, too.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile)


def write_checkpoint(path: Path, key: str, arrays: dict[str, NDArray[Any]], facts: dict[str, Any]) -> None:
    """Write a run state, whole or not at all; a full disk leaves the one before (DiskFull).

    key: of everything the training depends on; `read_checkpoint` gives it to nobody with another key. The facts lie in
    the same file, so that weights and what is said of them cannot be parted.
    """
    # The names too: an archive's list of what is in it has no checksum.
    text = json.dumps({"key": key, "names": sorted(arrays), "facts": facts})
    with atomic_path(path) as part, part.open("wb") as file:
        # Not compressed: weights hardly shrink, and an epoch should not wait.
        np.savez(file, allow_pickle=False, **{_FACTS: np.frombuffer(text.encode(), np.uint8)}, **arrays)


def read_checkpoint(path: Path, key: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
    """Return arrays and facts; None where there is no such file, one of another training, or a damaged one."""
    try:
        # Opened here: given a path, NumPy leaves a file that is no archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            said = json.loads(archive[_FACTS].tobytes())
            names = sorted(name for name in archive.files if name != _FACTS)
            if (said["key"], said["names"]) != (key, names):
                return None
            return {name: archive[name] for name in names}, said["facts"]
    except _DAMAGE:
        return None
