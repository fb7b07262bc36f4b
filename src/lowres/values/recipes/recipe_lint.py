"""What in a recipe cannot do what it says: contradictions named before any of them costs an hour (pitfalls 6, 11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lowres.values.findings import Finding
from lowres.values.recipes.frozen_phase_lint import frozen_phase_findings
from lowres.values.recipes.recipe import Recipe
from lowres.values.recipes.second_phase_lint import second_phase_findings
from lowres.values.training.drawn_networks import begins_at_random, is_given_whole, is_seeded

_SMALLEST_PIXELS = 64
# The trunks halve the picture five times.
_TRUNK_STRIDE = 32


@dataclass(frozen=True)
class _Subject:
    recipe: Recipe
    training_images: int | None
    image_pixels: int | None
    trunk_trained_pixels: int

    @property
    def fine_tunes(self) -> bool:
        """Whether the recipe has a second phase at all."""
        return self.recipe.fine_tuning.epochs > 0

    @property
    def trains_dense_head(self) -> bool:
        """Whether a head is trained over epochs; the others are solved."""
        return "dense" in self.recipe.head.kinds


def lint_recipe(
    recipe: Recipe,
    *,
    training_images: int | None = None,
    image_pixels: int | None = None,
    trunk_trained_pixels: int = 224,
    unlabelled_images: int | None = None,
) -> tuple[Finding, ...]:
    """Return one finding a rule, worst news not first but in a fixed order; rules that lack a figure pass.

    training_images: size of the training part. image_pixels: shorter side of the images before resizing.
    trunk_trained_pixels: side of the pictures the trunk's weights were trained on. unlabelled_images: those a student
    can learn from.
    FAIL: training cannot run as written, or would be ruined. WARN: a choice has no effect, or costs more than it seems.
    """
    subject = _Subject(recipe, training_images, image_pixels, trunk_trained_pixels)
    return (
        *(rule(subject) for rule in _RULES),
        *frozen_phase_findings(recipe),
        *second_phase_findings(recipe, training_images, unlabelled_images),
    )


def _scaling(subject: _Subject) -> Finding:
    if subject.recipe.network.scaling == "contract":
        return Finding("recipe: scaling", "PASS", "pixels are scaled once, as the trunk expects them")
    return Finding(
        "recipe: scaling",
        "FAIL",
        "network.scaling = unit-then-contract: pixels are scaled twice, to 0-1 and then as if they were 0-255, so "
        "that all images look alike to the trunk",
        "set network.scaling = contract",
    )


def _input_pixels(subject: _Subject) -> Finding:
    pixels = subject.recipe.network.input_pixels
    if pixels >= _SMALLEST_PIXELS or subject.trunk_trained_pixels < 2 * _SMALLEST_PIXELS:
        return Finding("recipe: input size", "PASS", f"network.input_pixels = {pixels}")
    side = max(1, pixels // _TRUNK_STRIDE)
    return Finding(
        "recipe: input size",
        "WARN",
        f"network.input_pixels = {pixels} for a trunk trained on {subject.trunk_trained_pixels}: its last feature map "
        f"is {side} x {side}, and accuracy falls by several points for every halving of the input",
        "set network.input_pixels to 128 or more (resizing is inside the network), or choose a trunk for small images",
    )


def _one_view(subject: _Subject) -> Finding:
    recipe, name = subject.recipe, "recipe: one view"
    if recipe.augmentation.changes_nothing:
        return Finding(name, "PASS", "no augmentation is asked for")
    if not subject.fine_tunes and recipe.frozen_phase.views == 1:
        return Finding(
            name,
            "WARN",
            "[augmentation] with frozen_phase.views = 1 and fine_tuning.epochs = 0: no image is ever changed",
            "set frozen_phase.views to 4 or more, or leave [augmentation] out",
        )
    if recipe.fine_tuning.epochs > 1 and recipe.fine_tuning.views == 1:
        return Finding(
            name,
            "WARN",
            "[augmentation] with fine_tuning.views = 1: every epoch sees the same one view",
            "set fine_tuning.views to 4 or more, or to 0 for a new one every epoch",
        )
    return Finding(name, "PASS", "epochs see views that differ")


def _batches(subject: _Subject) -> Finding:
    images, size = subject.training_images, subject.recipe.head.batch_images
    if not subject.trains_dense_head or images is None or size <= images:
        return Finding("recipe: batch size", "PASS", f"batches fit into {images or 'any'} training images")
    return Finding(
        "recipe: batch size",
        "FAIL",
        f"head.batch_images = {size}, more than the {images} images of the training part: an epoch would be less than "
        "one full update",
        f"set it to {max(1, images // 10)} or less",
    )


def _random_trunk(subject: _Subject) -> Finding:
    network, choices = subject.recipe.network, subject.recipe.fine_tuning
    name, repair = "recipe: random trunk", "set fine_tuning.epochs with from_layer empty and normalisation = training"
    if not begins_at_random(network):
        return Finding(name, "PASS", f"network.backbone = {network.backbone} begins with weights that were trained")
    trunk = f"network.backbone = {network.backbone} begins with random weights"
    if not subject.fine_tunes:
        return Finding(name, "WARN", f"{trunk} and fine_tuning.epochs = 0: they stay random", repair)
    if choices.from_layer:
        below = f"fine_tuning.from_layer = {choices.from_layer}: what is below it stays random"
        return Finding(name, "WARN", f"{trunk} and {below}", repair)
    if is_seeded(network) and choices.normalisation == "inference":
        still = "fine_tuning.normalisation = inference: BatchNorm's statistics are never measured"
        return Finding(name, "WARN", f"{trunk} and {still}", repair)
    return Finding(name, "PASS", f"{trunk}, and all of them are trained")


def _from_scratch(subject: _Subject) -> Finding:
    recipe, name = subject.recipe, "recipe: from scratch"
    if recipe.has_frozen_phase:
        return Finding(name, "PASS", f"head.kinds = {', '.join(recipe.head.kinds)}")
    if not subject.fine_tunes and not is_given_whole(recipe.network):
        return Finding(
            name,
            "FAIL",
            "head.kinds = published with fine_tuning.epochs = 0: the head stays at random, nothing is ever trained",
            'set fine_tuning.epochs, or head.kinds = ["linear"]',
        )
    if subject.fine_tunes and recipe.augmentation.flip == "auto":
        return Finding(
            name,
            "WARN",
            "augmentation.flip = auto with head.kinds = published: no frozen phase can say whether images may be "
            "mirrored, so they are not",
            "set augmentation.flip to alternating where left and right mean nothing, else to none",
        )
    what = "trained with the trunk" if subject.fine_tunes else "out of the weights given"
    return Finding(name, "PASS", f"head.kinds = published, {what}")


def _augmentation(subject: _Subject) -> Finding:
    side, choices = subject.image_pixels, subject.recipe.augmentation
    sizes = {"cutout_pixels": choices.cutout_pixels, "shift_pixels": choices.shift_pixels}
    large = {key: size for key, size in sizes.items() if side is not None and size >= side}
    if not large and choices.has_idle_words:
        return Finding(
            "recipe: augmentation",
            "WARN",
            f"policy_changes = {choices.policy_changes} and policy_strength = {choices.policy_strength:g} with "
            f'policy = "{choices.policy}": they are of no effect',
            'set augmentation.policy = "random", or leave both out',
        )
    if not large:
        return Finding("recipe: augmentation", "PASS", "no change is as large as the image")
    return Finding(
        "recipe: augmentation",
        "FAIL",
        f"{', '.join(f'augmentation.{key} = {size}' for key, size in large.items())} for images of {side} pixels: "
        "nothing of them may be left",
        f"set it to {max(1, (side or 1) // 4)} or less (pixels of the image, not of the network's input)",
    )


_RULES: tuple[Callable[[_Subject], Finding], ...] = (
    _scaling,
    _input_pixels,
    _one_view,
    _batches,
    _random_trunk,
    _from_scratch,
    _augmentation,
)
