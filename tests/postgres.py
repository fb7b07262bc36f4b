"""A PostgreSQL of Debian's, begun by the tests as a user without rights, in a folder that is thrown away."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

_LONGEST_SECONDS = 60


@contextmanager
def running_postgres() -> Iterator[str]:
    """Give the URL of an empty database; the test that asks is skipped where there is no PostgreSQL."""
    programs = _programs()
    if programs is None or find_spec("psycopg") is None:
        pytest.skip(
            "NO POSTGRESQL HERE, so the store is not tested on it; install Debian's postgresql and psycopg[binary]"
        )
    user = _user()
    # Not below pytest's own folders, which only their owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="lowres-postgres-", dir="/tmp"))
    shutil.chown(folder, user)
    try:
        _run(user, programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "lowres", "--no-sync")
        words = [programs / "postgres", "-D", folder / "data", "-k", folder, "-F", "-c", "listen_addresses="]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen([*map(str, words)], stdout=log, stderr=log, cwd=folder, **_as(user))
        try:
            _wait(server, folder)
            yield f"postgresql://lowres@/postgres?host={folder}"
        finally:
            server.terminate()
            server.wait(_LONGEST_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    found = [Path(one).parent for one in (shutil.which("initdb"),) if one]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((one for one in found if (one / "initdb").exists() and (one / "postgres").exists()), None)


def _user() -> str:
    """PostgreSQL refuses to run as root."""
    if os.getuid():
        return getpass.getuser()
    names = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _as(user: str) -> dict[str, object]:
    return {} if os.getuid() else {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _run(user: str, *words: object) -> None:
    subprocess.run([*map(str, words)], check=True, capture_output=True, cwd="/", **_as(user))


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + _LONGEST_SECONDS
    while not (folder / ".s.PGSQL.5432").exists() or "ready to accept" not in (folder / "log").read_text():
        assert server.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < until, (folder / "log").read_text()
        time.sleep(0.05)
