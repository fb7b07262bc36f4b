"""Images that grow while a network trains: which networks take them, and down to which side."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from lowres.errors import RecipeError
from lowres.networks.operation_outputs import operation_outputs
from lowres.networks.resizing import RESIZING_LAYERS

_MAP_DIMENSIONS = 4


def refuse_fixed_sides(trunk: keras.Model, from_layer: str) -> None:
    """Refuse with RecipeError a trunk that resizes its images, or that trains from a block up only."""
    if from_layer or any(layer.name in RESIZING_LAYERS for layer in trunk.layers):
        raise RecipeError(
            "expected fine_tuning.progressive_pixels where the whole trunk trains on images of their own side, got "
            + (f"from_layer = {from_layer}" if from_layer else f"a trunk that resizes {trunk.input_shape[1:3]}")
            + "; try network.input_pixels = the images' side with from_layer empty, or leave progressive_pixels out"
        )


def refuse_tiny_sides(model: keras.Model, sides: Sequence[int]) -> None:
    """Refuse with RecipeError sides of which a network that takes images of any side leaves no feature map."""
    tiny = [side for side in sides if _smallest_map(model, side) < 1]
    if tiny:
        raise RecipeError(
            "expected sides in fine_tuning.progressive_pixels of which the network leaves a feature map, got "
            f"{', '.join(map(str, tiny))}, halved to nothing; try {_smallest(model, max(tiny))} or more"
        )


def _smallest_map(model: keras.Model, side: int) -> int:
    """The side of the smallest map between the layers."""
    try:
        outputs = operation_outputs(model, (1, side, side, model.input_shape[-1]))
    except ValueError:
        # Keras refuses to pool fewer pixels than a pool is wide.
        return 0
    maps = [one for one in outputs if len(one.shape) == _MAP_DIMENSIONS]
    return min([side, *(extent for one in maps for extent in one.shape[1:3])])


def _smallest(model: keras.Model, side: int) -> int:
    while _smallest_map(model, side) < 1:
        side += 1
    return side
