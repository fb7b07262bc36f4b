"""The reference of a watch: a study's validation images, answered as the server answers, and spoiled copies of some."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowres.errors import StudyError
from lowres.files.monitoring.watch_files import read_reference, write_reference
from lowres.files.study.study_folder import open_study, read_ledger
from lowres.files.study.version_folders import ledger_identity
from lowres.pipeline.choice import choose_study
from lowres.pipeline.predict_pictures import open_finished_study, open_study_engine
from lowres.pipeline.progress import Progress
from lowres.pipeline.study_run import StudyRun

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.pipeline.predict_pictures import FinishedStudy
    from lowres.values.watching.reference import Reference

BATCH_IMAGES = 32
# Of every way of spoiling a picture, at a mild and at a severe strength.
SPOILED_IMAGES, SEVERITIES = 150, (2, 4)
EXAMPLES = 12


def study_reference(folder: Path, progress: Progress) -> Reference:
    """Return the reference of a finished study, made from its images where it was not yet, or of another training.

    Refused with StudyError: a study whose images are gone and that has none, one whose network was trained on its
    validation part; and as `open_finished_study` refuses.
    """
    study, identity = open_finished_study(folder), ledger_identity(read_ledger(folder))
    known = read_reference(folder)
    if known is not None and known.identity == identity:
        return known
    if study.recipe.retrains_on_all:
        raise StudyError(
            f"expected a study in {folder} whose network never saw its validation part, got one that was trained anew "
            "on all images, so that nothing is left to compare with; train one with fine_tuning.retrain_on_all = false"
        )
    made = _made(study, identity, progress)
    write_reference(folder, made)
    return made


def _made(study: FinishedStudy, identity: str, progress: Progress) -> Reference:
    import numpy as np

    from lowres.values.altering.corruptions import CORRUPTIONS, corrupt
    from lowres.values.monitoring.image_statistics import image_statistics
    from lowres.values.stratified_sample import stratified_sample
    from lowres.values.watching.reference import Reference

    choice = choose_study(str(study.folder))
    with open_study(study.folder) as opened:
        run = StudyRun(opened, choice.recipe, choice.source, progress)
        images, rows, seed = run.images, run.split.validation, run.recipe.seed
        pixels, labels = np.asarray(images.pixels[rows]), images.labels[rows]
        ways = [(one.name, severity) for one in CORRUPTIONS for severity in SEVERITIES]
        answer = _Answerer(study, progress, len(rows) + len(ways) * min(SPOILED_IMAGES, len(rows)))
        shares, embeddings = answer(pixels)
        kinds, parts = [], []
        for place, (name, severity) in enumerate(ways):
            some = stratified_sample(labels, np.arange(len(rows)), SPOILED_IMAGES, seed + place)
            spoiled = corrupt(pixels[some], name, severity, seed=seed, numbers=rows[some])
            parts.append((*answer(spoiled), labels[some]))
            kinds += [name] * len(some)
    spoiled_shares, spoiled_embeddings, spoiled_labels = (np.concatenate(one) for one in zip(*parts, strict=True))
    return Reference(
        identity=identity,
        class_names=study.class_names,
        probabilities=shares,
        labels=labels,
        embeddings=embeddings,
        statistics=image_statistics(pixels),
        examples=pixels[stratified_sample(labels, np.arange(len(rows)), EXAMPLES, seed)],
        sha256=np.array([hashlib.sha256(one.tobytes()).hexdigest() for one in pixels]),
        spoiled_kinds=np.array(kinds),
        spoiled_probabilities=spoiled_shares,
        spoiled_embeddings=spoiled_embeddings,
        spoiled_labels=spoiled_labels,
    )


class _Answerer:
    """Answers pictures as the server does: calibrated probabilities and the embedding."""

    def __init__(self, study: FinishedStudy, progress: Progress, total: int) -> None:
        self._study, self._progress, self._total, self._done = study, progress, total, 0
        self._engine: Any = open_study_engine(study, with_embedding=True)[1]

    def __call__(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
        import numpy as np

        from lowres.values.predictions import softmax

        outputs = np.concatenate(list(self._outputs(pixels)))
        classes = len(self._study.class_names)
        shares = softmax(outputs[:, :classes], self._study.rules.temperature).astype(np.float32)
        highest = np.finfo(np.float16).max
        return shares, np.clip(outputs[:, classes:], -highest, highest).astype(np.float16)

    def _outputs(self, pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.float32]]:
        batches = (pixels[start : start + BATCH_IMAGES] for start in range(0, len(pixels), BATCH_IMAGES))
        for outputs in self._engine.run(batches):
            self._done += len(outputs)
            self._progress.advance("pictures answered for the reference", self._done, self._total)
            yield outputs
