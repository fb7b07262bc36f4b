"""The split stage: which images train, choose and judge, written to split.csv."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lowres.pipeline.stage import Made, Stage
from lowres.pipeline.study_run import SPLIT_FILE

if TYPE_CHECKING:
    from lowres.pipeline.study_run import StudyRun


def _make(run: StudyRun) -> Made:
    from lowres.files.study.split_file import write_split
    from lowres.values.labelled_images import fingerprint_of_rows
    from lowres.values.split import PARTS, make_split

    choices = run.recipe.split
    split = make_split(
        run.images,
        pool_images=_pool_images(run),
        validation_fraction=choices.validation_fraction,
        test_fraction=choices.test_fraction,
        seed=choices.seed,
    )
    write_split(run.study.folder / SPLIT_FILE, split, run.images)
    run.__dict__.pop("split", None)
    counts = {part: len(split.part(part)) for part in PARTS}
    note = ", ".join(f"{count:,} {part}" for part, count in counts.items())
    facts = {"counts": counts, "test_fingerprint": fingerprint_of_rows(run.images, split.test)}
    return Made(outputs=(SPLIT_FILE,), facts=facts, note=note)


def _pool_images(run: StudyRun) -> int:
    chosen = run.recipe.split.pool_images
    customary = run.study.ledger.stages["images"].facts["customary_pool"]
    return (customary or 0) if chosen is None else chosen


STAGE = Stage("split", _make, recipe_keys=("split",), reads=("images",))
