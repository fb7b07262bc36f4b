"""What a watch keeps in the study's folder: the reference, and what it has said so far."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lowres.errors import StudyDamaged
from lowres.files.atomic import atomic_write_json
from lowres.files.study.predictions_file import read_arrays, write_arrays
from lowres.values.monitoring.image_statistics import STATISTICS
from lowres.values.monitoring.served_record import RecordedModel
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


@dataclass(frozen=True)
class WatchedSoFar:
    """last: number of the newest record that was judged. lost: told by then, by reason. verdicts: oldest first."""

    last: int = 0
    lost: Mapping[str, int] = field(default_factory=dict)
    verdicts: Sequence[dict[str, Any]] = ()


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


def read_watched(study: Path, store_identity: str, model: RecordedModel) -> WatchedSoFar:
    """Return what the watch said so far of a model as a store has it recorded."""
    found = _read_all(study).get(_key(store_identity, model), {})
    lost = {str(reason): int(count) for reason, count in found.get("lost", {}).items()}
    return WatchedSoFar(int(found.get("last", 0)), lost, tuple(found.get("verdicts", ())))


def write_watched(study: Path, store_identity: str, model: RecordedModel, said: WatchedSoFar) -> None:
    """Write it in place of what was there of this model in this store, the newest verdicts of each."""
    watched = _read_all(study) | {
        _key(store_identity, model): {"last": said.last, "lost": dict(said.lost), "verdicts": list(said.verdicts)}
    }
    for one in watched.values():
        one["verdicts"] = one["verdicts"][-_MOST_VERDICTS:]
    _watched_path(study).parent.mkdir(exist_ok=True)
    atomic_write_json(_watched_path(study), watched)


def _key(store_identity: str, model: RecordedModel) -> str:
    return f"{store_identity} {model.name} {model.version}"


def _watched_path(study: Path) -> Path:
    return study / FOLDER / "watched.json"


def _read_all(study: Path) -> dict[str, Any]:
    path = _watched_path(study)
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        raise StudyDamaged(f"expected JSON in {path}, got {error}; delete it to watch from the start") from error
    return found if isinstance(found, dict) else {}
