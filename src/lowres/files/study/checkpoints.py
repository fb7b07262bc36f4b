"""Run states of a training in the study: `checkpoints/<phase>/<name>.npz`, each whole, each bound to its training."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import StudyDamaged
from lowres.files.atomic import atomic_path
from lowres.files.progress import Report

_FACTS = "facts"
# What NumPy and zipfile raise, depending on which byte is wrong: an encrypted entry or an unknown compression, too.
_DAMAGE = (ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile)


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


def read_checkpoint(
    path: Path, key: str, report: Report = lambda message: None
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
    """Return arrays and facts; None where there is no such file, one of another training, or a damaged one.

    report: is told of a damaged one. Refused with StudyDamaged: a file that is there and cannot be read now, by a disk
    or a network that fails or for want of memory; it may well be whole, so nobody should begin anew over it.
    """
    try:
        # Read as a whole: what fails from here on is the content. Given a path, NumPy leaves a file open besides.
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except (OSError, MemoryError) as error:
        raise _unreadable(path, error) from error
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            said = json.loads(archive[_FACTS].tobytes())
            names = sorted(name for name in archive.files if name != _FACTS)
            if (said["key"], said["names"]) != (key, names):
                return None
            return {name: archive[name] for name in names}, said["facts"]
    except MemoryError as error:
        # No whole file holds an array larger than itself; a damaged one may say that it does.
        raise _unreadable(path, error) from error
    except (*_DAMAGE, OSError) as error:
        report(f"{path} is damaged ({error}): the training cannot go on from it and begins anew")
        return None


def _unreadable(path: Path, error: BaseException) -> StudyDamaged:
    return StudyDamaged(
        f"expected a run state in {path} that can be read, got {error!r}; nothing was changed: see to the disk or the "
        "memory and run the same command again, or remove that file to train anew"
    )
