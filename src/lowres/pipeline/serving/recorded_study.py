"""A study as a store knows it: by what it had trained and evaluated, whatever it was served as."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lowres.errors import StoreError
from lowres.files.study.study_folder import read_ledger
from lowres.files.study.version_folders import ledger_identity

if TYPE_CHECKING:
    from lowres.files.monitoring.store import Store
    from lowres.values.monitoring.served_record import RecordedModel


def find_recorded(folder: Path, store: Store) -> RecordedModel | None:
    """Return the study as it is recorded, None where none of its predictions are."""
    identity = ledger_identity(read_ledger(folder))
    return next((model for model in store.models() if model.identity == identity), None)


def recorded_study(folder: Path, store: Store) -> RecordedModel:
    """Return the study as it is recorded; refused with StoreError: none of its predictions are in the store."""
    found = find_recorded(folder, store)
    if found is None:
        known = ", ".join(f"{one.name} {one.version}" for one in store.models()[:8]) or "none"
        raise StoreError(
            f"expected predictions of the study {folder} as it is trained now in {store.shown}, got those of {known}; "
            "serve it with --record (and --keep-images, to review pictures), or name the study that was served"
        )
    return found
