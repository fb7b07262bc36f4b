"""The backbones by name, and the trunk made of one: uint8 pixels in, a named feature map out, everything inside."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import DataError, RecipeError, TrainingError, VerificationError
from lowres.networks.backbones.efficientnet_lite import HEAD_CHANNELS, efficientnet_lite, load_published
from lowres.networks.backbones.feature_levels import join_levels
from lowres.networks.backbones.input_contracts import (
    IMAGENET_STANDARDISED,
    MINUS_ONE_TO_ONE,
    SCALING_LAYER,
    InputContract,
    Scaling,
    scale_pixels,
)
from lowres.networks.backbones.keras_applications import APPLICATIONS, Application, application, load_application
from lowres.networks.backbones.published_head import HeadForm
from lowres.networks.backbones.tiny_conv import tiny_conv
from lowres.networks.resizing import COLUMNS_LAYER, ROWS_LAYER, resize
from lowres.networks.small_images.state_dict import load_state_dict
from lowres.networks.small_images.table import DEFAULT_PIXELS, NETWORKS, SMALLEST_PIXELS, SmallImageNetwork
from lowres.values.recipes.recipe import nearest

Tensors = Mapping[str, NDArray[Any]]
Grow = Callable[[Any, int], keras.Model]
Prepare = Callable[[keras.Model, NDArray[np.uint8]], None]
Load = Callable[[keras.Model, list[keras.Layer], Tensors], None]
_INTERPOLATIONS = ("bilinear", "bicubic")


@dataclass(frozen=True)
class Backbone:
    """What is known of a backbone before it is built.

    default_pixels, smallest_pixels: side of its input. channels: of its feature map. block_ends: pattern of the names
    of the layers that end a block, the places to cut for fine-tuning. grow: from a scaled tensor and the seed of what
    is drawn. load: None where no weights exist elsewhere. is_drawn: whether the seed draws them where none are given,
    for the whole network to be trained. head: the classifier it was published with. prepare: computes weights of a
    trunk from training images before it is trained; None where there are none to compute.
    """

    name: str
    contract: InputContract
    default_pixels: int
    smallest_pixels: int
    channels: int
    licence: str
    block_ends: str
    grow: Grow
    load: Load | None = None
    is_drawn: bool = False
    head: HeadForm = HeadForm()
    prepare: Prepare | None = None


def _lite(size: int, pixels: int) -> Backbone:
    name = f"efficientnet-lite{size}"
    return Backbone(
        name,
        MINUS_ONE_TO_ONE,
        pixels,
        smallest_pixels=32,
        channels=HEAD_CHANNELS,
        licence="Apache-2.0",
        block_ends=r"(blocks_\d+)_(add|bn2)",
        grow=lambda scaled, _seed: efficientnet_lite(size, scaled.shape[1], scaled),
        load=partial(_load_lite, name),
    )


def _load_lite(name: str, network: keras.Model, _layers: list[keras.Layer], tensors: Tensors) -> None:
    try:
        load_published(network, tensors)
    except (KeyError, ValueError) as error:
        raise VerificationError(
            f"expected the published tensors of {name}, got {len(tensors)} that do not fit: {error}; "
            f"get the weights of {name}, named as in its .pth file"
        ) from error


def _keras(name: str, row: Application) -> Backbone:
    return Backbone(
        name,
        row.contract,
        row.default_pixels,
        row.smallest_pixels,
        row.channels,
        row.licence,
        block_ends=r"(conv\d_block\d+)_out|(block_?\d+)[a-z_]*_(add|project_bn)|(block\d)_pool|(mixed\d+)",
        grow=lambda scaled, _seed: application(name, scaled),
        load=lambda _network, layers, tensors: load_application(name, layers, tensors),
    )


def _small(name: str, row: SmallImageNetwork) -> Backbone:
    return Backbone(
        name,
        # Constants of no one data set; akamaster's ResNets were trained on these.
        IMAGENET_STANDARDISED,
        DEFAULT_PIXELS,
        SMALLEST_PIXELS,
        row.channels,
        licence="Apache-2.0",
        block_ends=row.block_ends,
        grow=row.grow,
        load=lambda _network, layers, tensors: load_state_dict(name, layers, tensors),
        is_drawn=True,
        head=row.head,
        prepare=row.prepare,
    )


_TINY = Backbone(
    "tiny-conv",
    MINUS_ONE_TO_ONE,
    default_pixels=32,
    smallest_pixels=4,
    channels=32,
    licence="Apache-2.0",
    block_ends=r"(tiny)_relu\d",
    # Always the same: a trunk for tests has to stand as still as a pretrained one.
    grow=lambda scaled, _seed: tiny_conv(scaled),
)
BACKBONES: dict[str, Backbone] = {
    backbone.name: backbone
    for backbone in (
        *(_lite(size, pixels) for size, pixels in ((0, 224), (1, 240), (2, 260))),
        *(_keras(name, row) for name, row in APPLICATIONS.items()),
        *(_small(name, row) for name, row in NETWORKS.items()),
        _TINY,
    )
}


def find_backbone(name: str) -> Backbone:
    """Return the backbone of that name; RecipeError names the nearest one otherwise."""
    if name not in BACKBONES:
        raise RecipeError(
            f"expected a backbone lowres knows, got {name!r} in network.backbone; {nearest(name, list(BACKBONES))}"
        )
    return BACKBONES[name]


def build_trunk(
    name: str,
    image_shape: tuple[int, ...],
    input_pixels: int,
    interpolation: str = "bicubic",
    tensors: Tensors | None = None,
    *,
    scaling: Scaling = "contract",
    levels: str = "last",
    seed: int = 0,
    may_be_random: bool = False,
) -> keras.Model:
    """Return the frozen model named "trunk": uint8 `[n, height, width, 3]` to the backbone's feature map, float32.

    Scaling by the backbone's contract and resizing to `input_pixels` are its first layers, so no caller can do them
    twice or not at all. It holds built-in layers only and is flat: `trunk.get_layer("conv5_block3_out")` works.
    levels: "last" is the backbone's own feature map; "several" joins it with the ends of its late stages
    (`networks/backbones/feature_levels.py`). image_shape: `(height, width, 3)`.
    tensors: the published weights; None for `tiny-conv`, which has none, and for a network that is trained from
    scratch, whose weights `seed` then draws, the same on every backend.
    may_be_random: any network without its weights, as Keras draws them: to measure what a pass costs, for no other use.
    scaling: as the contract says, or twice on purpose (`scale_pixels`).
    Refused: an unknown name, size or interpolation (RecipeError), images of another shape (DataError), tensors that
    do not fit (VerificationError), a Keras that is not set to float32 and channels last (TrainingError).
    """
    backbone = find_backbone(name)
    _check_request(backbone, image_shape, input_pixels, interpolation)
    _check_keras()
    pixels = keras.Input(image_shape, dtype="uint8", name="pixels")
    # Scaled before it is resized: the numbers are the same, and there are fewer of them.
    scaled = resize(scale_pixels(pixels, backbone.contract, scaling), input_pixels, interpolation)
    outer = {operation.name for operation in keras.Model(pixels, scaled).operations}
    network = backbone.grow(scaled, seed)
    if tensors is not None or not may_be_random:
        _load(backbone, network, [layer for layer in network.layers if layer.name not in outer], tensors)
    output = network.output if levels == "last" else join_levels(network, cut_layers(network, backbone))
    trunk = keras.Model(pixels, output, name="trunk")
    trunk.trainable = False
    return trunk


def feature_layer(trunk: keras.Model) -> str:
    """Return the name of the layer whose output is the feature map."""
    return str(trunk.layers[-1].name)


def preprocessed_layer(trunk: keras.Model) -> str:
    """Return the name of the layer after which the backbone proper begins: what a probe of its input looks at."""
    names = {layer.name for layer in trunk.layers}
    return next(name for name in (COLUMNS_LAYER, ROWS_LAYER, SCALING_LAYER) if name in names)


def cut_layers(trunk: keras.Model, backbone: Backbone) -> tuple[str, ...]:
    """Return the layers that end a block, in order: where activations can be cached and the rest be trained."""
    last_of_block: dict[str, str] = {}
    for layer in trunk.layers:
        match = re.fullmatch(backbone.block_ends, layer.name)
        if match:
            block = next(group for group in match.groups() if group)
            last_of_block[block] = layer.name
    return tuple(last_of_block.values())


def _load(backbone: Backbone, network: keras.Model, layers: list[keras.Layer], tensors: Tensors | None) -> None:
    if backbone.load is None:
        if tensors is not None:
            raise VerificationError(f"expected no tensors for {backbone.name}, which has its own, got {len(tensors)}")
        return
    if tensors is None and backbone.is_drawn:
        return
    if tensors is None:
        raise VerificationError(
            f"expected the published tensors of {backbone.name}, got none; a frozen backbone at random learns nothing: "
            "load its weights first"
        )
    backbone.load(network, layers, tensors)


def _check_request(backbone: Backbone, image_shape: tuple[int, ...], input_pixels: int, interpolation: str) -> None:
    if len(image_shape) != 3 or image_shape[2] != 3 or min(image_shape) < 1:
        raise DataError(f"expected images of shape (height, width, 3), got {tuple(image_shape)}")
    if input_pixels < backbone.smallest_pixels:
        raise RecipeError(
            f"expected network.input_pixels of at least {backbone.smallest_pixels} for {backbone.name}, "
            f"got {input_pixels}; it was published for {backbone.default_pixels}"
        )
    if interpolation not in _INTERPOLATIONS:
        raise RecipeError(f"expected network.interpolation among {', '.join(_INTERPOLATIONS)}, got {interpolation!r}")


def _check_keras() -> None:
    policy, order = keras.config.dtype_policy().name, keras.config.image_data_format()
    if (policy, order) != ("float32", "channels_last"):
        raise TrainingError(
            f"expected Keras set to float32 and channels_last, got {policy} and {order}; undo "
            "keras.config.set_dtype_policy and keras.config.set_image_data_format, or start a fresh process"
        )
