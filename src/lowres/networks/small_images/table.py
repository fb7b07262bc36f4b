"""The networks for small images by name: what builds each, what comes out, the classifier it was published with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.backbones.published_head import HeadForm
from lowres.networks.small_images.airbench import CHANNELS_94, CHANNELS_96, airbench94, airbench96, whiten
from lowres.networks.small_images.efficientnet import efficientnet_b0
from lowres.networks.small_images.mobilenet import mobilenet_v2
from lowres.networks.small_images.preact_resnet import preact_resnet18
from lowres.networks.small_images.resnet import STAGE_CHANNELS, resnet
from lowres.networks.small_images.wide_resnet import wide_resnet

DEFAULT_PIXELS, SMALLEST_PIXELS = 32, 8


class SmallImageNetwork(NamedTuple):
    """One row, in the words of `Backbone`."""

    grow: Callable[[Any, int], keras.Model]
    channels: int
    block_ends: str
    head: HeadForm = HeadForm()
    prepare: Callable[[keras.Model, NDArray[np.uint8]], None] | None = None


def _resnet(depth: int) -> SmallImageNetwork:
    return SmallImageNetwork(partial(resnet, depth), STAGE_CHANNELS[-1], r"(layer\d_\d+)_out")


def _wide_resnet(depth: int, width: int) -> SmallImageNetwork:
    return SmallImageNetwork(partial(wide_resnet, depth, width), 64 * width, r"(group\d_block\d+)_add")


def _airbench(grow: Callable[..., keras.Model], channels: tuple[int, ...], block_ends: str) -> SmallImageNetwork:
    head = HeadForm("max", has_bias=False, scale=1 / 9)
    return SmallImageNetwork(grow, channels[-1], block_ends, head, whiten)


def _mobilenet(width: float) -> SmallImageNetwork:
    return SmallImageNetwork(partial(mobilenet_v2, width=width), 1280, r"(layers_\d+)_(?:add|bn3)")


NETWORKS = {
    **{f"resnet{depth}": _resnet(depth) for depth in (20, 32, 44, 56)},
    **{f"wrn-{depth}-{width}": _wide_resnet(depth, width) for depth, width in ((16, 4), (28, 2), (28, 10))},
    "preact-resnet18": SmallImageNetwork(preact_resnet18, 512, r"(layer\d_\d+)_add"),
    "airbench94": _airbench(airbench94, CHANNELS_94, r"(layers_\d)_gelu2"),
    "airbench96": _airbench(airbench96, CHANNELS_96, r"(layers_\d)_gelu3"),
    "mobilenetv2-cifar": _mobilenet(1.0),
    "mobilenetv2-cifar-0.5": _mobilenet(0.5),
    "efficientnetb0-cifar": SmallImageNetwork(efficientnet_b0, 1280, r"(features_[1-7]_\d+)_(?:add|block_\d_1)"),
}
