"""A finished study speaks about new pictures: prepared as its own were, answered as its own were."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowres.errors import PredictionsError, StudyDamaged, StudyError
from lowres.files.recipes import read_recipe
from lowres.files.study.ledger import Ledger, damaged_outputs
from lowres.files.study.study_folder import RECIPE_FILE, is_study, read_ledger
from lowres.pipeline.stages.evaluate import EVALUATION_FILE
from lowres.pipeline.stages.predict import goes_by_features
from lowres.pipeline.study_run import MODEL_FILE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.files.pictures.asked_pictures import AskedPicture
    from lowres.files.pictures.picture_batches import PictureBatch
    from lowres.networks.engines import Engine
    from lowres.networks.trained_classifier import TrainedClassifier
    from lowres.values.judging.prediction_rows import AnswerRules, Row
    from lowres.values.recipes.recipe import Recipe

BATCH_IMAGES = 32
# What is to be done with a batch and the network's outputs for the pictures in it that were read.
Record = Callable[["PictureBatch", "NDArray[np.float32]"], None]
# What a study must have made, and the file that matters of it.
_NEEDED = {"images": "", "train": MODEL_FILE, "evaluate": EVALUATION_FILE}


@dataclass(frozen=True)
class FinishedStudy:
    """What a study knows that answers new pictures; its network is loaded by the predictor, when it is first asked.

    size: width and height in pixels its own pictures were brought to. rules: what validation chose for its answers.
    """

    folder: Path
    recipe: Recipe
    size: tuple[int, int]
    class_names: tuple[str, ...]
    rules: AnswerRules


def open_finished_study(folder: Path) -> FinishedStudy:
    """Return the study in `folder`, ready to predict; nothing heavy is loaded.

    Refused with StudyError: no study there, or one that is not trained and evaluated, with the command that does it;
    with StudyDamaged: a model or an evaluation that is not what the ledger says.
    """
    from lowres.values.judging.prediction_rows import rules_of

    if not is_study(folder):
        found = "a folder without study.json" if folder.is_dir() else "nothing" if not folder.exists() else "a file"
        raise StudyError(f"expected a study folder at {folder}, got {found}; make one: lowres study SOURCE --study DIR")
    ledger = read_ledger(folder)
    _refuse_unfinished(ledger, folder)
    try:
        rules = rules_of(json.loads((folder / EVALUATION_FILE).read_bytes()))
    except PredictionsError as error:
        raise StudyDamaged(f"{folder / EVALUATION_FILE}: {error}") from error
    facts = ledger.stages["images"].facts
    return FinishedStudy(
        folder=folder,
        recipe=read_recipe(str(folder / RECIPE_FILE)),
        size=(int(facts["width"]), int(facts["height"])),
        class_names=tuple(facts["class_names"]),
        rules=rules,
    )


def _refuse_unfinished(ledger: Ledger, folder: Path) -> None:
    repair = f"run: lowres evaluate {folder}"
    for stage, file in _NEEDED.items():
        record, what = ledger.stages.get(stage), file or "the study's images"
        if record is None:
            raise StudyError(f"expected {what} of a finished study in {folder}, which was not made yet; {repair}")
        if not record.current:
            raise StudyError(f"expected {what} in {folder} as its recipe asks, got one that is outdated; {repair}")
        complaints = damaged_outputs(record, folder)
        if complaints:
            raise StudyDamaged(f"expected {what} in {folder} as it was written: {'; '.join(complaints)}; {repair}")


def open_study_engine(study: FinishedStudy, with_embedding: bool = False) -> tuple[TrainedClassifier, Engine]:
    """Return the study's classifier and the quickest engine its recipe allows for it; several seconds.

    with_embedding: the engine's rows hold the logits and then the embedding, as `open_logits_engine` has them.
    Refused with StudyDamaged: a model with other classes than the study's.
    """
    from lowres.networks.backend import load_backend

    load_backend()
    from lowres.networks.logits_engine import open_logits_engine
    from lowres.networks.trained_classifier import TrainedClassifier

    classifier, choices = TrainedClassifier.load(study.folder / MODEL_FILE), study.recipe.features
    if classifier.class_names != study.class_names:
        raise StudyDamaged(
            f"expected the classes {', '.join(study.class_names)} in {study.folder / MODEL_FILE}, got "
            f"{', '.join(classifier.class_names)}; run: lowres evaluate {study.folder}"
        )
    by_features = goes_by_features(study.recipe)
    engine = open_logits_engine(classifier, choices.engine, choices.precision, by_features, with_embedding)
    return classifier, engine


class StudyPredictor:
    """A study's network on the quickest engine its recipe allows; loaded once, when the first picture is there."""

    def __init__(self, study: FinishedStudy, record: Record | None = None) -> None:
        """Load nothing yet. record: told of every batch before its rows are given."""
        self.study, self._record = study, record

    @cached_property
    def _engine(self) -> Any:
        return open_study_engine(self.study, with_embedding=self._record is not None)[1]

    @property
    def engine(self) -> str:
        """What the network runs on, such as `openvino float32`; empty before the first picture."""
        return f"{self._engine.name} {self._engine.precision}" if "_engine" in self.__dict__ else ""

    def rows(self, asked: Iterable[AskedPicture], top: int, flips: bool = False) -> Iterator[tuple[Row, ...]]:
        """Yield the rows of the pictures, a batch at a time, in their order, each as soon as it is known.

        flips: logits are the mean of a picture's and its mirror image's, as in `predictions/test_flipped.npz`;
        temperature and thresholds stay those of plain pictures. Only a few batches are in memory at a time. Pictures
        that cannot be read become rows that say why.
        """
        from lowres.files.pictures.picture_batches import picture_batches
        from lowres.values.judging.prediction_rows import UnreadPicture, prediction_rows

        batches = picture_batches(asked, self.study.size, self.study.recipe.images.fit, BATCH_IMAGES)
        for batch, outputs in self._with_outputs(batches, flips):
            if self._record is not None:
                self._record(batch, outputs)
            logits = outputs[:, : len(self.study.class_names)]
            read = [id for id, problem in zip(batch.ids, batch.problems, strict=True) if not problem]
            answers = iter(prediction_rows(read, logits, self.study.class_names, self.study.rules, top))
            yield tuple(
                UnreadPicture(id, problem) if problem else next(answers)
                for id, problem in zip(batch.ids, batch.problems, strict=True)
            )

    def _with_outputs(
        self, batches: Iterator[PictureBatch], flips: bool
    ) -> Iterator[tuple[PictureBatch, NDArray[np.float32]]]:
        """Each batch with the outputs for what was read of it; the engine may be a few batches ahead."""
        waiting: deque[PictureBatch] = deque()
        outputs = self._engine.run(_views(batches, waiting, flips))
        for output in outputs:
            if flips:
                output = ((output + next(outputs)) / 2).astype(output.dtype)
            batch = waiting.popleft()
            yield batch, output[: len(batch.pixels)]


def _views(batches: Iterator[PictureBatch], waiting: deque[PictureBatch], flips: bool) -> Iterator[NDArray[np.uint8]]:
    """The pixels of each batch, followed by their mirror images where asked; what passes is noted in `waiting`."""
    import numpy as np

    for batch in batches:
        waiting.append(batch)
        # Of a batch in which nothing was readable one black picture goes through, so that its rows come in their turn.
        pixels = batch.pixels if len(batch.pixels) else np.zeros((1, *batch.pixels.shape[1:]), np.uint8)
        yield pixels
        if flips:
            yield np.ascontiguousarray(pixels[:, :, ::-1])
