"""Pictures in one folder a class: which files there are, what is wrong with the layout, which are held out."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lowres.errors import DataError

LAYOUT = "PATH/<class>/*.jpg, or PATH/train/<class>/*.jpg with PATH/test/<class>/*.jpg beside it"
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
_TRAINING = frozenset({"train", "training"})
_VALIDATION = frozenset({"val", "valid", "validation"})
_TEST = frozenset({"test", "testing"})
_PARTS = _TRAINING | _VALIDATION | _TEST
_IGNORED = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


class PictureFile(NamedTuple):
    """A picture file: where it lies (below the root, POSIX), its class, whether the source holds it out, its stamp."""

    relative: str
    class_name: str
    is_held_out: bool
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True)
class ClassFolders:
    """Every picture below a root folder, sorted by part, class and path, what is held out last.

    notes: what was left out, in words: other files by their suffix, folders without a picture.
    """

    root: Path
    pictures: tuple[PictureFile, ...]
    class_names: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def key(self) -> str:
        """A SHA-256 over every picture's path, size and time; it changes whenever a file may have changed."""
        stamps = (f"{relative}\0{size}\0{modified}" for relative, _, _, size, modified in self.pictures)
        return hashlib.sha256("\n".join(stamps).encode("utf-8", "surrogateescape")).hexdigest()


def list_class_folders(root: Path) -> ClassFolders:
    """Return the pictures below `root` without opening one.

    Either a folder a class, or folders train (and val, test) with a folder a class in each; `test` is held out, train
    and val are pooled. Hidden files are left alone. Refused with DataError: no folder there, pictures outside class
    folders, fewer than two classes, a class that only the test folder has.
    """
    if not root.is_dir():
        raise DataError(f"expected a folder at {root}, got {'a file' if root.exists() else 'nothing'}; check the path")
    notes: list[str] = []
    pictures: list[PictureFile] = []
    others: Counter[str] = Counter()
    for class_folder, prefix, class_name, is_held_out in _class_folders(root, notes):
        found = sorted(_pictures(class_folder, prefix, class_name, is_held_out, others))
        pictures += found
        if not found:
            notes.append(f"the folder {prefix} holds no picture")
    if others:
        most = sorted(others.items(), key=lambda kind: (-kind[1], kind[0]))[:5]
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in most)
        notes.append(f"{others.total()} other files ({kinds})")
    class_names = tuple(sorted({picture.class_name for picture in pictures}))
    _check_classes(root, pictures, class_names)
    return ClassFolders(root, tuple(pictures), class_names, tuple(notes))


def _class_folders(root: Path, notes: list[str]) -> Iterator[tuple[Path, str, str, bool]]:
    """Yield each class folder, its path below the root, the class's name, and whether it is held out."""
    for part in _part_folders(root) or [""]:
        top = root / part
        is_test = part.lower() in _TEST
        loose = [entry.name for entry in _visible(top) if entry.is_file() and _is_picture(entry.name)]
        folders = sorted(entry.name for entry in _visible(top) if entry.is_dir())
        if loose and is_test and not folders:
            notes.append(f"the folder {part} holds {len(loose)} pictures without classes, so it cannot test")
            continue
        if loose:
            raise DataError(
                f"expected one folder a class in {top}, got {len(loose)} pictures directly in it ({loose[0]}, ...) and "
                f"{len(folders)} folders; move each picture into the folder of its class: {LAYOUT}"
            )
        for name in folders:
            yield top / name, f"{part}/{name}" if part else name, name, is_test


def _part_folders(root: Path) -> list[str]:
    folders = sorted(entry.name for entry in _visible(root) if entry.is_dir())
    lowered = {name.lower() for name in folders}
    # A class may well be called "train": only a root with nothing else in it is read as split into parts.
    is_split = lowered & _TRAINING and lowered <= _PARTS
    return sorted(folders, key=lambda name: name.lower() in _TEST) if is_split else []


def _check_classes(root: Path, pictures: list[PictureFile], class_names: tuple[str, ...]) -> None:
    if not pictures:
        raise DataError(
            f"expected pictures ({', '.join(sorted(SUFFIXES))}) in {root}, got none; the layout read is {LAYOUT}"
        )
    only_tested = set(class_names) - {picture.class_name for picture in pictures if not picture.is_held_out}
    if only_tested:
        raise DataError(
            f"expected every class of the test folder in the train folder of {root} too, got {sorted(only_tested)} "
            "in test only; add pictures of it to train, or take it out of test"
        )
    if len(class_names) < 2:
        inner = sorted({picture.relative.split("/")[-2] for picture in pictures} - {class_names[0]})
        hint = (
            f"; {root / class_names[0]} holds folders itself ({', '.join(inner[:5])}): try that path" if inner else ""
        )
        raise DataError(
            f"expected at least two class folders in {root}, got one ({class_names[0]}, {len(pictures)} pictures); "
            f"the layout read is {LAYOUT}{hint}"
        )


def _pictures(
    folder: Path, prefix: str, class_name: str, is_held_out: bool, others: Counter[str]
) -> Iterator[PictureFile]:
    """Yield every picture below a class folder; links to folders in it are not followed, as they may lead in circles.

    One flat loop: a study asks for this list before it knows whether there is anything to do, over 50,000 files too.
    """
    pending = [(folder, prefix)]
    while pending:
        place, below = pending.pop()
        for entry in _visible(place):
            if entry.is_dir(follow_symlinks=False):
                pending.append((Path(entry.path), f"{below}/{entry.name}"))
                continue
            name = entry.name
            suffix = name[name.rfind(".") :].lower() if "." in name else "without suffix"
            if suffix in SUFFIXES and entry.is_file():
                status = entry.stat()
                relative = f"{below}/{name}"
                yield PictureFile(relative, class_name, is_held_out, status.st_size, status.st_mtime_ns)
            else:
                others[suffix if entry.is_file() else "links that lead to no file"] += 1


def _visible(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.name[0] != "." and entry.name not in _IGNORED]
    except PermissionError as error:
        raise DataError(
            f"expected to read the folder {folder}, got {error.strerror!r}; change its permissions"
        ) from error


def _is_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES
