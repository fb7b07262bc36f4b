"""Chosen files out of a tar archive or a folder, as bytes, without unpacking anything on the disk."""

from __future__ import annotations

import lzma
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

from lowres.errors import SourceUnavailable, VerificationError

_LARGEST_MEMBER_BYTES = 2**28


def read_members(path: Path, is_wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Return the wanted files by their bare names, from a folder (at any depth) or a tar archive of any compression.

    Refused with SourceUnavailable: nothing at `path`; with VerificationError: an archive that does not read to its
    end, and a wanted file above 256 MiB, which none of ours reaches.
    """
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.is_file() and is_wanted(file.name))
        return {file.name: file.read_bytes() for file in reversed(found)}
    if not path.exists():
        raise SourceUnavailable(f"expected a file or folder at {path}, got nothing there")
    try:
        with tarfile.open(path, "r|*") as archive:
            return _read_stream(archive, path, is_wanted)
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError) as error:
        raise VerificationError(
            f"expected a tar archive in {path}, got a file that does not read as one ({error}); fetch it again"
        ) from error


def _read_stream(archive: tarfile.TarFile, path: Path, is_wanted: Callable[[str], bool]) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    for member in archive:
        name = member.name.rsplit("/", 1)[-1]
        if not (member.isfile() and is_wanted(name)) or name in members:
            continue
        if member.size > _LARGEST_MEMBER_BYTES:
            raise VerificationError(f"expected {name} in {path} below 256 MiB, got {member.size:,} bytes")
        content = archive.extractfile(member)
        members[name] = content.read() if content else b""
    return members
