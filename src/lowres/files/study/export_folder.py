"""The folder of one export: its files with their hashes, its sample, and how it takes an older one's place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.files.atomic import explained_write_errors, scratch_folder
from lowres.files.study.ledger import file_sha256

CONTRACT_FILE, SCRIPT_FILE = "contract.json", "predict.py"
SAMPLE_FILE, EXPECTED_FILE = "sample.png", "sample.json"


def write_contract(folder: Path, data: Mapping[str, Any]) -> None:
    """Write contract.json; NaN and infinity are refused with ValueError."""
    text = json.dumps(data, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    (folder / CONTRACT_FILE).write_text(text, encoding="utf-8")


def write_sample(
    folder: Path, pixels: NDArray[np.uint8], probabilities: NDArray[np.float32], class_names: tuple[str, ...]
) -> None:
    """Write a picture, uint8 `[height, width, 3]`, and beside it what the export said of it, `[classes]`."""
    from PIL import Image

    Image.fromarray(pixels).save(folder / SAMPLE_FILE)
    expected = {
        "image": SAMPLE_FILE,
        "class_name": class_names[int(probabilities.argmax())],
        "probabilities": {name: float(one) for name, one in zip(class_names, probabilities, strict=True)},
    }
    (folder / EXPECTED_FILE).write_text(json.dumps(expected, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def files_in(folder: Path) -> tuple[str, ...]:
    """Return every file of a folder, relative to it (POSIX), in order."""
    return tuple(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()))


def hashes_in(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a folder by its path inside it (POSIX)."""
    return {name: file_sha256(folder / name) for name in files_in(folder)}


def bytes_in(folder: Path) -> int:
    """Return how many bytes the files of a folder hold."""
    return sum((folder / name).stat().st_size for name in files_in(folder))


def replace_folder(new: Path, target: Path) -> None:
    """Put a whole folder in the place of an older one, which is gone afterwards; both are on one disk.

    Killed between the two renames, there is neither, and the ledger says so.
    """
    with explained_write_errors(target), scratch_folder(target.parent, target.name) as aside:
        if target.exists():
            target.rename(aside / "older")
        new.rename(target)


def remove_export(target: Path) -> None:
    """Remove an export, and the folder of exports where it was the only one."""
    shutil.rmtree(target, ignore_errors=True)
    if target.parent.is_dir() and not any(target.parent.iterdir()):
        target.parent.rmdir()
