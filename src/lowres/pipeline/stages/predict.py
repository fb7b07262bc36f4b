"""The prediction stage: the saved model speaks about validation and test, each image exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lowres.errors import TrainingError
from lowres.pipeline.stage import Made, Stage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.pipeline.study_run import StudyRun
    from lowres.values.predictions import Predictions
    from lowres.values.recipes.recipe import Recipe

FLIPPED, SIX_VIEWS = "test_flipped", "test_six_views"
# What model.keras says of the validation part where it was trained on it: for exports to be compared with, no more.
SEEN_VALIDATION = "validation_seen"
PROBE_IMAGES = 64
# bfloat16 turns the odd near-tie; another network or another scaling turns far more.
LOWEST_AGREEMENT = 0.9


def predictions_file(part: str) -> str:
    """Return where the predictions of `validation`, `test` or any other part lie in a study."""
    return f"predictions/{part}.npz"


def _make(run: StudyRun) -> Made:
    from lowres.files.study.predictions_file import write_predictions

    agreement = _agreement(run)
    test = run.split.test
    plain = _logits(run, test)
    validation = run.split.validation
    parts = {"validation": _predictions(run, validation, _logits(run, validation, classifier=run.chosen_classifier))}
    if run.recipe.retrains_on_all:
        parts[SEEN_VALIDATION] = _predictions(run, validation, _logits(run, validation))
    parts["test"] = _predictions(run, test, plain)
    if run.recipe.test_time.flips:
        flipped = (plain + _logits(run, test, flipped=True)) / 2
        parts[FLIPPED] = _predictions(run, test, flipped)
        if run.recipe.test_time.shifts:
            parts[SIX_VIEWS] = _predictions(run, test, (flipped + _moved_logits(run, test)) / 2)
    for part, predictions in parts.items():
        write_predictions(run.study.folder / predictions_file(part), predictions)
    note = ", ".join(f"{len(predictions):,} {part}" for part, predictions in parts.items())
    facts = {"probe_images": min(PROBE_IMAGES, len(run.split.validation)), "probe_agreement": agreement}
    return Made(tuple(predictions_file(part) for part in parts), facts=facts, note=note)


def _predictions(run: StudyRun, rows: NDArray[np.int64], logits: NDArray[np.floating]) -> Predictions:
    from lowres.values.predictions import Predictions

    ids, names = tuple(run.images.ids[row] for row in rows), run.images.class_names
    return Predictions(ids, run.images.labels[rows], logits.astype("float32"), names)


def _moved_logits(run: StudyRun, rows: NDArray[np.int64]) -> NDArray[np.floating]:
    """The mean over four views: moved up and left, down and right, each mirrored too (Jordan 2024, section 3.5)."""
    moves = [(move, flipped) for move in (-1, 1) for flipped in (False, True)]
    first, *others = (_logits(run, rows, flipped, move) for move, flipped in moves)
    return sum(others, first) / len(moves)


def _logits(
    run: StudyRun, rows: NDArray[np.int64], flipped: bool = False, move: int = 0, classifier: Any = None
) -> NDArray[np.float32]:
    """What model.keras, or another classifier, says of images or their mirror images; move: pixels right and down.

    Where the trunk is the published one, by its features, which the cache may hold, and the saved head: one product
    instead of a pass an image.
    """
    logits: NDArray[np.float32]
    if goes_by_features(run.recipe) and not move:
        logits = run.classifier.logits_from_features(run.features.read(rows, flipped))
        return logits
    from lowres.values.altering.warping import moved

    choices = run.recipe.features
    what = f"{'moved ' if move else ''}{'mirrored ' if flipped else ''}images predicted"
    parts = []
    for done, batch in (classifier or run.classifier).batches(
        run.images.pixels,
        rows,
        engine=choices.engine,
        precision=choices.precision,
        flipped=flipped,
        view=(lambda pixels, _: moved(pixels, move)) if move else None,
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
    "predict",
    _make,
    recipe_keys=("test_time", "features", "fine_tuning.epochs", "fine_tuning.retrain_on_all"),
    reads=("split", "train"),
    uses_networks=True,
)
