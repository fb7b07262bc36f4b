"""`lowres predict --record`: what a study says of pictures is written into a store, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lowres.files.study.study_folder import read_ledger
from lowres.files.study.version_folders import ledger_identity, study_version

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.files.pictures.picture_batches import PictureBatch
    from lowres.pipeline.predict_pictures import FinishedStudy, Record
    from lowres.values.monitoring.picture_policy import PicturePolicy
    from lowres.values.monitoring.served_record import RecordedModel


def recorded_model(study: FinishedStudy) -> RecordedModel:
    """Return the study as `lowres serve` would call it: by its folder, or as a version where that is a number."""
    from lowres.values.monitoring.served_record import RecordedModel

    folder = study.folder.resolve()
    is_version = folder.name.isdecimal() and int(folder.name) > 0
    return RecordedModel(
        name=folder.parent.name if is_version else folder.name,
        version=int(folder.name) if is_version else study_version(folder),
        identity=ledger_identity(read_ledger(folder)),
        class_names=study.class_names,
        review_threshold=study.rules.review_threshold,
    )


@contextmanager
def recording_into(
    store: str, study: FinishedStudy, policy: PicturePolicy, note: Callable[[str], None]
) -> Iterator[Record]:
    """Give what writes a batch into the store at that path or URL; the caller's id of a record is the picture's.

    Refused as `open_store` and `Store.add` refuse: what cannot be recorded is not predicted any further.
    """
    import numpy as np

    from lowres.files.monitoring.store import open_store
    from lowres.values.monitoring.recording import AnsweredPictures, records_of

    model = recorded_model(study)
    with open_store(store, note=note) as opened:

        def record(batch: PictureBatch, outputs: NDArray[np.float32]) -> None:
            read = [id for id, problem in zip(batch.ids, batch.problems, strict=True) if not problem]
            now = datetime.now(UTC)
            parts = (np.split(one, len(read)) for one in (batch.pixels, batch.sizes, outputs)) if read else ((), (), ())
            answered = [
                AnsweredPictures(model, study.rules, now, pixels, sizes, output, caller_id=id)
                for id, pixels, sizes, output in zip(read, *parts, strict=True)
            ]
            opened.add(records_of(answered, policy))

        yield record
