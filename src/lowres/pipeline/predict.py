"""The prediction stage: the saved model speaks about validation and test, each image exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lowres.errors import TrainingError
from lowres.pipeline.stage import Made, Stage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.pipeline.study_run import StudyRun
    from lowres.values.predictions import Predictions
    from lowres.values.recipes.recipe import Recipe

FLIPPED = "test_flipped"
PROBE_IMAGES = 64
# bfloat16 turns the odd near-tie; another network or another scaling turns far more.
LOWEST_AGREEMENT = 0.9


def predictions_file(part: str) -> str:
    """Return where the predictions of `validation`, `test` or `test_flipped` lie in a study."""
    return f"predictions/{part}.npz"


def _make(run: StudyRun) -> Made:
    from lowres.files.predictions_file import write_predictions

    agreement = _agreement(run)
    parts = {part: _predict(run, run.split.part(part)) for part in ("validation", "test")}
    if run.recipe.test_time.flips:
        parts[FLIPPED] = _predict(run, run.split.test, with_flips=True)
    for part, predictions in parts.items():
        write_predictions(run.study.folder / predictions_file(part), predictions)
    note = ", ".join(f"{len(predictions):,} {part}" for part, predictions in parts.items())
    facts = {"probe_images": min(PROBE_IMAGES, len(run.split.validation)), "probe_agreement": agreement}
    return Made(tuple(predictions_file(part) for part in parts), facts=facts, note=note)


def _predict(run: StudyRun, rows: NDArray[np.int64], with_flips: bool = False) -> Predictions:
    from lowres.values.predictions import Predictions

    logits = _logits(run, rows, flipped=False)
    if with_flips:
        logits = ((logits + _logits(run, rows, flipped=True)) / 2).astype(logits.dtype)
    names = run.images.class_names
    return Predictions(tuple(run.images.ids[row] for row in rows), run.images.labels[rows], logits, names)


def _logits(run: StudyRun, rows: NDArray[np.int64], flipped: bool) -> NDArray[np.float32]:
    """What model.keras says of images or their mirror images.

    Where the trunk is the published one, by its features, which the cache may hold, and the saved head: one product
    instead of a pass an image.
    """
    logits: NDArray[np.float32]
    if goes_by_features(run.recipe):
        logits = run.classifier.logits_from_features(run.features.read(rows, flipped))
        return logits
    choices, what = run.recipe.features, f"{'mirrored ' if flipped else ''}images predicted"
    parts = []
    for done, batch in run.classifier.batches(
        run.images.pixels, rows, engine=choices.engine, precision=choices.precision, flipped=flipped
    ):
        parts.append(batch)
        run.progress.advance(what, done, len(rows))
    return _joined(parts)


def goes_by_features(recipe: Recipe) -> bool:
    """Whether the trunk is the published one, so that predictions come of its features and the saved head."""
    return recipe.fine_tuning.epochs == 0


def _joined(parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    import numpy as np

    return np.concatenate(parts)


def _agreement(run: StudyRun) -> float:
    """Fraction of some validation images that the saved model, whole and in float32, calls what the features say.

    Refused with TrainingError below `LOWEST_AGREEMENT`: then the figures would not be those of model.keras.
    """
    rows = run.split.validation[:: max(1, len(run.split.validation) // PROBE_IMAGES)][:PROBE_IMAGES]
    whole = run.classifier.logits(run.images.pixels, rows, engine="keras").argmax(axis=1)
    agreement = float((whole == _logits(run, rows, flipped=False).argmax(axis=1)).mean())
    if agreement < LOWEST_AGREEMENT:
        raise TrainingError(
            f"expected model.keras to say what its features say, got agreement on {agreement:.0%} of {len(rows)} "
            "validation images; try --set features.precision=float32, and --set features.engine=keras if that is not it"
        )
    return agreement


STAGE = Stage(
    "predict", _make, recipe_keys=("test_time", "features", "fine_tuning"), reads=("split", "train"), uses_networks=True
)
