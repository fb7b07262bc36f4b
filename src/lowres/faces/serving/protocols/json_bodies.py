"""Bodies of requests as plain data, and answers as bytes."""

from __future__ import annotations

import json
from typing import Any

from lowres.errors import RequestRefused


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body; refused with RequestRefused: anything else.

    NaN and Infinity are read, as the protocols' own parsers do.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        found = "no JSON" if body else "an empty body"
        raise RequestRefused(f"expected a JSON object, got {found} ({error}); see /openapi.json") from error
    if not isinstance(data, dict):
        raise RequestRefused(f"expected a JSON object, got a JSON {type(data).__name__}; see /openapi.json")
    return data


def json_bytes(data: object) -> bytes:
    """Return plain data as compact JSON."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def text_of(data: dict[str, Any], key: str, default: str = "") -> str:
    """Return the text under a key, `default` where there is none; refused with RequestRefused: another type."""
    value = data.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise RequestRefused(f"expected text under {key!r}, got {json.dumps(value)[:40]}; send a JSON string")
    return value
