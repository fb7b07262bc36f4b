"""One process on a study at a time: a lock the kernel lets go of, however its holder ended."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from lowres.errors import StudyError, StudyLocked

LOCK_NAME = ".lowres-lock"


@contextmanager
def study_lock(folder: Path) -> Iterator[None]:
    """Hold the study in `folder` for this process alone while the block runs.

    Refused with StudyLocked while another process holds it (it is named), with StudyError where no lock can be had.
    """
    with _opened(folder / LOCK_NAME) as handle:
        _take(handle, folder)
        handle.truncate(0)
        handle.write(f"{os.getpid()}")
        handle.flush()
        yield


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("a+", encoding="ascii")
    except OSError as error:
        raise StudyError(
            f"expected a study folder that can be written, got {path.parent} where it cannot ({error.strerror}); "
            "try another folder with --study, or change its permissions"
        ) from error


def _take(handle: IO[str], folder: Path) -> None:
    try:
        lock_without_waiting(handle)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            raise StudyError(
                f"expected a file system that can lock files, got none for {folder} ({error.strerror}); "
                "put the study on a local disk with --study"
            ) from error
        raise _locked(folder, _holder(handle)) from error
    # A run that was refused at its start takes its empty study away again, and this lock's file with it.
    if not _is_file_of(handle, folder / LOCK_NAME):
        raise _locked(folder, "another process")


def _locked(folder: Path, holder: str) -> StudyLocked:
    return StudyLocked(
        f"expected a study nobody works on, got {folder}, which {holder} works on now; "
        "wait until it is done, or give this run another folder with --study"
    )


def _is_file_of(handle: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except FileNotFoundError:
        return False


def lock_without_waiting(handle: IO[Any]) -> None:
    """Lock an open file for this process until it is closed; raises OSError while another process holds it."""
    if sys.platform == "win32":
        import msvcrt

        handle.seek(0)
        msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(handle: IO[str]) -> str:
    handle.seek(0)
    written = handle.read(20).strip()
    # Empty for an instant: the holder locks first and signs after.
    return f"process {written}" if written.isdigit() else "another process"
