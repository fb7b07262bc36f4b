"""The first stage: find the images, look them over, and remember them by their fingerprint."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from lowres.errors import StudyError
from lowres.pipeline.stage import Made, Stage

if TYPE_CHECKING:
    from lowres.pipeline.study_run import StudyRun


def _other_inputs(run: StudyRun) -> dict[str, str]:
    from lowres.files.sources.open_source import quick_key

    choices = run.recipe.images
    key = quick_key(run.location, choices.canvas_pixels, choices.fit, run.source.skip_damaged)
    return {f"the images of {run.source.name}": key}


def _make(run: StudyRun) -> Made:
    from lowres.values.data_checks import check_images

    opened = run.opened
    images = opened.images
    _refuse_another_data_set(run, images.fingerprint)
    facts = {
        "origin": opened.origin,
        "fingerprint": images.fingerprint,
        "images": len(images),
        "height": images.height,
        "width": images.width,
        "class_names": list(images.class_names),
        "class_counts": images.class_counts.tolist(),
        "customary_pool": opened.customary_pool,
        "skipped": list(opened.skipped),
        "findings": [asdict(finding) for finding in check_images(images)],
    }
    run.study.source = replace(run.source, fingerprint=images.fingerprint)
    key = f"{images.fingerprint} pool {opened.customary_pool}"
    note = (
        f"{run.source.name}: {len(images):,} images of {images.width}x{images.height} pixels in "
        f"{len(images.class_names)} classes, from {opened.origin}"
    )
    return Made(key=key, facts=facts, note=note)


def _refuse_another_data_set(run: StudyRun, fingerprint: str) -> None:
    before = run.study.source
    if before is None or not before.fingerprint or before.fingerprint == fingerprint:
        return
    if (before.name, before.path) != (run.source.name, run.source.path):
        raise StudyError(
            f"expected the study's own images ({before.location(run.study.folder)}) in {run.study.folder}, "
            f"got {run.location}, which are others; give them a study of their own with --study"
        )


STAGE = Stage("images", _make, recipe_keys=("images",), other_inputs=_other_inputs)
