"""What in a recipe cannot do what it says: contradictions named before any of them costs an hour (pitfalls 6, 11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lowres.values.findings import Finding
from lowres.values.recipes.frozen_phase_lint import frozen_phase_findings, plateau_finding
from lowres.values.recipes.recipe import Recipe
from lowres.values.training.drawn_networks import begins_at_random, is_seeded
from lowres.values.training.schedule import fine_tuning_length

_SMALLEST_PIXELS = 64
# The trunks halve the picture five times.
_TRUNK_STRIDE = 32
_SMALL_BATCH_IMAGES = 16


@dataclass(frozen=True)
class _Subject:
    recipe: Recipe
    training_images: int | None
    image_pixels: int | None
    trunk_trained_pixels: int
    unlabelled_images: int | None

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
    subject = _Subject(recipe, training_images, image_pixels, trunk_trained_pixels, unlabelled_images)
    return (*(rule(subject) for rule in _RULES), *frozen_phase_findings(recipe))


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


def _fine_tuning_plateau(subject: _Subject) -> Finding:
    choices = subject.recipe.fine_tuning
    is_used = subject.fine_tunes and choices.schedule == "plateau"
    if is_used and choices.plateau_patience_epochs == 0:
        return Finding(
            "recipe: fine_tuning plateau",
            "WARN",
            "fine_tuning.schedule = plateau with plateau_patience_epochs = 0: the rate never drops",
            "set fine_tuning.plateau_patience_epochs to 3, or fine_tuning.schedule = constant",
        )
    patience = choices.plateau_patience_epochs if is_used else 0
    return plateau_finding("fine_tuning", patience, choices.early_stopping_patience_epochs)


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


def _updates(subject: _Subject) -> Finding:
    images, choices = subject.training_images, subject.recipe.fine_tuning
    size = choices.batch_images * choices.accumulation_steps
    if not subject.fine_tunes or images is None or size <= images:
        return Finding("recipe: updates", "PASS", f"an update of fine-tuning fits into {images or 'any'} images")
    length = fine_tuning_length(choices, images)
    return Finding(
        "recipe: updates",
        "WARN",
        f"fine_tuning.batch_images * accumulation_steps = {size}, more than the {images} images of the training part: "
        f"{length.batch_images} images an update are taken, {length.updates} updates in all",
        "more labelled images help most; to train longer, set a larger fine_tuning.epochs",
    )


def _no_second_phase(subject: _Subject) -> Finding:
    layer = subject.recipe.fine_tuning.from_layer
    if subject.fine_tunes or not layer:
        return Finding("recipe: fine-tuning", "PASS", f"fine_tuning.epochs = {subject.recipe.fine_tuning.epochs}")
    return Finding(
        "recipe: fine-tuning",
        "WARN",
        f"fine_tuning.from_layer = {layer} with fine_tuning.epochs = 0: nothing is ever fine-tuned",
        "set fine_tuning.epochs, or leave from_layer out",
    )


def _cache(subject: _Subject) -> Finding:
    choices = subject.recipe.fine_tuning
    if not subject.fine_tunes or choices.cache_activations != "always" or choices.from_layer:
        return Finding(
            "recipe: activation cache", "PASS", f"fine_tuning.cache_activations = {choices.cache_activations}"
        )
    return Finding(
        "recipe: activation cache",
        "FAIL",
        "fine_tuning.cache_activations = always with no from_layer: the whole trunk trains, nothing below it stays",
        "set fine_tuning.from_layer, or cache_activations = auto",
    )


def _imbalance(subject: _Subject) -> Finding:
    choices = subject.recipe.fine_tuning
    if not subject.fine_tunes or choices.class_weights == "none" or choices.loss != "focal":
        return Finding("recipe: class weights", "PASS", f"fine_tuning.class_weights = {choices.class_weights}")
    return Finding(
        "recipe: class weights",
        "WARN",
        "fine_tuning.class_weights = balanced together with loss = focal: rare classes are favoured twice over",
        "set one of them back: class_weights = none, or loss = cross-entropy",
    )


def _average(subject: _Subject) -> Finding:
    choices = subject.recipe.fine_tuning
    name, kept = "recipe: weight averaging", choices.weight_averaging
    if not subject.fine_tunes or kept == 0:
        return Finding(name, "PASS", "no averaged weights are asked for")
    reach = round(1 / (1 - kept))
    updates = None if subject.training_images is None else fine_tuning_length(choices, subject.training_images).updates
    if updates is None or 2 * reach <= updates:
        return Finding(name, "PASS", f"the average reaches over about {reach} updates")
    return Finding(
        name,
        "WARN",
        f"fine_tuning.weight_averaging = {kept} averages over about {reach} updates of {updates} in all: the average "
        "still holds much of the weights before training",
        f"set fine_tuning.weight_averaging to {max(0.5, round(1 - 10 / max(updates, 1), 4))} or less",
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
    if not subject.fine_tunes:
        return Finding(
            name,
            "FAIL",
            "head.kinds = published with fine_tuning.epochs = 0: the head stays at random, nothing is ever trained",
            'set fine_tuning.epochs, or head.kinds = ["linear"]',
        )
    if recipe.augmentation.flip == "auto":
        return Finding(
            name,
            "WARN",
            "augmentation.flip = auto with head.kinds = published: no frozen phase can say whether images may be "
            "mirrored, so they are not",
            "set augmentation.flip to alternating where left and right mean nothing, else to none",
        )
    return Finding(name, "PASS", "head.kinds = published, trained with the trunk")


def _normalisation(subject: _Subject) -> Finding:
    choices = subject.recipe.fine_tuning
    name = "recipe: normalisation"
    if not subject.fine_tunes or choices.normalisation == "inference" or choices.batch_images >= _SMALL_BATCH_IMAGES:
        return Finding(name, "PASS", f"fine_tuning.normalisation = {choices.normalisation}")
    return Finding(
        name,
        "WARN",
        f"fine_tuning.normalisation = training with {choices.batch_images} images a batch: the statistics of so few "
        "images are noise",
        "set fine_tuning.normalisation = inference, or batch_images to 16 or more (accumulation does not help here)",
    )


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


def _student(subject: _Subject) -> Finding:
    epochs = subject.recipe.self_training.epochs
    if not epochs or subject.unlabelled_images != 0:
        return Finding("recipe: student", "PASS", f"self_training.epochs = {epochs}")
    return Finding(
        "recipe: student",
        "WARN",
        f"self_training.epochs = {epochs}, but there are no unlabelled images: no student will be trained, and "
        f"fine_tuning.epochs = {subject.recipe.fine_tuning.epochs} may be few without one",
        "give --unlabelled DIR, a folder of more pictures of this kind; or set self_training.epochs to 0 and "
        "fine_tuning.epochs to more",
    )


_RULES: tuple[Callable[[_Subject], Finding], ...] = (
    _scaling,
    _input_pixels,
    _fine_tuning_plateau,
    _one_view,
    _batches,
    _updates,
    _no_second_phase,
    _cache,
    _imbalance,
    _average,
    _random_trunk,
    _from_scratch,
    _normalisation,
    _augmentation,
    _student,
)
