"""What a watch keeps in the study's folder: the reference, and what it has said so far."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from lowres.errors import StudyDamaged
from lowres.files.atomic import atomic_write_json
from lowres.files.predictions_file import read_arrays, write_arrays
from lowres.values.monitoring.image_statistics import STATISTICS
from lowres.values.watching.reference import Reference

FOLDER = "monitoring"
_COLUMNS = (
    "probabilities",
    "labels",
    "embeddings",
    "sha256",
    "examples",
    "spoiled_kinds",
    "spoiled_probabilities",
    "spoiled_embeddings",
    "spoiled_labels",
)
# Verdicts that are kept; older ones can be made again from the store.
_MOST_VERDICTS = 500


def reference_path(study: Path) -> Path:
    """Return where a study's reference lies."""
    return study / FOLDER / "reference.npz"


def write_reference(study: Path, reference: Reference) -> None:
    """Write the reference, whole or not at all."""
    path = reference_path(study)
    path.parent.mkdir(exist_ok=True)
    arrays = {name: np.asarray(getattr(reference, name)) for name in _COLUMNS}
    arrays |= {f"statistic_{name}": reference.statistics[name] for name in STATISTICS}
    write_arrays(path, arrays | {"identity": np.array(reference.identity), "classes": np.array(reference.class_names)})


def read_reference(study: Path) -> Reference | None:
    """Return the reference, None where there is none yet; refused with StudyDamaged: a file of something else."""
    path = reference_path(study)
    if not path.exists():
        return None
    arrays = read_arrays(path)
    try:
        return Reference(
            identity=str(arrays["identity"]),
            class_names=tuple(str(name) for name in arrays["classes"]),
            statistics={name: arrays[f"statistic_{name}"] for name in STATISTICS},
            **{name: arrays[name] for name in _COLUMNS},
        )
    except KeyError as error:
        raise StudyDamaged(f"expected {error} among the arrays in {path}; delete it, and it is made again") from error


def read_watched(study: Path) -> dict[str, Any]:
    """Return what the watch said so far: by store and model the last number looked at, and the verdicts."""
    path = study / FOLDER / "watched.json"
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        raise StudyDamaged(f"expected JSON in {path}, got {error}; delete it to watch from the start") from error
    return found if isinstance(found, dict) else {}


def write_watched(study: Path, watched: dict[str, Any]) -> None:
    """Write it, the newest verdicts of each."""
    for one in watched.values():
        one["verdicts"] = one["verdicts"][-_MOST_VERDICTS:]
    (study / FOLDER).mkdir(exist_ok=True)
    atomic_write_json(study / FOLDER / "watched.json", watched)
