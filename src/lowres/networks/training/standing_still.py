"""Which parts of a network stop training before the others do, and when."""

from __future__ import annotations

from typing import Any

import keras

from lowres.networks.small_images.airbench import WHITENING_LAYER
from lowres.networks.training.trainable_network import TrainableNetwork
from lowres.values.recipes.recipe_sections import FineTuning
from lowres.values.training.schedule import still_blocks


def still_variables(network: TrainableNetwork, choices: FineTuning, epoch: int) -> frozenset[int]:
    """Return the `id` of each of `network.trained` that stands still in an epoch, counted from 0."""
    trunk = network.blocks[:-1]
    still = {id(one) for block in trunk[: still_blocks(choices, len(trunk), epoch)] for one in block}
    if choices.whitening_bias_epochs and epoch >= choices.whitening_bias_epochs:
        still |= {id(one) for one in network.trained if one.path.split("/")[-2:] == [WHITENING_LAYER, "bias"]}
    return frozenset(still)


def hold_still(network: TrainableNetwork, still: frozenset[int]) -> list[Any]:
    """Mark those as not trained and all others as trained, and return the others in their order.

    A BatchNorm of which nothing trains any more keeps its statistics.
    """
    for variable in network.trained:
        variable.trainable = id(variable) not in still
    trained = {id(one) for one in network.trained}
    for layer in network.model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            own = [one for one in (layer.gamma, layer.beta) if one is not None and id(one) in trained]
            if own:
                layer.trainable = any(one.trainable for one in own)
                for one in own:
                    one.trainable = id(one) not in still
    return [one for one in network.trained if id(one) not in still]


def carry_over(before: Any, optimizer: Any) -> None:
    """Give an optimizer of fewer weights what the one before it knew of them, and the number of its updates."""
    known = {variable.path: variable for variable in before.variables}
    for variable in optimizer.variables:
        if variable.path in known:
            variable.assign(keras.ops.copy(known[variable.path].value))
