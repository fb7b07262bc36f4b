"""The explanation stage: Grad-CAM of a gallery of test images, half right and half wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lowres.pipeline.predict import predictions_file
from lowres.pipeline.stage import Made, Stage

if TYPE_CHECKING:
    from lowres.pipeline.study_run import StudyRun

EXPLANATION_FILE = "explanation.npz"
METHOD = "Grad-CAM"


def _make(run: StudyRun) -> Made:
    import numpy as np

    from lowres.files.predictions_file import read_predictions, write_arrays
    from lowres.networks.explaining import explain
    from lowres.values.explanation import Explanation, choose_gallery, grad_cam

    predictions = read_predictions(run.study.folder / predictions_file("test"))
    chosen = choose_gallery(predictions, run.recipe.explanation.gallery_images, run.recipe.seed)
    ids = tuple(predictions.ids[row] for row in chosen)
    row_of = {name: row for row, name in enumerate(run.images.ids)}
    pixels = run.images.pixels[np.array([row_of[name] for name in ids])]
    targets = predictions.predicted[chosen]
    found = explain(run.classifier, pixels, targets)
    maps = grad_cam(found.activations, found.gradients)
    explanation = Explanation(ids, targets, maps, METHOD, found.layer)
    write_arrays(run.study.folder / EXPLANATION_FILE, explanation.to_arrays())
    right = int(predictions.is_right[chosen].sum())
    note = f"{METHOD} of {right} right and {len(ids) - right} wrong test images at {found.layer}"
    return Made((EXPLANATION_FILE,), note=note)


STAGE = Stage(
    "explain", _make, recipe_keys=("explanation", "seed"), reads=("images", "train", "predict"), uses_networks=True
)
