"""Several levels of a backbone as one feature map, since its last layer alone forgot what small pictures still need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

JOINED_LAYER = "feature_levels"


def join_levels(network: keras.Model, block_ends: Sequence[str]) -> Any:
    """Return one tensor `[n, h, w, channels]`: the network's feature map and the ends of its late stages behind it.

    A late stage is a run of blocks with as many channels each, at the feature map's size or twice that; its last block
    speaks for it, averaged 2x2 where it is larger. Measured in benchmarks/results/frozen.json.
    """
    last = network.output
    levels = [last]
    for end in _late_stage_ends(network, block_ends):
        level = network.get_layer(end).output
        if level.shape[1] != last.shape[1]:
            level = keras.layers.AveragePooling2D(2, padding="same", name=f"{end}_halved")(level)
        levels.append(level)
    if len(levels) == 1:
        return last
    return keras.layers.Concatenate(name=JOINED_LAYER)(levels)


def _late_stage_ends(network: keras.Model, block_ends: Sequence[str]) -> list[str]:
    height = network.output.shape[1]
    last_with: dict[int, str] = {}
    for name in block_ends:
        output = network.get_layer(name).output
        if output is not network.output and output.shape[1] in (height, 2 * height, 2 * height - 1):
            last_with[output.shape[-1]] = name
    return list(last_with.values())
