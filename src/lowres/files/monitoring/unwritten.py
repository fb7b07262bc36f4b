"""How many predictions a server has taken and not written yet, kept where kill -9 cannot take it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from lowres.errors import NotWritable
from lowres.files.cache_folder import cache_folder
from lowres.files.study.study_lock import lock_without_waiting

_SUFFIX = ".unwritten"
_WIDTH = 20


class Unwritten:
    """A count in a file of its own, locked while its process lives; what a killed one leaves behind was lost.

    A write into a file is in the kernel's hands at once, so it survives the process, though not a loss of power.
    """

    def __init__(self, identity: str) -> None:
        """Count from nothing for the store of this identity; refused with NotWritable where no file can be made."""
        self._path = _folder(identity) / f"{os.getpid()}-{id(self)}{_SUFFIX}"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w+b", buffering=0)
            lock_without_waiting(self._file)
            self._write(0)
        except OSError as error:
            raise NotWritable(
                f"expected a cache folder that can be written at {self._path.parent}, got one that cannot "
                f"({error.strerror}); name another by the variable LOWRES_CACHE"
            ) from error

    def set(self, count: int) -> None:
        """Note how many there are."""
        with suppress(OSError):
            self._write(count)

    def close(self) -> None:
        """Take the count away where it is zero; else it stays, for the next who opens the store to tell."""
        self._file.seek(0)
        is_zero = int(self._file.read(_WIDTH) or 0) == 0
        self._file.close()
        if is_zero:
            self._path.unlink(missing_ok=True)

    def _write(self, count: int) -> None:
        # As wide from the first write on: on a full disk a file that does not grow can still be written.
        self._file.seek(0)
        self._file.write(f"{count:0{_WIDTH}d}".encode())


@contextmanager
def left_behind(identity: str) -> Iterator[int]:
    """Give how many predictions processes left unwritten that are gone; forgotten when the block ends well."""
    with ExitStack() as opened:
        found = [pair for path in sorted(_folder(identity).glob(f"*{_SUFFIX}")) if (pair := _of_the_dead(path, opened))]
        yield sum(count for _, count in found)
        for path, _ in found:
            path.unlink(missing_ok=True)


def _of_the_dead(path: Path, opened: ExitStack) -> tuple[Path, int] | None:
    """The file's count, unless a process that lives holds it."""
    try:
        file: IO[bytes] = opened.enter_context(path.open("r+b", buffering=0))
        lock_without_waiting(file)
    except OSError:
        return None
    text = file.read(_WIDTH)
    return path, int(text) if text.isdigit() else 0


def _folder(identity: str) -> Path:
    return cache_folder("records", hashlib.sha256(identity.encode()).hexdigest()[:16])
