"""Heat maps put to the proof on a sample of the test part: faithfulness beside baselines, and randomised weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.networks.explaining import Explainer
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.explaining.explanation import Maps
    from lowres.values.explaining.explanation_report import ExplanationReport
    from lowres.values.explaining.faithfulness import Faithfulness
    from lowres.values.explaining.randomisation_check import RandomisationCheck
    from lowres.values.predictions import Predictions

# The networks that forget run in Keras, since none is run often enough to be converted.
RANDOMISED_IMAGES = 32


def prove_maps(
    run: StudyRun,
    explainer: Explainer,
    predictions: Predictions,
    sample: NDArray[np.int64],
    maps: Maps,
    report: ExplanationReport,
) -> ExplanationReport:
    """Return the report with what became of the maps `[n, h, w]` of the rows `sample` of the test predictions.

    Nothing is chosen by it: it says what the maps are worth, and they stay what they are.
    """
    from lowres.pipeline.stages.explain import pixels_of

    pixels, targets = pixels_of(run, predictions, sample), predictions.predicted[sample]
    return replace(
        report,
        sample=f"{len(sample)} of {len(predictions)} test images, drawn by lot class by class, seed {run.recipe.seed}",
        faithfulness=_faithfulness(run, explainer, pixels, targets, maps, report.method),
        randomisation=_randomisation(
            run, pixels[:RANDOMISED_IMAGES], targets[:RANDOMISED_IMAGES], maps[:RANDOMISED_IMAGES], report.method
        ),
    )


def _faithfulness(
    run: StudyRun,
    explainer: Explainer,
    pixels: NDArray[np.uint8],
    targets: NDArray[np.int64],
    maps: Maps,
    method: str,
) -> Faithfulness:
    from lowres.values.explaining.faithfulness import judge, score_maps
    from lowres.values.explaining.saliency_baselines import baseline_maps

    seed, choices = run.recipe.seed, run.recipe.features

    def score(shown: NDArray[np.uint8], classes: NDArray[np.int64]) -> NDArray[np.float64]:
        if explainer.layer == run.classifier.feature_layer:
            # Its trunk is converted already, and the head behind it costs nothing.
            return _probabilities(explainer.logits(shown), classes)
        logits = run.classifier.logits(shown, engine=choices.engine, precision=choices.precision)
        return _probabilities(logits, classes)

    scores = score_maps(
        score,
        pixels,
        targets,
        {method: maps, **baseline_maps(pixels, (maps.shape[1], maps.shape[2]), seed)},
        seed,
        advance=lambda done, total: run.progress.advance("images with parts taken away", done, total),
    )
    return judge(method, scores, seed)


def _randomisation(
    run: StudyRun, pixels: NDArray[np.uint8], targets: NDArray[np.int64], maps: Maps, method: str
) -> RandomisationCheck:
    from lowres.networks.shuffled_weights import DEPTHS, shuffled_explainers
    from lowres.values.explaining.randomisation_check import check_randomised

    choices, steps = run.recipe.explanation, []
    for words, explainer in shuffled_explainers(run.classifier, choices.layer, run.recipe.seed):
        steps.append((words, explainer.maps(pixels, targets, method=choices.method)))
        run.progress.advance("networks that forgot", len(steps), len(DEPTHS))
    return check_randomised(method, maps, steps, (pixels.shape[1], pixels.shape[2]), run.recipe.seed)


def _probabilities(logits: NDArray[np.float32], classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """The softmax of each row at its class, float64 `[n]`."""
    import numpy as np

    exact = logits.astype(np.float64)
    weights = np.exp(exact - exact.max(axis=1, keepdims=True))
    return np.asarray(weights[np.arange(len(classes)), classes] / weights.sum(axis=1))
