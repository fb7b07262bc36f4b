"""How much a disk still holds, and how much a folder takes of it."""

from __future__ import annotations

import shutil
from pathlib import Path


def free_bytes(folder: Path) -> int:
    """Return what is left on the disk that holds, or will hold, the folder."""
    place = folder.resolve()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def bytes_in(folder: Path) -> int:
    """Return what all files below the folder take; 0 where there is none."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
