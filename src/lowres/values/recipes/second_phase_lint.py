"""What in a recipe's second phase cannot do what it says: rates that never drop, caches of nothing, idle students."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lowres.values.findings import Finding
from lowres.values.recipes.frozen_phase_lint import plateau_finding
from lowres.values.recipes.recipe import Recipe
from lowres.values.training.schedule import fine_tuning_length

if TYPE_CHECKING:
    from lowres.values.recipes.recipe_sections import FineTuning

_SMALL_BATCH_IMAGES = 16


@dataclass(frozen=True)
class _Phase:
    recipe: Recipe
    training_images: int | None
    unlabelled_images: int | None

    @property
    def choices(self) -> FineTuning:
        """What the recipe says of fine-tuning."""
        return self.recipe.fine_tuning


def second_phase_findings(
    recipe: Recipe, training_images: int | None, unlabelled_images: int | None
) -> tuple[Finding, ...]:
    """Return one finding a rule on fine-tuning and a student behind it, in a fixed order; None: not known."""
    phase = _Phase(recipe, training_images, unlabelled_images)
    return tuple(rule(phase) for rule in _RULES)


def _plateau(phase: _Phase) -> Finding:
    choices = phase.choices
    is_used = choices.epochs > 0 and choices.schedule == "plateau"
    if is_used and choices.plateau_patience_epochs == 0:
        return Finding(
            "recipe: fine_tuning plateau",
            "WARN",
            "fine_tuning.schedule = plateau with plateau_patience_epochs = 0: the rate never drops",
            "set fine_tuning.plateau_patience_epochs to 3, or fine_tuning.schedule = constant",
        )
    patience = choices.plateau_patience_epochs if is_used else 0
    return plateau_finding("fine_tuning", patience, choices.early_stopping_patience_epochs)


def _updates(phase: _Phase) -> Finding:
    images, choices = phase.training_images, phase.choices
    size = choices.batch_images * choices.accumulation_steps
    if not choices.epochs or images is None or size <= images:
        return Finding("recipe: updates", "PASS", f"an update of fine-tuning fits into {images or 'any'} images")
    length = fine_tuning_length(choices, images)
    return Finding(
        "recipe: updates",
        "WARN",
        f"fine_tuning.batch_images * accumulation_steps = {size}, more than the {images} images of the training part: "
        f"{length.batch_images} images an update are taken, {length.updates} updates in all",
        "more labelled images help most; to train longer, set a larger fine_tuning.epochs",
    )


def _no_second_phase(phase: _Phase) -> Finding:
    layer = phase.choices.from_layer
    if phase.choices.epochs or not layer:
        return Finding("recipe: fine-tuning", "PASS", f"fine_tuning.epochs = {phase.choices.epochs}")
    return Finding(
        "recipe: fine-tuning",
        "WARN",
        f"fine_tuning.from_layer = {layer} with fine_tuning.epochs = 0: nothing is ever fine-tuned",
        "set fine_tuning.epochs, or leave from_layer out",
    )


def _cache(phase: _Phase) -> Finding:
    choices = phase.choices
    if not choices.epochs or choices.cache_activations != "always" or choices.from_layer:
        return Finding(
            "recipe: activation cache", "PASS", f"fine_tuning.cache_activations = {choices.cache_activations}"
        )
    return Finding(
        "recipe: activation cache",
        "FAIL",
        "fine_tuning.cache_activations = always with no from_layer: the whole trunk trains, nothing below it stays",
        "set fine_tuning.from_layer, or cache_activations = auto",
    )


def _imbalance(phase: _Phase) -> Finding:
    choices = phase.choices
    if not choices.epochs or choices.class_weights == "none" or choices.loss != "focal":
        return Finding("recipe: class weights", "PASS", f"fine_tuning.class_weights = {choices.class_weights}")
    return Finding(
        "recipe: class weights",
        "WARN",
        "fine_tuning.class_weights = balanced together with loss = focal: rare classes are favoured twice over",
        "set one of them back: class_weights = none, or loss = cross-entropy",
    )


def _average(phase: _Phase) -> Finding:
    choices = phase.choices
    name, kept = "recipe: weight averaging", choices.weight_averaging
    if not choices.epochs or kept == 0:
        return Finding(name, "PASS", "no averaged weights are asked for")
    reach = round(1 / (1 - kept))
    updates = None if phase.training_images is None else fine_tuning_length(choices, phase.training_images).updates
    if updates is None or 2 * reach <= updates:
        return Finding(name, "PASS", f"the average reaches over about {reach} updates")
    return Finding(
        name,
        "WARN",
        f"fine_tuning.weight_averaging = {kept} averages over about {reach} updates of {updates} in all: the average "
        "still holds much of the weights before training",
        f"set fine_tuning.weight_averaging to {max(0.5, round(1 - 10 / max(updates, 1), 4))} or less",
    )


def _normalisation(phase: _Phase) -> Finding:
    choices = phase.choices
    name = "recipe: normalisation"
    if not choices.epochs or choices.normalisation == "inference" or choices.batch_images >= _SMALL_BATCH_IMAGES:
        return Finding(name, "PASS", f"fine_tuning.normalisation = {choices.normalisation}")
    return Finding(
        name,
        "WARN",
        f"fine_tuning.normalisation = training with {choices.batch_images} images a batch: the statistics of so few "
        "images are noise",
        "set fine_tuning.normalisation = inference, or batch_images to 16 or more (accumulation does not help here)",
    )


def _student(phase: _Phase) -> Finding:
    epochs = phase.recipe.self_training.epochs
    if not epochs or phase.unlabelled_images != 0:
        return Finding("recipe: student", "PASS", f"self_training.epochs = {epochs}")
    return Finding(
        "recipe: student",
        "WARN",
        f"self_training.epochs = {epochs}, but there are no unlabelled images: no student will be trained, and "
        f"fine_tuning.epochs = {phase.choices.epochs} may be few without one",
        "give --unlabelled DIR, a folder of more pictures of this kind; or set self_training.epochs to 0 and "
        "fine_tuning.epochs to more",
    )


def _members(phase: _Phase) -> Finding:
    members = phase.choices.members
    if members == 1 or not phase.choices.epochs or "dense" not in phase.recipe.head.kinds:
        return Finding("recipe: members", "PASS", f"fine_tuning.members = {members}")
    return Finding(
        "recipe: members",
        "FAIL",
        f"fine_tuning.members = {members} with dense in head.kinds: the logits of dense heads cannot be averaged in "
        "one model, which would be known only after all are trained",
        'set head.kinds = ["linear"], or fine_tuning.members to 1',
    )


def _muon(phase: _Phase) -> Finding:
    choices = phase.choices
    if not choices.epochs or choices.optimizer != "muon" or choices.normalisation == "training":
        return Finding("recipe: optimizer", "PASS", f"fine_tuning.optimizer = {choices.optimizer}")
    return Finding(
        "recipe: optimizer",
        "FAIL",
        "fine_tuning.optimizer = muon with normalisation = inference: muon brings every kernel to a length of its own, "
        "and statistics that stand still do not follow",
        "set fine_tuning.optimizer = adamw, or normalisation = training and from_layer empty",
    )


def _alternation(phase: _Phase) -> Finding:
    views, epochs, flip = phase.choices.views, phase.choices.epochs, phase.recipe.augmentation.flip
    is_odd = views % 2 == 1 and epochs > views > 1
    if not is_odd or flip not in ("alternating", "auto"):
        return Finding("recipe: alternation", "PASS", f"augmentation.flip = {flip}")
    return Finding(
        "recipe: alternation",
        "WARN",
        f"augmentation.flip = {flip} with fine_tuning.views = {views}: of an odd number of views taken in turn an "
        "image is mirrored in one more than it is not, or the other way round",
        f"set fine_tuning.views to {views + 1}, or to 0 for a new one every epoch",
    )


_RULES: tuple[Callable[[_Phase], Finding], ...] = (
    _plateau,
    _updates,
    _no_second_phase,
    _cache,
    _imbalance,
    _average,
    _normalisation,
    _student,
    _members,
    _muon,
    _alternation,
)
