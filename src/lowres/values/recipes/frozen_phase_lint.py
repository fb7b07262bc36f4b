"""What in a recipe's frozen phase cannot do what it says: views nobody sees, features scaled in a way nobody reads."""

from __future__ import annotations

from lowres.values.findings import Finding
from lowres.values.recipes.recipe import Recipe


def frozen_phase_findings(recipe: Recipe) -> tuple[Finding, ...]:
    """Return one finding a rule on the heads of the frozen phase and what they are trained on, in a fixed order."""
    return (_plateau(recipe), _views(recipe), _mirrored_views(recipe), _standardise(recipe))


def plateau_finding(section: str, plateau: int, stopping: int) -> Finding:
    """Return whether training would stop before its rate first drops (pitfall 11); patiences in epochs, 0: never."""
    name = f"recipe: {section} plateau"
    if plateau == 0 or stopping == 0 or plateau < stopping:
        return Finding(name, "PASS", "no stop before the first drop of the rate")
    return Finding(
        name,
        "WARN",
        f"{section}.plateau_patience_epochs = {plateau} is not below early_stopping_patience_epochs = {stopping}: "
        "training stops before the rate has ever dropped",
        f"set {section}.early_stopping_patience_epochs to {2 * plateau} or more",
    )


def _plateau(recipe: Recipe) -> Finding:
    choices = recipe.frozen_phase
    # The other heads are solved; they have no epochs to wait for.
    plateau = choices.plateau_patience_epochs if "dense" in recipe.head.kinds else 0
    return plateau_finding("frozen_phase", plateau, choices.early_stopping_patience_epochs)


def _views(recipe: Recipe) -> Finding:
    name, views, epochs = "recipe: frozen_phase views", recipe.frozen_phase.views, recipe.head.epochs
    if views > 1 and not recipe.augmented_frozen_views:
        return Finding(
            name,
            "WARN",
            f"frozen_phase.views = {views} with nothing in [augmentation] (flip = auto is for "
            "fine-tuning): a view would be the image itself, so none is made",
            "say in [augmentation] how views differ, or set frozen_phase.views to 1",
        )
    # The other heads see all views at once.
    if views == 1 or recipe.head.kinds != ("dense",) or views < epochs:
        return Finding(name, "PASS", f"frozen_phase.views = {views}")
    return Finding(
        name,
        "WARN",
        f"frozen_phase.views = {views}, head.epochs = {epochs}: of the {views + 1} looks of an image (as it is, and "
        f"its views) the dense head never sees {views + 1 - epochs}",
        f"set frozen_phase.views to {max(1, epochs - 1)} or less, or head.epochs to {views + 1}",
    )


def _mirrored_views(recipe: Recipe) -> Finding:
    name, flip = "recipe: mirrored views", recipe.frozen_augmentation.flip
    if recipe.features.flipped_views != "always" or not recipe.augmented_frozen_views or flip == "none":
        return Finding(name, "PASS", f"features.flipped_views = {recipe.features.flipped_views}")
    return Finding(
        name,
        "WARN",
        f"features.flipped_views = always with frozen_phase.views = {recipe.frozen_phase.views} and "
        f"augmentation.flip = {flip}: half of the views are mirrored already, and every image is once more",
        "set features.flipped_views = auto",
    )


def _standardise(recipe: Recipe) -> Finding:
    name = "recipe: standardised features"
    if recipe.head.standardise or "dense" in recipe.head.kinds:
        return Finding(name, "PASS", f"head.standardise = {str(recipe.head.standardise).lower()}")
    return Finding(
        name,
        "WARN",
        f"head.standardise = false with head.kinds = {', '.join(recipe.head.kinds)}: only the dense head goes without",
        'set head.kinds = ["dense"], or leave standardise out',
    )
