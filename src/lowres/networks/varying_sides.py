"""Images that grow while a network trains: which networks take them, and down to which side."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from lowres.errors import RecipeError
from lowres.networks.resizing import RESIZING_LAYERS


def refuse_fixed_sides(trunk: keras.Model, from_layer: str) -> None:
    """Refuse with RecipeError a trunk that resizes its images, or that trains from a block up only."""
    if from_layer or any(layer.name in RESIZING_LAYERS for layer in trunk.layers):
        raise RecipeError(
            "expected fine_tuning.progressive_pixels where the whole trunk trains on images of their own side, got "
            + (f"from_layer = {from_layer}" if from_layer else f"a trunk that resizes {trunk.input_shape[1:3]}")
            + "; try network.input_pixels = the images' side with from_layer empty, or leave progressive_pixels out"
        )


def refuse_tiny_sides(model: keras.Model, first_of_head: str, sides: Sequence[int]) -> None:
    """Refuse with RecipeError sides of which a network leaves no feature map.

    model: takes images of any side. first_of_head: the name of the layer that takes its feature map.
    """
    if not sides:
        return
    below = keras.Model(model.inputs[0], model.get_layer(first_of_head).input)
    tiny = [side for side in sides if _map_side(below, side) < 1]
    if tiny:
        raise RecipeError(
            "expected sides in fine_tuning.progressive_pixels of which the network leaves a feature map, got "
            f"{', '.join(map(str, tiny))}, halved to nothing; try {_smallest(below, max(tiny))} or more"
        )


def _map_side(below: keras.Model, side: int) -> int:
    try:
        return min(below.compute_output_shape((1, side, side, below.input_shape[-1]))[1:3])
    except ValueError:
        # Keras refuses to pool fewer pixels than a pool is wide.
        return 0


def _smallest(below: keras.Model, side: int) -> int:
    while _map_side(below, side) < 1:
        side += 1
    return side
