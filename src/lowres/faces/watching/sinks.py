"""Where a watch's alarms go besides the screen: a line a look in a log file, a webhook, a file for Prometheus."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lowres.errors import PredictionsError

_SECONDS = 10


def checked_webhook(url: str) -> str:
    """Return the address; refused with PredictionsError: one that is not http(s), or names no host or no port."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if url and (not is_one or any(one.isspace() for one in url)):
        raise PredictionsError(f"expected a webhook as http:// or https:// address, got {url!r}")
    return url


def post(url: str, look: dict[str, Any]) -> str:
    """Send a look as JSON; return what went wrong, or the empty string: a watch goes on whoever listens."""
    body = json.dumps(look).encode()
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"}, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 (checked: http or https)
            answer.read(1)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, OSError) as error:
        # A name and a password may stand before the host; they are nobody's business.
        return f"the webhook {urlsplit(url).netloc.rpartition('@')[2]} took nothing: {error!s:.200}"
    return ""


def append(path: Path, look: dict[str, Any]) -> None:
    """Write a look as one line of JSON at the end of a file."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(look) + "\n")


def prometheus_text(model: str, verdict: dict[str, Any], lost: int) -> str:
    """Return the newest verdict in Prometheus' text format, for node_exporter's textfile collector or `/metrics`."""
    labels = f'{{model="{_escaped(model)}"}}'
    estimate = verdict["estimated_accuracy"]
    rows = [
        ("lowres_watch_alarm", "1 where the newest window alarms.", int(not verdict["calm"])),
        ("lowres_watch_estimated_accuracy", "Accuracy reckoned without labels.", estimate["accuracy"]),
        ("lowres_watch_accuracy_is_known", "1 where that can be relied on.", int(estimate["is_known"])),
        ("lowres_watch_copied_share", "Share of pictures that repeat another one.", verdict["copied_share"]),
        ("lowres_watch_lost_records", "Predictions that were never recorded.", lost),
    ]
    lines = []
    for name, about, value in rows:
        lines += [f"# HELP {name} {about}", f"# TYPE {name} gauge", f"{name}{labels} {value}"]
    name = "lowres_watch_shift"
    lines += [f"# HELP {name} Size of each shift, 0 to 1.", f"# TYPE {name} gauge"]
    for test, shift in verdict["shifts"].items():
        lines.append(f'{name}{{model="{_escaped(model)}",test="{_escaped(test)}"}} {shift["size"]}')
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
