"""Which backbones begin with weights drawn at random, known without a framework: by the recipe's seed, or always so."""

from __future__ import annotations

from lowres.values.recipes.recipe import Network, Recipe

# Made for small images and trained from scratch; tests hold them against the networks themselves.
SEEDED = (
    "resnet20",
    "resnet32",
    "resnet44",
    "resnet56",
    "wrn-16-4",
    "wrn-28-2",
    "wrn-28-10",
    "preact-resnet18",
    "airbench94",
    "airbench96",
    "mobilenetv2-cifar",
    "mobilenetv2-cifar-0.5",
    "efficientnetb0-cifar",
)
# The same weights whatever the seed, never to be trained: a trunk for tests.
FIXED = ("tiny-conv",)


def is_seeded(network: Network) -> bool:
    """Whether the recipe's seed draws the trunk's weights: nobody has published any, and none were given."""
    return network.backbone in SEEDED and not network.weights_sha256


def is_given_whole(network: Network) -> bool:
    """Whether weights of the whole network were given, its classifier with them."""
    return network.backbone in SEEDED and bool(network.weights_sha256)


def begins_at_random(network: Network) -> bool:
    """Whether the trunk begins with random weights, whoever drew them."""
    return is_seeded(network) or network.backbone in FIXED


def before_training(recipe: Recipe) -> str:
    """Return how the network stood before its second phase, to be put behind its accuracy there."""
    if recipe.has_frozen_phase:
        return "with the trunk frozen"
    return "at random" if begins_at_random(recipe.network) else "before training"
