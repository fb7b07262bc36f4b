"""The features stage: the frozen trunk runs once over the images that train and choose; the cache keeps the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lowres.pipeline.stage import Made, Stage

if TYPE_CHECKING:
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.recipe import Recipe


def _make(run: StudyRun) -> Made:
    features, choice = run.features, run.recipe.features.flipped_views
    if features.extractor.note:
        run.progress.note(f"{features.extractor.engine} runs the trunk: {features.extractor.note}")
    # The test part waits: nothing before the predictions looks at it.
    features.read(run.split.train)
    features.read(run.split.validation)
    if choice != "never":
        features.read(run.split.train, flipped=True)
    speed = features.extractor.images_per_second
    facts = {
        "backbone": run.recipe.network.backbone,
        "input_contract": _input_contract(run.recipe),
        "weights_sha256": features.weights.sha256 if features.weights else "",
        "weights_origin": features.weights.origin if features.weights else "drawn at random",
        "weights_licence": features.weights.licence if features.weights else "",
        "feature_shape": list(features.trunk.output_shape[1:]),
        "engine": features.engine,
        "images_per_second": round(speed, 1) if speed else None,
    }
    note = f"{run.recipe.network.backbone} at {run.recipe.network.input_pixels} px with {features.engine}"
    note += f", {speed:,.0f} images a second" if speed else ", all from the cache"
    return Made(key=f"{features.key().digest}, mirrored {choice}", facts=facts, note=note)


def _input_contract(recipe: Recipe) -> str:
    from lowres.networks.backbones import find_backbone

    words = find_backbone(recipe.network.backbone).contract.words
    return words if recipe.network.scaling == "contract" else f"{words}, but scaled to 0 to 1 before that, on purpose"


STAGE = Stage("features", _make, recipe_keys=("network", "features"), reads=("images", "split"), uses_networks=True)
