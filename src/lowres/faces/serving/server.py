"""The server process: one socket, connections that must speak in time, and an end that finishes what was taken."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lowres.errors import RequestRefused

CONNECTIONS = 1000
HEAD_BYTES = 64 * 2**10
_KEEP_ALIVE_SECONDS = 30
_BACKLOG = 2048


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound there, 0 for any free port, to which nobody can connect before the server runs.

    Refused with RequestRefused: a port that is taken or not allowed, an address this machine does not have.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _no_address(host, error) from error
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except (OSError, OverflowError) as error:
        bound.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRNOTAVAIL:
            raise _no_address(host, error) from error
        raise RequestRefused(
            f"expected a free port, got {port} at {host} ({getattr(error, 'strerror', error)}); try another --port"
        ) from error
    return bound


def _no_address(host: str, error: OSError) -> RequestRefused:
    return RequestRefused(f"expected an address of this machine, got {host} ({error.strerror}); try another --host")


class Server(uvicorn.Server):
    """Serves until SIGTERM or Ctrl-C, then answers what it has taken; a second Ctrl-C ends it at once.

    begun: called once requests are taken.
    """

    def __init__(self, application: FastAPI, *, arrival_seconds: float, begun: Callable[[], None]) -> None:
        """Prepare to serve; the answers that are under way at the end have as long as any other answer."""
        protocol = type("Timed", (TimedConnection,), {"arrival_seconds": arrival_seconds})
        super().__init__(
            uvicorn.Config(
                application,
                http=protocol,
                ws="none",
                lifespan="on",
                access_log=False,
                log_config=None,
                backlog=_BACKLOG,
                limit_concurrency=CONNECTIONS,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                server_header=False,
            )
        )
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        self._begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take requests, and say so."""
        await super().startup(sockets)
        self._begun()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End quietly on a signal: what was asked for has been done, so nothing is raised afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self.handle_exit(number, frame)


class TimedConnection(HttpToolsProtocol):
    """A connection whose request heads come in time and are of a decent size; uvicorn itself would wait for ever."""

    arrival_seconds: float = 10.0

    def __init__(self, *words: Any, **named: Any) -> None:
        """Begin as uvicorn does."""
        super().__init__(*words, **named)
        self._deadline: asyncio.TimerHandle | None = None
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a head from here on."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Count what belongs to no request yet."""
        self._head_bytes = 0 if self._is_in_request() else self._head_bytes + len(data)
        super().data_received(data)
        if self._is_in_request():
            self._forget_deadline()
        elif self._head_bytes > HEAD_BYTES:
            self.transport.close()
        elif self._deadline is None:
            self._expect_head()

    def connection_lost(self, error: Exception | None) -> None:
        """Stop waiting."""
        self._forget_deadline()
        super().connection_lost(error)

    def _is_in_request(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete

    def _expect_head(self) -> None:
        self._deadline = self.loop.call_later(self.arrival_seconds, self._close_silent)

    def _forget_deadline(self) -> None:
        self._head_bytes = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close_silent(self) -> None:
        self._deadline = None
        if not self._is_in_request() and not self.transport.is_closing():
            self.transport.close()
