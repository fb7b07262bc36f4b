"""Names the machine a figure was measured on."""

from __future__ import annotations

from typing import Any

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
