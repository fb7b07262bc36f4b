"""Files appear whole or not at all: written beside their place, flushed to the disk, then renamed over it."""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lowres.errors import DiskFull, LowresError, NotWritable

_PART = re.compile(r"\.part-(\d+)-[0-9a-f]{8}-(.+)")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.EISDIR}
_MEBIBYTE = 2**20
_QUIET_SECONDS = 60.0
_ABANDONED_SECONDS = 24 * 3600.0


def atomic_write_bytes(path: Path, content: bytes) -> None:
    """Put `content` at `path`, making its folder where needed; an older file stays until the new one is whole."""
    with atomic_path(path) as part, part.open("wb") as file:
        file.write(content)


def atomic_write_text(path: Path, text: str) -> None:
    """Put `text` at `path` as UTF-8 with the line ends it has."""
    atomic_write_bytes(path, text.encode())


def atomic_write_json(path: Path, data: object) -> None:
    """Put `data` at `path` as indented JSON ending in a newline; NaN and infinity are refused with ValueError."""
    atomic_write_text(path, json.dumps(data, indent=2, allow_nan=False) + "\n")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it is renamed to `path` on success and removed on any failure.

    The yielded name ends in the real one, since some writers judge a file by its suffix, and nothing is there yet, so
    that it gets the user's own permissions. Refused with DiskFull: no space; with NotWritable: no permission.
    """
    part = _part_beside(path)
    try:
        with explained_write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            remove_abandoned(path.parent, path.name)
            yield part
            _flush(part)
            part.replace(path)
            _flush(path.parent)
    finally:
        _remove(part)


@contextmanager
def scratch_folder(parent: Path, name: str) -> Iterator[Path]:
    """Yield an empty folder inside `parent`, removed afterwards, whatever happened."""
    with explained_write_errors(parent):
        parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(parent, name)
        folder = _part_beside(parent / name)
        folder.mkdir()
    try:
        yield folder
    finally:
        _remove(folder)


@contextmanager
def explained_write_errors(path: Path) -> Iterator[None]:
    """Turn a full disk into DiskFull and a closed folder into NotWritable, naming `path` and what to do."""
    try:
        yield
    except LowresError:
        raise
    except OSError as error:
        if _means_full(error):
            raise DiskFull(
                f"expected room for {path}, got a full disk ({_free_mebibytes(path)} MiB free); nothing half written "
                "was left behind; free some space, or choose another disk, and run the same command again"
            ) from error
        if error.errno in _CLOSED:
            raise NotWritable(
                f"expected to write {path}, got {error.strerror!r} at {error.filename or path}; "
                "change its permissions, or choose a folder you may write to"
            ) from error
        raise


def remove_abandoned(folder: Path, name: str) -> None:
    """Remove what killed processes left of `name` in `folder`; what a living process writes stays."""
    with os.scandir(folder) as entries:
        for entry in entries:
            part = _PART.fullmatch(entry.name)
            if part and part[2] == name and _is_abandoned(entry, int(part[1])):
                _remove(Path(entry.path))


def _part_beside(path: Path) -> Path:
    return path.with_name(f".part-{os.getpid()}-{secrets.token_hex(4)}-{path.name}")


def _is_abandoned(entry: os.DirEntry[str], process: int) -> bool:
    try:
        quiet_seconds = time.time() - entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return False
    # A process number of another container looks dead from here, so a file that still grows is left alone.
    return quiet_seconds > _ABANDONED_SECONDS or (quiet_seconds > _QUIET_SECONDS and not _is_alive(process))


def _is_alive(process: int) -> bool:
    # On Windows signal 0 would end the process; there the day's grace alone decides.
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except (PermissionError, OverflowError):
        return True
    except ProcessLookupError:
        return False
    return True


def _means_full(error: OSError) -> bool:
    # NumPy's tofile raises a bare OSError("N requested and M written"), HDF5 hides the number inside its text.
    text = str(error)
    return error.errno in _FULL or "No space left" in text or bool(re.search(r"\d+ requested and \d+ written", text))


def _free_mebibytes(path: Path) -> int | str:
    for folder in path.absolute().parents:
        with suppress(OSError):
            return shutil.disk_usage(folder).free // _MEBIBYTE
    return "unknown"


def _flush(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network and FUSE folders cannot be synced; the rename is as good there as it gets.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP} or not path.is_dir():
            raise
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):
        path.unlink(missing_ok=True)
