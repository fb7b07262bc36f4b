"""Asks the frameworks about themselves in a process of their own, so that the asker loads none of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

LONGEST_SECONDS = 180.0


def backend_report(longest_seconds: float = LONGEST_SECONDS) -> dict[str, Any]:
    """Return what `lowres.networks.backend_report` prints; `{"fault": words}` where that process did not end well."""
    command = [sys.executable, "-m", "lowres.networks.backend_report"]
    # TensorFlow greets in the log; what is left there after this is worth showing.
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=longest_seconds, env=environment
        )
    except subprocess.TimeoutExpired:
        return {"fault": f"no answer in {longest_seconds:.0f} seconds"}
    except OSError as error:
        return {"fault": f"{command[0]} cannot be started: {error}"}
    return _answer(done.stdout) or {"fault": _ending(done)}


def _answer(stdout: str) -> dict[str, Any]:
    lines = stdout.strip().splitlines()
    try:
        answer = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _ending(done: subprocess.CompletedProcess[str]) -> str:
    last_lines = [line for line in done.stderr.strip().splitlines() if line.strip()][-3:]
    return f"its process ended with {done.returncode}: {' / '.join(last_lines) or 'it said nothing'}"
