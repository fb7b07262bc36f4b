"""The review as the server gives it: queues and verdicts of the store, neighbours out of the training part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from lowres.errors import LowresError, NotServed
from lowres.files.study.study_folder import read_ledger
from lowres.files.study.version_folders import ledger_identity
from lowres.pipeline.choice import choose_study
from lowres.pipeline.predict_pictures import open_finished_study, open_study_engine
from lowres.pipeline.progress import SilentProgress
from lowres.pipeline.serving.recorded_study import recorded_study
from lowres.pipeline.study_run import StudyRun
from lowres.pipeline.watching.review import queue_for

if TYPE_CHECKING:
    from lowres.faces.serving.review import Neighbour, ReviewPicture
    from lowres.files.monitoring.store import Store
    from lowres.values.reviewing.queue import QueuedPicture

# Training pictures that neighbours are looked for among, and how many are shown.
COMPARED, SHOWN = 2000, 6
BATCH_IMAGES = 32


class StudyReviewDesk:
    """Satisfies `faces.serving.review.ReviewDesk` for the studies that are served."""

    def __init__(self, store: Store, folder_of: Callable[[str], Path]) -> None:
        """Take an open store; folder_of: the study folder that answers by a name."""
        self._store, self._folder_of = store, folder_of
        self._known: dict[str, _Known] = {}
        self._lock = Lock()

    def queue(self, model: str, reviewer: str, most: int) -> tuple[Sequence[QueuedPicture], int]:
        """Return what a reviewer should look at next, and how many records the reviewer has judged."""
        recorded = recorded_study(self._folder_of(model), self._store)
        last = {one.record_id: one for one in self._store.read_labels(recorded.name) if one.reviewer == reviewer}
        judged = sum(not one.is_withdrawn for one in last.values())
        return queue_for(self._store, recorded, reviewer, most), judged

    def picture(self, model: str, id: str) -> ReviewPicture:
        """Return one record; refused with NotServed where its picture is gone."""
        from lowres.faces.serving.review import ReviewPicture

        folder = self._folder_of(model)
        recorded = recorded_study(folder, self._store)
        window = self._store.read_window(recorded.name, recorded.version, ids=[id])
        pixels = self._store.read_pictures([id]).get(id)
        if pixels is None or not len(window):
            raise NotServed(f"expected the picture of record {id} to be kept, got none; it was deleted, or never kept")
        neighbours, why = self._neighbours(folder, window.embeddings)
        return ReviewPicture(
            id=id,
            at=f"{window.times[0]}Z",
            pixels=pixels,
            probabilities=window.probabilities[0],
            class_names=window.class_names,
            neighbours=neighbours,
            no_neighbours=why,
        )

    def say(self, model: str, id: str, reviewer: str, class_name: str | None, is_withdrawn: bool) -> None:
        """Write a verdict; refused with StoreError where the record is gone."""
        from lowres.values.monitoring.human_label import HumanLabel

        self._store.label([HumanLabel(id, reviewer, class_name, datetime.now(UTC), is_withdrawn)])

    def _neighbours(self, folder: Path, embeddings: Any) -> tuple[Sequence[Neighbour] | None, str]:
        """The nearest training pictures; None while they are being made, none and why where they cannot be."""
        import numpy as np

        from lowres.faces.serving.review import Neighbour
        from lowres.values.watching.neighbours import directions

        identity = ledger_identity(read_ledger(folder))
        with self._lock:
            known = self._known.get(identity)
            if known is None:
                known = self._known[identity] = _Known()
                Thread(target=known.make, args=(folder,), daemon=True, name="lowres-neighbours").start()
        if known.why:
            # The disk may be there again when the next picture is asked for.
            with self._lock:
                self._known.pop(identity, None)
            return [], known.why
        if not known.is_made:
            return None, ""
        asked = directions(embeddings)
        if asked.shape[1] != known.directions.shape[1] or np.isnan(asked).any():
            return [], "this record has no embedding"
        nearness = known.directions @ asked[0]
        rows = np.argsort(-nearness)[:SHOWN]
        distances = np.sqrt(np.maximum(2 - 2 * nearness[rows], 0))
        return [
            Neighbour(known.names[int(known.labels[row])], float(distance), known.pixels[row])
            for row, distance in zip(rows, distances, strict=True)
        ], ""


class _Known:
    """Some training pictures of a study with their embeddings; made in a thread of its own."""

    def __init__(self) -> None:
        self.is_made, self.why = False, ""
        self.names: tuple[str, ...] = ()
        self.pixels: Any = None
        self.labels: Any = None
        self.directions: Any = None

    def make(self, folder: Path) -> None:
        """Embed them; what cannot be done is told in `why`."""
        try:
            self._make(folder)
            self.is_made = True
        except (LowresError, OSError) as error:
            self.why = f"the training pictures are not to be had here: {error}"

    def _make(self, folder: Path) -> None:
        import numpy as np

        from lowres.files.study.study_folder import open_study
        from lowres.values.stratified_sample import stratified_sample
        from lowres.values.watching.neighbours import directions

        study, choice = open_finished_study(folder), choose_study(str(folder))
        with open_study(folder) as opened:
            run = StudyRun(opened, choice.recipe, choice.source, SilentProgress())
            rows = stratified_sample(run.images.labels, run.split.train, COMPARED, run.recipe.seed)
            self.pixels, self.labels = np.asarray(run.images.pixels[rows]), run.images.labels[rows]
        engine = open_study_engine(study, with_embedding=True)[1]
        batches = (self.pixels[start : start + BATCH_IMAGES] for start in range(0, len(self.pixels), BATCH_IMAGES))
        outputs = np.concatenate(list(engine.run(batches)))
        self.names, self.directions = study.class_names, directions(outputs[:, len(study.class_names) :])
