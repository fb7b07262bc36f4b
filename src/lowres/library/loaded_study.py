"""`lowres.load`: a finished study as something to ask about pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lowres.errors import DamagedImage
from lowres.pipeline.predict_pictures import StudyPredictor, open_finished_study
from lowres.values.judging.prediction_rows import Prediction, UnreadPicture

if TYPE_CHECKING:
    from lowres.files.pictures.asked_pictures import Images

TOP = 3
_NAMED_UNREAD = 10


class LoadedStudy:
    """A finished study, opened by `load`; its network is read when the first pictures are asked about."""

    def __init__(self, folder: Path) -> None:
        """Open the study; refused with StudyError where it is not finished."""
        self._predictor = StudyPredictor(open_finished_study(folder))

    @property
    def folder(self) -> Path:
        """Where the study lies."""
        return self._predictor.study.folder

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes, in the order of the network's outputs."""
        return self._predictor.study.class_names

    def predict(self, images: Images, *, top: int = TOP, flips: bool = False) -> tuple[Prediction, ...]:
        """Return what the network says of each picture, in their order.

        images: a path, a PIL image, uint8 pixels `[height, width, 3]` or `[n, height, width, 3]` from 0 to 255, or any
        number of these. A path may be a folder, a pattern or an .npz; its pictures are decoded exactly as the study's
        own were. top: how many of the likeliest classes a row holds. flips: judge a picture and its mirror image
        together. Refused with DamagedImage: pictures that cannot be read, all named (`stream` goes past them); with
        DataError: fractions in place of pixels, other shapes and types.
        """
        rows = tuple(self.stream(images, top=top, flips=flips))
        unread = [row for row in rows if isinstance(row, UnreadPicture)]
        if unread:
            first = "\n".join(f"  {row.id}: {row.problem}" for row in unread[:_NAMED_UNREAD])
            raise DamagedImage(
                f"expected {len(rows)} readable pictures, got {len(unread)} that are not:\n{first}\n"
                "leave them out, or use stream(), which yields them as rows of their own"
            )
        return tuple(row for row in rows if isinstance(row, Prediction))

    def stream(self, images: Images, *, top: int = TOP, flips: bool = False) -> Iterator[Prediction | UnreadPicture]:
        """Yield what `predict` returns as it becomes known, in bounded memory, with `UnreadPicture` for bad files."""
        from lowres.files.pictures.asked_pictures import given_pictures

        for rows in self._predictor.rows(given_pictures(images), top, flips):
            yield from rows


def load(study: str | os.PathLike[str]) -> LoadedStudy:
    """Return the finished study in that folder, to predict with.

    Refused with StudyError: no study, or one that is not trained and evaluated; the message names the command.
    """
    return LoadedStudy(Path(study))
