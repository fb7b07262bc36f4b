"""The gate every request passes: its token, how large and how slow its body may be, how long its answer may take."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from lowres.errors import AnswerTooSlow, LowresError, NotAllowed, RequestTooLarge, RequestTooSlow, ServerBusy
from lowres.faces.serving.limits import BodyBudget, Limits
from lowres.faces.serving.observations import Observations
from lowres.faces.serving.refusals import WENT_WRONG, refusal_response
from lowres.faces.serving.visit import Visit, begin_visit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]

# These say nothing of models or pictures, and who asks them carries no token: probes, and a person's first look.
OPEN_PATHS = frozenset({"/", "/review", "/healthz", "/readyz", "/v2/health/live", "/v2/health/ready"})
PAGES_BEHIND_THE_TOKEN = frozenset({"/dashboard"})
GONE = 499
# A body that is too large is read to its end as long as that is soon, so that its sender sees the answer.
_DRAINED_TIMES = 8


class Gate:
    """Wraps the application."""

    def __init__(self, application: Application, *, limits: Limits, token: str, observations: Observations) -> None:
        """Let nobody pass without the token, where there is one."""
        self._application, self._limits, self._observations = application, limits, observations
        self._token = token.encode()
        self._budget = BodyBudget(limits.bodies_bytes)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here with why not."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        visit, status = begin_visit(scope), 0

        async def noted_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", visit.id.encode("latin-1"))]
            await send(message)

        try:
            await self._pass(visit, receive, noted_send)
        except LowresError as error:
            if not status:
                await refusal_response(error)(scope, receive, noted_send)
        finally:
            self._budget.give(visit.body_bytes)
            visit.body = b""
            status = status or (GONE if visit.is_gone else WENT_WRONG)
            self._observations.request(visit, status, time.perf_counter() - visit.began)

    async def _pass(self, visit: Visit, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._limits.seconds):
                self._refuse_stranger(visit)
                await self._read_body(visit, receive)
                if not visit.is_gone:
                    await self._application(visit.scope, receive, send)
        except TimeoutError as error:
            raise AnswerTooSlow(
                f"expected an answer within {self._limits.seconds:g} s, got none; ask again later, or for less at once"
            ) from error

    def _refuse_stranger(self, visit: Visit) -> None:
        if not self._token or visit.path in OPEN_PATHS:
            return
        scheme, _, given = (visit.header(b"authorization") or "").partition(" ")
        token, is_for_people = given.strip().encode("utf-8", "replace"), visit.path in PAGES_BEHIND_THE_TOKEN
        if is_for_people and scheme.lower() == "basic":
            # A browser that opens a page can send no other scheme: any name, the token as its password.
            scheme, token = "bearer", _password(token)
        if scheme.lower() != "bearer" or not hmac.compare_digest(token, self._token):
            error = NotAllowed("expected the server's token, got none or another; send Authorization: Bearer TOKEN")
            error.challenge = 'Basic realm="lowres: any name, the token as password"' if is_for_people else "Bearer"
            raise error

    async def _read_body(self, visit: Visit, receive: Receive) -> None:
        if visit.method in ("GET", "HEAD", "OPTIONS"):
            return
        declared = visit.header(b"content-length") or ""
        is_too_large = declared.isdigit() and int(declared[:20]) > self._limits.body_bytes
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(self._limits.arrival_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        visit.is_gone = True
                        return
                    part = message.get("body", b"")
                    is_too_large = is_too_large or visit.body_bytes + len(part) > self._limits.body_bytes
                    if is_too_large:
                        await self._refuse_large(receive, message, declared)
                    self._take(visit, len(part))
                    parts.append(part)
                    if not message.get("more_body", False):
                        break
        except TimeoutError as error:
            raise RequestTooSlow(
                f"expected the whole body within {self._limits.arrival_seconds:g} s, got {visit.body_bytes} bytes of "
                f"{declared or 'it'}; send it again"
            ) from error
        visit.body = b"".join(parts)

    def _take(self, visit: Visit, count: int) -> None:
        if not self._budget.take(count):
            raise ServerBusy(
                f"expected at most {self._budget.most} bytes of bodies at once, got more; ask again later", 1
            )
        visit.body_bytes += count

    async def _refuse_large(self, receive: Receive, message: Message, declared: str) -> None:
        left = _DRAINED_TIMES * self._limits.body_bytes
        while message.get("more_body", False) and message["type"] == "http.request" and left > 0:
            message = await receive()
            left -= len(message.get("body", b""))
        raise RequestTooLarge(
            f"expected a body of at most {self._limits.body_bytes} bytes, got {declared or 'more'}; send a smaller "
            "picture, or fewer at once"
        )


def _password(given: bytes) -> bytes:
    """What stands behind the colon of HTTP's basic scheme (RFC 7617); nothing where it is no Base64."""
    try:
        return base64.b64decode(given, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""
