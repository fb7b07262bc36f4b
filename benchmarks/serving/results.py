"""benchmarks/results/serving.json: each script keeps its own part, with the machine and when."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lowres.files.atomic import atomic_write_json
from lowres.files.machine import installed_versions

sys.path.append(str(Path(__file__).parent.parent))
from processor import machine  # noqa: E402

RESULTS = Path(__file__).parent.parent / "results" / "serving.json"
_PACKAGES = ("lowres", "keras", "tensorflow-cpu", "openvino", "fastapi", "uvicorn", "numpy", "pillow")


def keep(part: str, facts: dict[str, Any]) -> None:
    """Put one part into the file, beside the others."""
    data = json.loads(RESULTS.read_bytes()) if RESULTS.exists() else {}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    load = [round(one, 2) for one in os.getloadavg()]
    data[part] = {"written": now, "load_average": load, "nice": os.nice(0)} | facts
    data["machine"] = machine()
    data["versions"] = installed_versions(_PACKAGES)
    atomic_write_json(RESULTS, data)
