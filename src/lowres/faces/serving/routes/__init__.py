"""Which address leads to what; one file a protocol."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from lowres.files.study.version_folders import HIGHEST_VERSION

Name = Annotated[str, Path(max_length=100)]
Version = Annotated[int, Path(ge=1, le=HIGHEST_VERSION)]

_ERROR = {
    "type": "object",
    "properties": {"error": {"type": "string"}},
    "required": ["error"],
}
_MEANINGS = {
    400: "The request cannot be answered as it is.",
    401: "The token is missing, or another.",
    404: "No such model or version.",
    408: "The body did not arrive in time.",
    413: "Too many bytes, pixels or pictures.",
    429: "Too much is asked at once; Retry-After says when to come again.",
    504: "The answer was not there in time.",
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"description": meaning, "content": {"application/json": {"schema": _ERROR}}}
    for status, meaning in _MEANINGS.items()
}


def takes_json(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    """Return what OpenAPI says of a route with a JSON body."""
    content = {"application/json": {"schema": {"type": "object"} | schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}
