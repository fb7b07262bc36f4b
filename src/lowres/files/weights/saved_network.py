"""How large a saved network is, counted from its .keras file without loading a framework."""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lowres.errors import StudyDamaged
from lowres.values.study_facts.records import Parameters

# The states of Keras' random layers lie among the tensors and are no parameters.
_RANDOM_STATE = "seed_generator"
# Resizing is two fixed matrices inside the network (networks/resizing.py): tensors, but nothing that was ever learned.
_FIXED = ("resize_rows", "resize_columns")


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
    places = dict(_places(layers))
    fixed = tuple(f"layers/{places[name]}/" for name in places if name.rpartition("/")[2] in _FIXED)
    learned = {name: size for name, size in sizes.items() if not name.startswith(fixed)}
    head = sum(
        size for name, size in learned.items() if "head" in places and name.startswith(f"layers/{places['head']}/")
    )
    return Parameters(sum(learned.values()), head or None)


def _sizes(tensors: Any) -> dict[str, int]:
    import h5py

    sizes: dict[str, int] = {}

    def count(name: str, found: Any) -> None:
        if isinstance(found, h5py.Dataset) and _RANDOM_STATE not in name and name.startswith("layers/"):
            sizes[name] = math.prod(found.shape)

    tensors.visititems(count)
    return sizes


def _places(layers: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Each layer's name (of an inner one: outer/inner) with where Keras puts its tensors: its class, numbered."""
    seen: dict[str, int] = {}
    for layer in layers:
        kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", layer["class_name"]).lower()
        place = kind if not seen.get(kind) else f"{kind}_{seen[kind]}"
        seen[kind] = seen.get(kind, 0) + 1
        name = str(layer["config"].get("name"))
        yield name, place
        for inner, where in _places(layer["config"].get("layers", [])):
            yield f"{name}/{inner}", f"{place}/layers/{where}"
