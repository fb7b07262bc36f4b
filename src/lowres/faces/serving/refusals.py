"""What is refused, as the server says it: a status and one sentence under `error`, as both protocols have it."""

from __future__ import annotations

from starlette.responses import Response

from lowres.errors import (
    AnswerTooSlow,
    LowresError,
    NotAllowed,
    NotServed,
    RequestRefused,
    RequestTooLarge,
    RequestTooSlow,
    ServerBusy,
)
from lowres.faces.serving.protocols.json_bodies import json_bytes

STATUSES: dict[type[LowresError], int] = {
    NotServed: 404,
    NotAllowed: 401,
    RequestTooLarge: 413,
    RequestTooSlow: 408,
    ServerBusy: 429,
    AnswerTooSlow: 504,
    RequestRefused: 400,
}
WENT_WRONG = 500


def json_response(data: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return plain data as a response."""
    return Response(json_bytes(data), status, headers, media_type="application/json")


def refusal_response(error: LowresError) -> Response:
    """Return what a client is told: the error's own words, and when to come again where it is for being busy."""
    status = next((code for kind, code in STATUSES.items() if isinstance(error, kind)), WENT_WRONG)
    headers = {}
    if isinstance(error, ServerBusy):
        headers["Retry-After"] = str(error.retry_seconds)
    if isinstance(error, NotAllowed):
        headers["WWW-Authenticate"] = error.challenge
    if isinstance(error, RequestTooLarge | RequestTooSlow):
        # What is still to come of the body is not wanted.
        headers["Connection"] = "close"
    return json_response({"error": str(error)}, status, headers)
