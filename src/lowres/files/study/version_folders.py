"""What of a model can be served: a study folder as it is now, or the numbered study folders inside one."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lowres.errors import StudyDamaged, StudyError
from lowres.files.study.ledger import Ledger
from lowres.files.study.study_folder import RECIPE_FILE, STUDY_FILE, is_study, read_ledger

PIN_FILE = "current"
# Version numbers are int64 to the clients of TensorFlow Serving.
HIGHEST_VERSION = 2**63 - 1
_NUMBER = re.compile(r"[1-9]\d{0,18}")
# What is loaded of a study; where one of these is another file than before, the version is another.
_LOADED = (STUDY_FILE, "model.keras", "evaluation.json", RECIPE_FILE)


@dataclass(frozen=True)
class FoundVersion:
    """A version that could be loaded.

    number: 1 or more. folder: of the study. look: sizes and times of its files, another text once one of them changed.
    """

    number: int
    folder: Path
    look: str


def find_versions(folder: Path) -> tuple[FoundVersion, ...]:
    """Return the versions in `folder`, the newest first; a study folder is one version.

    Its number is the second (Unix time) its evaluation was finished, so that a study trained again is a newer version.
    Inside a folder that is no study, every folder with a number for its name and a study in it is a version. Refused
    with StudyError: neither of the two.
    """
    if is_study(folder):
        return (FoundVersion(study_version(folder), folder, _look(folder)),)
    if not folder.is_dir():
        raise StudyError(
            f"expected a study, or a folder of numbered studies, at {folder}, got "
            f"{'a file' if folder.exists() else 'nothing'}; make one: lowres study SOURCE --study DIR"
        )
    numbered = ((int(one.name), one) for one in folder.iterdir() if _NUMBER.fullmatch(one.name))
    found = [FoundVersion(number, one, _look(one)) for number, one in numbered if number <= HIGHEST_VERSION]
    found = sorted((one for one in found if is_study(one.folder)), key=lambda one: -one.number)
    if not found:
        raise StudyError(
            f"expected a study, or numbered folders of studies (1, 2, ...), in {folder}, got neither; name a study "
            "folder, or copy one there"
        )
    return tuple(found)


def study_version(folder: Path) -> int:
    """Return the second at which the study's evaluation was finished; refused with StudyError where it never was."""
    record = read_ledger(folder).stages.get("evaluate")
    if record is None:
        raise StudyError(f"expected a finished study in {folder}, got one not evaluated; run: lowres evaluate {folder}")
    try:
        return max(1, int(datetime.fromisoformat(record.finished).timestamp()))
    except ValueError as error:
        raise StudyDamaged(
            f"expected the time evaluation was finished in {folder / STUDY_FILE}, got {record.finished!r}; "
            f"run: lowres evaluate {folder}"
        ) from error


def pinned_version(folder: Path) -> int | None:
    """Return the version that the file `current` in the folder names; None where there is none, or no number in it."""
    text = ""
    with suppress(OSError, UnicodeDecodeError):
        text = (folder / PIN_FILE).read_text(encoding="utf-8").strip()
    return int(text) if _NUMBER.fullmatch(text) else None


def ledger_identity(ledger: Ledger) -> str:
    """Return what tells one trained and evaluated state of a study from any other: a hash of what was written then."""
    outputs = {path: digest for name in ("train", "evaluate") for path, digest in ledger.stages[name].outputs.items()}
    text = "\n".join(f"{path} {digest}" for path, digest in sorted(outputs.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _look(folder: Path) -> str:
    states = []
    for name in _LOADED:
        with suppress(OSError):
            found = os.stat(folder / name)
            states.append(f"{name} {found.st_size} {found.st_mtime_ns} {found.st_ino}")
    return "\n".join(states)
