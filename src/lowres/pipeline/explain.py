"""The explanation stage: heat maps of a gallery and of mistakes among the test images, and whether they are true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lowres.pipeline.predict import predictions_file
from lowres.pipeline.stage import Made, Stage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.pipeline.study_run import StudyRun
    from lowres.values.explanation_report import ExplanationReport
    from lowres.values.predictions import Predictions

EXPLANATION_FILE = "explanation.npz"
EXPLANATION_REPORT_FILE = "explanation.json"


def _make(run: StudyRun) -> Made:
    import numpy as np

    from lowres.files.atomic import atomic_write_json
    from lowres.files.predictions_file import read_predictions, write_arrays
    from lowres.networks.explaining import Explainer
    from lowres.pipeline.map_proof import prove_maps
    from lowres.values.class_activation import find_method
    from lowres.values.explanation import Explanation, choose_gallery, choose_mistakes
    from lowres.values.explanation_report import ExplanationReport
    from lowres.values.stratified_sample import stratified_sample

    choices, seed = run.recipe.explanation, run.recipe.seed
    predictions = read_predictions(run.study.folder / predictions_file("test"))
    gallery = choose_gallery(predictions, choices.gallery_images, seed)
    mistakes = choose_mistakes(predictions, choices.mistakes_per_cell)
    sample = stratified_sample(predictions.labels, np.arange(len(predictions)), choices.faithfulness_images, seed)
    # Each image once, whatever it is explained for.
    rows = np.unique(np.concatenate([gallery, mistakes, sample]))
    engine, precision = run.recipe.features.engine, run.recipe.features.precision
    explainer = Explainer(run.classifier, choices.layer, engine=engine, precision=precision)
    maps = explainer.maps(
        pixels_of(run, predictions, rows),
        predictions.predicted[rows],
        method=choices.method,
        advance=lambda done, total: run.progress.advance("heat maps", done, total),
    )
    title = find_method(choices.method).title

    def explained(chosen: NDArray[np.int64], more: Explanation | None = None) -> Explanation:
        ids = tuple(predictions.ids[row] for row in chosen)
        found = maps[np.searchsorted(rows, chosen)]
        return Explanation(ids, predictions.predicted[chosen], found, title, explainer.layer, more)

    write_arrays(run.study.folder / EXPLANATION_FILE, explained(gallery, explained(mistakes)).to_arrays())
    report = ExplanationReport(title, explainer.layer)
    if len(sample) > 1:
        report = prove_maps(run, explainer, predictions, sample, maps[np.searchsorted(rows, sample)], report)
    atomic_write_json(run.study.folder / EXPLANATION_REPORT_FILE, report.to_json())
    return Made((EXPLANATION_FILE, EXPLANATION_REPORT_FILE), note=_note(report, predictions, gallery, mistakes))


def pixels_of(run: StudyRun, predictions: Predictions, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the pictures that these rows of the predictions speak of, uint8 `[rows, h, w, 3]`."""
    import numpy as np

    row_of = {name: row for row, name in enumerate(run.images.ids)}
    return np.asarray(run.images.pixels[np.array([row_of[predictions.ids[row]] for row in rows], dtype=np.int64)])


def _note(
    report: ExplanationReport, predictions: Predictions, gallery: NDArray[np.int64], mistakes: NDArray[np.int64]
) -> str:
    right = int(predictions.is_right[gallery].sum())
    note = (
        f"{report.method} of {right} right and {len(gallery) - right} wrong test images and of {len(mistakes):,} more "
        f"wrong ones at {report.layer}"
    )
    if report.faithfulness is None:
        return note
    verdicts = (f"{report.faithfulness.verdict(name)} than {name}" for name in report.faithfulness.baselines)
    return f"{note}; on {report.faithfulness.n} images {', '.join(verdicts)}"


STAGE = Stage(
    "explain",
    _make,
    recipe_keys=("explanation", "features", "seed"),
    reads=("images", "train", "predict"),
    code=2,
    uses_networks=True,
)
