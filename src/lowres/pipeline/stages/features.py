"""The features stage: the frozen trunk runs once over the images that train and choose; the cache keeps the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lowres.pipeline.stage import Made, Stage

if TYPE_CHECKING:
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.recipes.recipe import Recipe


def _make(run: StudyRun) -> Made:
    features, views = run.features, run.recipe.augmented_frozen_views
    if features.extractor.note:
        run.progress.note(f"{features.extractor.engine} runs the trunk: {features.extractor.note}")
    if run.recipe.has_frozen_phase:
        _extract(run, views)
    speed = features.extractor.images_per_second
    facts = {
        "backbone": run.recipe.network.backbone,
        "input_contract": input_contract(run.recipe),
        "weights_sha256": features.weights.sha256 if features.weights else "",
        "weights_origin": features.weights.origin if features.weights else "drawn at random",
        "weights_licence": features.weights.licence if features.weights else "",
        "feature_shape": list(features.trunk.output_shape[1:]),
        "engine": features.engine,
        "images_per_second": round(speed, 1) if speed else None,
    }
    note = f"{run.recipe.network.backbone} at {run.recipe.network.input_pixels} px with {features.engine}"
    if not run.recipe.has_frozen_phase:
        return Made(key=features.key().digest, facts=facts, note=f"{note}; trained whole, so no features yet")
    note += f", {speed:,.0f} images a second" if speed else ", all from the cache"
    note += f"; {views} augmented views" if views else ""
    return Made(key=f"{features.key().digest}, {_views(run.recipe)}", facts=facts, note=note)


def _extract(run: StudyRun, views: int) -> None:
    features = run.features
    # The test part waits: nothing before the predictions looks at it.
    features.read(run.split.train)
    features.read(run.split.validation)
    if wants_mirrored(run.recipe):
        features.read(run.split.train, flipped=True)
    for view in range(views):
        features.read_view(run.split.train, view)


def wants_mirrored(recipe: Recipe) -> bool:
    """Return whether heads are offered mirrored training images; `auto` leaves that to augmented views, if any."""
    if not recipe.has_frozen_phase:
        return False
    choice = recipe.features.flipped_views
    return choice == "always" or (choice == "auto" and not recipe.augmented_frozen_views)


def _views(recipe: Recipe) -> str:
    """Which looks of the training images heads are fitted on, beside the images as they are."""
    from lowres.pipeline.training.trunk_features import augmentation_digest

    mirrored, views = f"mirrored {recipe.features.flipped_views}", recipe.augmented_frozen_views
    return f"{mirrored}, {views} views augmented {augmentation_digest(recipe)}" if views else mirrored


def _other_inputs(run: StudyRun) -> dict[str, str]:
    from lowres.values.training.drawn_networks import is_seeded

    # Augmentation and seed matter here only where the frozen phase asks for views, or where the seed draws the trunk.
    inputs = {"the views of the frozen phase": _views(run.recipe)}
    if not run.recipe.has_frozen_phase:
        inputs = {"the frozen phase": "none"}
    return inputs | ({"the seed of the trunk's weights": str(run.recipe.seed)} if is_seeded(run.recipe.network) else {})


def input_contract(recipe: Recipe) -> str:
    """Return how the trunk scales pixels, in words."""
    from lowres.networks.backbones.trunk import find_backbone

    words = find_backbone(recipe.network.backbone).contract.words
    return words if recipe.network.scaling == "contract" else f"{words}, but scaled to 0 to 1 before that, on purpose"


STAGE = Stage(
    "features",
    _make,
    recipe_keys=("network", "features"),
    reads=("images", "split"),
    other_inputs=_other_inputs,
    uses_networks=True,
)
