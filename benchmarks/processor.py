"""Names the machine a figure was measured on, and keeps those of one machine beside those of another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lowres.files.atomic import atomic_write_json
from lowres.files.machine import read_machine


def machine() -> dict[str, Any]:
    """Return the processor's name, what it has that matters for speed, its cores, and cards the system sees."""
    found = read_machine()
    return {
        "processor": found.processor,
        "features": list(found.processor_features or ()),
        "cores": found.cores,
        "graphics_cards": list(found.graphics_cards),
    }


def has_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16; elsewhere the same step is computed many times slower."""
    return "avx512_bf16" in machine()["features"]


def write_measurement(path: Path, measurement: dict[str, Any], key: Sequence[str] = ("machine",)) -> None:
    """Put the measurement, which says its machine, into `path` in place of the one that it repeats; others stay.

    key: what two measurements have alike of which one repeats the other.
    """
    before = json.loads(path.read_bytes())["measurements"] if path.exists() else []
    others = [one for one in before if any(one[name] != measurement[name] for name in key)]
    atomic_write_json(path, {"measurements": [*others, measurement]})
