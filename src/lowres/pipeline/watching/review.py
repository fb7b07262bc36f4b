"""Reviews of a study's recorded pictures: what is open, what was said, and the data of the next version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lowres.errors import StoreError
from lowres.files.study.study_folder import RECIPE_FILE, open_study
from lowres.pipeline.choice import choose_study
from lowres.pipeline.predict_pictures import open_finished_study
from lowres.pipeline.progress import Progress
from lowres.pipeline.serving.recorded_study import recorded_study
from lowres.pipeline.study_run import StudyRun

if TYPE_CHECKING:
    from lowres.files.monitoring.store import Store
    from lowres.values.monitoring.served_record import RecordedModel
    from lowres.values.reviewing.agreement import ReviewTally
    from lowres.values.reviewing.queue import QueuedPicture

# So many of the newest records are looked through for a queue.
NEWEST = 5000


@dataclass(frozen=True)
class ReviewStatus:
    """tally: of what was said. open: pictures in the queue for somebody who has said nothing. pictures: kept."""

    model: RecordedModel
    tally: ReviewTally
    open: int
    pictures: int


@dataclass(frozen=True)
class NextData:
    """What was exported: the file, the reviewed pictures in it by class, and those left out, by reason."""

    path: Path
    added: dict[str, int]
    left_out: dict[str, int]
    images: int


def queue_for(store: Store, model: RecordedModel, reviewer: str, most: int, seed: int = 0) -> tuple[QueuedPicture, ...]:
    """Return the pictures a reviewer has not spoken of yet, in the order they should be looked at."""
    import numpy as np

    from lowres.values.reviewing.queue import review_queue

    window = store.read_window(model.name, model.version, last=NEWEST)
    done = _spoken_of(store, model, reviewer)
    return review_queue(window, np.isin(window.ids, list(done)), most, seed=seed)


def review_status(folder: Path, store: str) -> ReviewStatus:
    """Return how a review stands; refused as `recorded_study` and `open_store` refuse."""
    from lowres.files.monitoring.store import open_store
    from lowres.values.reviewing.agreement import tally

    open_finished_study(folder)
    with open_store(store, make=False) as opened:
        model = recorded_study(folder, opened)
        window = opened.read_window(model.name, model.version, last=NEWEST, embeddings=False)
        said = tally(opened.read_labels(model.name))
        waiting = (window.needs_review == 1) & window.has_picture & ~window.is_labelled
        return ReviewStatus(model, said, int(waiting.sum()), int(window.has_picture.sum()))


def export_review(folder: Path, store: str, out: Path, progress: Progress) -> NextData:
    """Write the study's own images and the reviewed pictures into one .npz file that `lowres study` takes.

    Reviewed pictures join those for training and validation; the test part is the study's own, with its ids, so that
    `lowres compare` can say whether the next version is better. Left out and counted: pictures people disagree on,
    could not tell, or gave a class the study does not know, those no longer kept, and those that are pictures of the
    test part, which training must not see. The recipe lies beside the file.
    Refused with StoreError: nothing was reviewed; and as `recorded_study` refuses.
    """
    import numpy as np

    from lowres.files.monitoring.store import open_store
    from lowres.files.review_data import write_review_data
    from lowres.values.reviewing.agreement import tally

    study = open_finished_study(folder)
    with open_store(store, make=False) as opened:
        model = recorded_study(folder, opened)
        said = tally(opened.read_labels(model.name))
        pictures = opened.read_pictures(said.classes)
    names = study.class_names
    size = (study.size[1], study.size[0])
    usable = {id: name for id, name in said.classes.items() if id in pictures and name in names}
    fitting = [id for id in usable if pictures[id].shape[:2] == size]
    pool, test = _own_images(folder, progress)
    tested = {picture.tobytes() for picture in test.pixels}
    sized, fitting = fitting, [id for id in fitting if pictures[id].tobytes() not in tested]
    if not fitting:
        raise StoreError(
            f"expected reviewed pictures of the study {folder} in {store}, got none with a class everybody agrees on "
            "that is not of its test part; "
            "review some first: lowres serve --record --keep-images, then /review"
        )
    labels = np.array([names.index(usable[id]) for id in fitting], np.int64)
    arrays = {
        "x_train": np.concatenate([pool.pixels, np.stack([pictures[id] for id in fitting])]),
        "y_train": np.concatenate([pool.labels, labels]),
        "x_test": test.pixels,
        "y_test": test.labels,
        "class_names": np.array(names),
        "ids": np.array([*pool.ids, *(f"reviewed/{id}" for id in fitting), *test.ids]),
    }
    path = out if out.suffix == ".npz" else out.with_suffix(".npz")
    write_review_data(path, arrays, (folder / RECIPE_FILE).read_text(encoding="utf-8"))
    unknown = sum(name not in names for name in said.classes.values())
    left_out = {
        "people disagree": len(said.disputed),
        "nobody could tell": len(said.untold),
        "a class the study does not know": unknown,
        "the picture is no longer kept": len(said.classes) - unknown - len(usable),
        "of another size": len(usable) - len(sized),
        "of the study's test part": len(sized) - len(fitting),
    }
    added = {name: int((labels == number).sum()) for number, name in enumerate(names)}
    return NextData(path, added, {why: n for why, n in left_out.items() if n}, len(arrays["ids"]))


class _OwnPart(NamedTuple):
    pixels: Any
    labels: Any
    ids: list[str]


def _own_images(folder: Path, progress: Progress) -> tuple[_OwnPart, _OwnPart]:
    """What the study trained and validated on, and its test part."""
    import numpy as np

    choice = choose_study(str(folder))
    with open_study(folder) as opened:
        run = StudyRun(opened, choice.recipe, choice.source, progress)
        images, split = run.images, run.split
        pool = np.sort(np.concatenate([split.train, split.validation]))

        def part(rows: Any) -> _OwnPart:
            return _OwnPart(np.asarray(images.pixels[rows]), images.labels[rows], [images.ids[row] for row in rows])

        return part(pool), part(split.test)


def _spoken_of(store: Store, model: RecordedModel, reviewer: str) -> set[str]:
    """The records of which the reviewer's last word stands."""
    last = {one.record_id: one for one in store.read_labels(model.name) if one.reviewer == reviewer}
    return {id for id, one in last.items() if not one.is_withdrawn}
