"""What fine-tuning minimises, on logits and soft targets, and what it comes to for a network that knows nothing."""

from __future__ import annotations

import keras

from lowres.values.recipes.recipe_sections import FineTuning
from lowres.values.training.watchdog import chance_loss


def build_loss(choices: FineTuning) -> keras.losses.Loss:
    """Return cross-entropy, or focal loss as Lin et al. 2017, equation 4, without its class weight."""
    if choices.loss == "focal":
        return keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=choices.focal_gamma, from_logits=True)
    return keras.losses.CategoricalCrossentropy(from_logits=True)


def loss_at_chance(choices: FineTuning, classes: int) -> float:
    """Return that loss where all classes are equally likely."""
    return chance_loss(classes, choices.focal_gamma if choices.loss == "focal" else 0.0)
