"""The study folder: one data set, one recipe, and everything made of them; the one mutable thing in lowres."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lowres import __version__
from lowres.errors import LowresError, StudyDamaged, StudyError
from lowres.files.atomic import atomic_write_json, atomic_write_text
from lowres.files.study.ledger import Ledger, StageRecord, ledger_from_json
from lowres.files.study.study_lock import LOCK_NAME, study_lock

STUDY_FILE = "study.json"
RECIPE_FILE = "recipe.toml"
FORMAT = 1


@dataclass(frozen=True)
class StudySource:
    """Where a study's images come from.

    name: what people call it: `digits`, `cifar10`, or the last part of a path.
    path: of the user's own images, relative to the study folder (POSIX), so that both may move together; else empty.
    skip_damaged: whether files that are no readable pictures were allowed to be left out.
    fingerprint: of the images last read from there; empty until then.
    unlabelled: path of a folder of further pictures without labels, written as `path` is; empty: none.
    """

    name: str
    path: str = ""
    skip_damaged: bool = False
    fingerprint: str = ""
    unlabelled: str = ""

    def location(self, folder: Path) -> str:
        """What `open_source` takes: the built-in name, or the path as seen from the working directory."""
        return str(_seen_from_here(folder, self.path)) if self.path else self.name

    def unlabelled_place(self, folder: Path) -> Path:
        """The folder of unlabelled pictures as seen from the working directory; folder: the study's."""
        return _seen_from_here(folder, self.unlabelled)


def _seen_from_here(folder: Path, path: str) -> Path:
    # Resolved first: above a linked folder `..` is another place.
    place = Path(os.path.normpath(folder.resolve() / path))
    return place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place


class Study:
    """An opened study: its folder, where its images come from, and the ledger of what was made.

    complaint: what was wrong with study.json, where it could not be read; the ledger is then empty.
    """

    def __init__(self, folder: Path, source: StudySource | None, ledger: Ledger, complaint: str = "") -> None:
        """Hold what `open_study` read."""
        self.folder = folder
        self.source = source
        self.ledger = ledger
        self.complaint = complaint

    def begin(self, stage: str, dependents: tuple[str, ...]) -> None:
        """Write down that a stage runs now, so that the next run knows if it did not finish."""
        self.ledger.begin(stage, dependents)
        self.save()

    def finish(self, record: StageRecord) -> None:
        """Write down what a stage read and wrote."""
        self.ledger.finish(record)
        self.save()

    def confirm(self, stage: str) -> None:
        """Write down that a stage in doubt stands."""
        if self.ledger.confirm(stage):
            self.save()

    def forget(self, stage: str) -> None:
        """Write down that a stage has to run again."""
        self.ledger.stages.pop(stage, None)
        self.save()

    def save(self) -> None:
        """Write study.json, whole or not at all."""
        source = asdict(self.source) if self.source else None
        data = {"format": FORMAT, "lowres": __version__, "source": source, **self.ledger.to_json()}
        atomic_write_json(self.folder / STUDY_FILE, data)

    def write_recipe(self, text: str) -> None:
        """Write recipe.toml where it is not that text already."""
        path = self.folder / RECIPE_FILE
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            atomic_write_text(path, text)


def is_study(folder: Path) -> bool:
    """Whether a folder holds a study, be it only begun."""
    return (folder / STUDY_FILE).is_file() or (folder / LOCK_NAME).is_file()


@contextmanager
def open_study(folder: Path) -> Iterator[Study]:
    """Give the study in `folder`, made where there is none, to this process alone while the block runs.

    Refused with StudyError: a folder with other things in it, one that cannot be written, a study of a newer lowres;
    with StudyLocked: a study another process works on.
    """
    is_new = not is_study(folder)
    _make_folder(folder)
    with study_lock(folder):
        _sweep(folder)
        study = _read(folder)
        try:
            yield study
        except LowresError:
            if is_new and not study.ledger.stages:
                _remove_empty(folder)
            raise


def read_source(folder: Path) -> StudySource:
    """Return where the study in `folder` has its images from; refused with StudyDamaged where it does not say."""
    study = _read(folder)
    if study.source is None:
        raise StudyDamaged(
            f"expected {folder / STUDY_FILE} to name the study's images, got {study.complaint or 'none named'}; "
            f"name them again: lowres study SOURCE --study {folder}"
        )
    return study.source


def read_ledger(folder: Path) -> Ledger:
    """Return what the study in `folder` has made, for reading only; an empty ledger where study.json is damaged."""
    return _read(folder).ledger


def _make_folder(folder: Path) -> None:
    try:
        if folder.is_dir() and not is_study(folder) and any(folder.iterdir()):
            raise StudyError(
                f"expected a study or an empty folder for one, got {folder}, which holds other things; "
                "give a folder of its own with --study"
            )
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(
            f"expected a place for the study, got {folder}, which cannot be used ({error.strerror}); "
            "give another folder with --study"
        ) from error


def _sweep(folder: Path) -> None:
    """Remove the half-written files of a killed run; holding the lock, nobody else can be writing them."""
    for part in folder.rglob(".part-*"):
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


def _remove_empty(folder: Path) -> None:
    """Take back a study in which nothing was made, so that a mistyped path leaves no folder behind."""
    for name in (STUDY_FILE, RECIPE_FILE, LOCK_NAME):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def _read(folder: Path) -> Study:
    path = folder / STUDY_FILE
    if not path.is_file():
        return Study(folder, None, Ledger())
    try:
        data = _document(path)
        return Study(folder, _source(data, path), ledger_from_json(data, path))
    except StudyDamaged as error:
        return Study(folder, None, Ledger(), complaint=str(error))


def _source(data: dict[str, Any], path: Path) -> StudySource | None:
    try:
        return StudySource(**data["source"]) if data.get("source") else None
    except TypeError as error:
        raise StudyDamaged(f"{path} is damaged (expected a source: {error}); every stage is made again") from error


def _document(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except ValueError as error:
        raise StudyDamaged(f"{path} is damaged (expected JSON: {error}); every stage is made again") from error
    if not isinstance(data, dict):
        raise StudyDamaged(f"{path} is damaged (expected a JSON object); every stage is made again")
    if data.get("format", 0) > FORMAT:
        raise StudyError(
            f"expected a study of format {FORMAT} or older, got format {data['format']} in {path}, "
            f"written by lowres {data.get('lowres')}; use that version or a newer one"
        )
    return data
