"""The robustness stage, aside from the others: test images spoiled in the standard ways, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lowres.pipeline.stage import Made, Stage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.pipeline.study_run import StudyRun

ROBUSTNESS_FILE = "robustness.json"


def _make(run: StudyRun) -> Made:
    import numpy as np

    from lowres.files.atomic import atomic_write_json
    from lowres.values.altering.corruptions import CORRUPTIONS, SEVERITIES, corrupt
    from lowres.values.judging.robustness import judge_robustness
    from lowres.values.stratified_sample import stratified_sample

    images, seed = run.images, run.recipe.seed
    rows = stratified_sample(images.labels, run.split.test, run.recipe.evaluation.robustness_images, seed)
    pixels, labels = np.asarray(images.pixels[rows]), images.labels[rows]
    total, spoiled = len(CORRUPTIONS) * len(SEVERITIES), {}
    for place, corruption in enumerate(CORRUPTIONS):
        answers = []
        for severity in SEVERITIES:
            spoilt = corrupt(pixels, corruption.name, severity, seed=seed, numbers=rows)
            answers.append(_named(run, spoilt) == labels)
            done = place * len(SEVERITIES) + severity
            run.progress.advance(f"corruptions of {len(rows):,} images", done, total)
        spoiled[corruption.name, corruption.group] = np.stack(answers)
    found = judge_robustness(_named(run, pixels) == labels, spoiled, seed)
    atomic_write_json(run.study.folder / ROBUSTNESS_FILE, found.to_json())
    low, high = found.mean_interval
    worst = min(found.corruptions, key=lambda row: row.mean)
    note = (
        f"accuracy {found.clean_accuracy:.1%} clean, {found.mean_accuracy:.1%} ({low:.1%} to {high:.1%}) over "
        f"{len(CORRUPTIONS)} corruptions at {len(SEVERITIES)} severities, n = {found.n:,}; worst: {worst.name} "
        f"{worst.mean:.1%}"
    )
    return Made((ROBUSTNESS_FILE,), note=note)


def _named(run: StudyRun, pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    choices = run.recipe.features
    logits = run.classifier.logits(pixels, engine=choices.engine, precision=choices.precision)
    named: NDArray[np.int64] = logits.argmax(axis=1)
    return named


STAGE = Stage(
    "robustness",
    _make,
    recipe_keys=("features.engine", "features.precision", "evaluation.robustness_images", "seed"),
    reads=("images", "split", "train"),
    uses_networks=True,
)
