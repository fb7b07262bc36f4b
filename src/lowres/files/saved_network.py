"""How large a saved network is, counted from its .keras file without loading a framework."""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from pathlib import Path
from typing import Any

from lowres.errors import StudyDamaged
from lowres.values.study_facts.records import Parameters

# The states of Keras' random layers lie among the tensors and are no parameters.
_RANDOM_STATE = "seed_generator"


def read_parameters(path: Path) -> Parameters:
    """Return how many numbers the network in a .keras file holds; refused with StudyDamaged: no such archive."""
    import h5py

    try:
        with zipfile.ZipFile(path) as archive:
            layers = json.loads(archive.read("config.json"))["config"]["layers"]
            content = io.BytesIO(archive.read("model.weights.h5"))
        with h5py.File(content) as tensors:
            sizes = _sizes(tensors)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise StudyDamaged(
            f"expected a Keras archive at {path}, got {error!r}; delete it and run the same command again"
        ) from error
    place = _place_of("head", layers)
    head = sum(size for name, size in sizes.items() if place and name.startswith(f"layers/{place}/"))
    return Parameters(sum(sizes.values()), head or None)


def _sizes(tensors: Any) -> dict[str, int]:
    import h5py

    sizes: dict[str, int] = {}

    def count(name: str, found: Any) -> None:
        if isinstance(found, h5py.Dataset) and _RANDOM_STATE not in name and name.startswith("layers/"):
            sizes[name] = math.prod(found.shape)

    tensors.visititems(count)
    return sizes


def _place_of(name: str, layers: list[dict[str, Any]]) -> str | None:
    """Where Keras puts a layer's tensors: its class in snake case, numbered from the second of that class on."""
    seen: dict[str, int] = {}
    for layer in layers:
        kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", layer["class_name"]).lower()
        place = kind if not seen.get(kind) else f"{kind}_{seen[kind]}"
        seen[kind] = seen.get(kind, 0) + 1
        if layer["config"].get("name") == name:
            return place
    return None
