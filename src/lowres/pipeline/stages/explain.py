"""The explanation stage: heat maps of a gallery and of mistakes among the test images, and whether they are true."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lowres.pipeline.stage import Made, Stage
from lowres.pipeline.stages.predict import predictions_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.networks.explaining import Explainer
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.explaining.explanation import Explanation
    from lowres.values.explaining.explanation_report import ExplanationReport
    from lowres.values.predictions import Predictions

EXPLANATION_FILE = "explanation.npz"
EXPLANATION_REPORT_FILE = "explanation.json"


def _make(run: StudyRun) -> Made:
    import numpy as np

    from lowres.files.atomic import atomic_write_json
    from lowres.files.study.predictions_file import read_predictions, write_arrays
    from lowres.networks.explaining import Explainer
    from lowres.pipeline.stages.map_proof import prove_maps
    from lowres.values.explaining.explanation import choose_gallery, choose_mistakes
    from lowres.values.explaining.explanation_report import ExplanationReport
    from lowres.values.stratified_sample import stratified_sample

    choices, seed, features = run.recipe.explanation, run.recipe.seed, run.recipe.features
    predictions = read_predictions(run.study.folder / predictions_file("test"))
    gallery = choose_gallery(predictions, choices.gallery_images, seed)
    mistakes = choose_mistakes(predictions, choices.mistakes_per_cell)
    sample = stratified_sample(predictions.labels, np.arange(len(predictions)), choices.faithfulness_images, seed)
    explainer = Explainer(run.classifier, choices.layer, engine=features.engine, precision=features.precision)
    shown, wrong, proven = _explanations(run, explainer, predictions, (gallery, mistakes, sample))
    write_arrays(run.study.folder / EXPLANATION_FILE, replace(shown, mistakes=wrong).to_arrays())
    report = ExplanationReport(shown.method, shown.layer)
    if len(sample) > 1:
        report = prove_maps(run, explainer, predictions, sample, proven.maps, report)
    atomic_write_json(run.study.folder / EXPLANATION_REPORT_FILE, report.to_json())
    return Made((EXPLANATION_FILE, EXPLANATION_REPORT_FILE), note=_note(report, predictions, gallery, mistakes))


def _explanations(
    run: StudyRun, explainer: Explainer, predictions: Predictions, groups: tuple[NDArray[np.int64], ...]
) -> list[Explanation]:
    """The answers of each group of rows explained; an image in several groups is run once."""
    import numpy as np

    from lowres.values.explaining.class_activation import find_method
    from lowres.values.explaining.explanation import Explanation

    rows = np.unique(np.concatenate(groups))
    method = run.recipe.explanation.method
    maps = explainer.maps(
        pixels_of(run, predictions, rows),
        predictions.predicted[rows],
        method=method,
        advance=lambda done, total: run.progress.advance("heat maps", done, total),
    )
    return [
        Explanation(
            tuple(predictions.ids[row] for row in chosen),
            predictions.predicted[chosen],
            maps[np.searchsorted(rows, chosen)],
            find_method(method).title,
            explainer.layer,
        )
        for chosen in groups
    ]


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
