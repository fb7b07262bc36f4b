"""One request on its way through the server: what came in, and what is to be counted and logged of it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

_KEY = "lowres.visit"
_LONGEST_ID = 100


@dataclass(eq=False)
class Visit:
    """A request. body: whole, once it has been read. model, version, pictures: what it asked, once that is known.

    began: by the performance counter. is_gone: whether the client closed the connection before its body was whole.
    """

    scope: Any
    method: str = ""
    path: str = ""
    client: str = ""
    id: str = ""
    body: bytes = field(default=b"", repr=False)
    body_bytes: int = 0
    model: str = ""
    version: int = 0
    pictures: int = 0
    began: float = field(default_factory=time.perf_counter)
    is_gone: bool = False

    @property
    def route(self) -> str:
        """The pattern of the address it went to; `other` where there is none, so that there are only so many."""
        return str(getattr(self.scope.get("route"), "path", "other"))

    def header(self, name: bytes) -> str | None:
        """The value of a header, by its name in small letters."""
        return next((value.decode("latin-1") for key, value in self.scope["headers"] if key == name), None)


def begin_visit(scope: Any) -> Visit:
    """Return the visit of a request, kept with it.

    Its id is the sender's X-Request-Id, else their X-Correlation-Id, else drawn.
    """
    visit = Visit(scope, scope["method"], scope["path"], (scope.get("client") or ("",))[0])
    given = visit.header(b"x-request-id") or visit.header(b"x-correlation-id") or ""
    visit.id = given if given.isprintable() and 0 < len(given) <= _LONGEST_ID else secrets.token_hex(8)
    scope[_KEY] = visit
    return visit


def visit_of(request: Request) -> Visit:
    """Return the visit that a request belongs to."""
    visit: Visit = request.scope[_KEY]
    return visit
