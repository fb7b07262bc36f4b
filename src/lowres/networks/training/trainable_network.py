"""The part of a classifier that fine-tuning changes, cut off the part that stands still, in its quickest form."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from lowres.errors import RecipeError
from lowres.networks.backbones.block_names import block_name
from lowres.networks.backbones.feature_levels import JOINED_LAYER
from lowres.networks.precision import products_beat_convolutions, training_precision
from lowres.networks.resizing import RESIZING_LAYERS
from lowres.networks.small_images.airbench import WHITENING_LAYER
from lowres.networks.training.folded_convolution import FoldedConvolution, InferenceNormalisation
from lowres.networks.training.layers import BatchNormalised, CompiledGelu, RoundedConvolution
from lowres.networks.training.trainable_marks import mark_trainable
from lowres.networks.training.varying_sides import refuse_fixed_sides, refuse_tiny_sides
from lowres.values.recipes.recipe_sections import FineTuning

CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)


@dataclass(frozen=True, eq=False)
class TrainableNetwork:
    """A trunk's upper part and a head, sharing every variable with the models they were made from.

    model: activations at the cut `[n, h, w, c]` (pixels where the whole trunk trains), float32, to logits.
    below: uint8 pixels to the activations at the cut; None where the whole trunk trains. cut_layer: its last layer, or
    the empty string. blocks: the trained variables of each block of the trunk, lowest first, last those of the head.
    statistics: BatchNorm's, where they follow the batches.
    """

    model: keras.Model
    below: keras.Model | None
    cut_layer: str
    blocks: tuple[tuple[Any, ...], ...]
    statistics: tuple[Any, ...] = ()

    @property
    def trained(self) -> list[Any]:
        """Every variable an update may change, in the order of `model`, which JAX goes by."""
        place = {id(variable): number for number, variable in enumerate(self.model.variables)}
        return sorted((variable for block in self.blocks for variable in block), key=lambda one: place[id(one)])

    def of_blocks(self, values: Sequence[float]) -> list[float]:
        """Return a value for each of `trained`, given one for each block."""
        value_of = {id(one): value for block, value in zip(self.blocks, values, strict=True) for one in block}
        return [value_of[id(one)] for one in self.trained]

    @property
    def changing(self) -> list[Any]:
        """Everything that is another after training: what an update may change, and statistics that move."""
        return [*self.trained, *self.statistics]

    @property
    def seeds(self) -> list[Any]:
        """Where each dropout is in its draws."""
        return [variable for variable in self.model.non_trainable_variables if _counts_seeds(variable)]

    @property
    def frozen(self) -> list[Any]:
        """Every variable that has to stand still, BatchNorm's statistics among them unless they are to move."""
        changing = {id(variable) for variable in self.changing}
        variables = [*self.model.variables, *(self.below.variables if self.below else [])]
        return [one for one in variables if id(one) not in changing and not _counts_seeds(one)]

    @property
    def trained_parameters(self) -> int:
        """How many numbers an update may change."""
        return sum(math.prod(variable.shape) for variable in self.trained)


def trainable_network(
    trunk: keras.Model,
    head: keras.Model,
    from_layer: str,
    *,
    precision: str = "float32",
    normalisation: str = "inference",
    depthwise: str = "train",
    sides_vary: bool = False,
) -> TrainableNetwork:
    """Return what trains when everything from the block `from_layer` up does; the empty string: the whole trunk.

    A convolution whose BatchNorm is in inference mode becomes one convolution with kernel and bias computed from both
    (`FoldedConvolution`), the same function of the same variables in fewer operations. precision: of the
    convolutions; "bfloat16" keeps sums, variables, gradients, head and logits in float32. depthwise: "freeze" leaves
    depthwise kernels and their BatchNorm's scale alone, 4 % of EfficientNet-Lite0's weights and 30 % of its time.
    sides_vary: it takes images of any side, not only the trunk's own.
    The models' `trainable` marks are set accordingly. Refused with RecipeError: a layer that is not there, or at
    which the trunk is not a single path; sides that vary where the trunk resizes or does not train whole.
    """
    below, upper = _cut(trunk, from_layer) if from_layer else (None, trunk)
    first = str(_producer(below.outputs[0]).name) if below else ""
    _mark(trunk, upper, head, depthwise)
    if sides_vary:
        refuse_fixed_sides(upper, from_layer)
    network = _rebuilt(upper, precision, folds=normalisation == "inference", sides_vary=sides_vary)
    model = keras.Model(network.inputs[0], _headed(network, head, sides_vary), name="trainable")
    statistics = _statistics(upper) if normalisation == "training" else ()
    return TrainableNetwork(model, below, first, _blocks(upper, head), statistics)


def network_of(trunk: keras.Model, head: keras.Model, choices: FineTuning) -> TrainableNetwork:
    """Return what trains of the two by a recipe's choices, in the arithmetic they mean on this machine."""
    network = trainable_network(
        trunk,
        head,
        choices.from_layer,
        precision=training_precision(choices.precision),
        normalisation=choices.normalisation,
        depthwise=choices.depthwise,
        sides_vary=bool(choices.progressive_pixels),
    )
    refuse_tiny_sides(network.model, choices.progressive_pixels)
    return network


def freeze(trunk: keras.Model, head: keras.Model) -> None:
    """Mark both as the parts of a classifier that nobody fine-tunes."""
    mark_trainable(trunk, False)
    mark_trainable(head, True)


def _cut(trunk: keras.Model, from_layer: str) -> tuple[keras.Model, keras.Model]:
    """What is below the block, and the block with all that is above it."""
    for layer in trunk.layers:
        if layer.name == from_layer or layer.name.startswith(f"{from_layer}_"):
            break
    else:
        raise RecipeError(
            f"expected fine_tuning.from_layer to begin the name of a layer of the trunk, got {from_layer!r}; "
            f"try one of {_cuts(trunk)}"
        )
    try:
        return _cut_at(trunk, layer)
    except ValueError as error:
        joined = any(layer.name == JOINED_LAYER for layer in trunk.layers)
        levels = "; with network.levels = several the head reads lower blocks too, with last only the highest"
        raise RecipeError(
            f"expected fine_tuning.from_layer to begin where the trunk is a single path, got {from_layer!r}, around "
            f"which another path leads; try one of {_cuts(trunk)}{levels if joined else ''}"
        ) from error


def _cut_at(trunk: keras.Model, layer: keras.Layer) -> tuple[keras.Model, keras.Model]:
    # A layer that several paths lead into gives no one tensor.
    (tensor,) = _sources(layer)
    return keras.Model(trunk.inputs[0], tensor, name="below"), keras.Model(tensor, trunk.output)


def _sources(layer: keras.Layer) -> list[Any]:
    return layer.input if isinstance(layer.input, list) else [layer.input]


def _cuts(trunk: keras.Model) -> str:
    """The blocks that a cut below leaves whole, lowest first; each is tried, as only the graph knows."""
    first_layers: dict[str, keras.Layer] = {}
    for layer in trunk.layers:
        if layer.weights and layer.name not in RESIZING_LAYERS:
            first_layers.setdefault(block_name(layer.name), layer)
    found = []
    for name, layer in first_layers.items():
        with contextlib.suppress(ValueError):
            _cut_at(trunk, layer)
            found.append(name)
    return ", ".join(found)


def _producer(tensor: Any) -> Any:
    return tensor._keras_history.operation


def _mark(trunk: keras.Model, upper: keras.Model, head: keras.Model, depthwise: str) -> None:
    mark_trainable(trunk, False)
    for layer in upper.layers:
        if layer.weights:
            layer.trainable = layer.name not in RESIZING_LAYERS and _is_trained(layer)
            for variable in layer.weights:
                variable.trainable = layer.trainable and not _stands_still(layer, variable)
    if depthwise == "freeze":
        for convolution, normalisation in _pairs(upper).items():
            if isinstance(convolution, keras.layers.DepthwiseConv2D):
                convolution.trainable = False
                if normalisation.gamma is not None:
                    normalisation.gamma.trainable = False
    mark_trainable(head, True)


def _is_trained(layer: keras.Layer) -> bool:
    return not isinstance(layer, keras.layers.Normalization | keras.layers.Rescaling)


def _stands_still(layer: keras.Layer, variable: Any) -> bool:
    """Whether no update changes it: statistics, and kernels that whiten, which were computed from the images."""
    return "moving_" in variable.name or (layer.name, variable.name) == (WHITENING_LAYER, "kernel")


def _pairs(network: keras.Model) -> dict[keras.Layer, keras.Layer]:
    """Each convolution with the BatchNorm that alone reads it."""
    readers: dict[keras.Layer, list[keras.Layer]] = {}
    for layer in network.layers:
        for source in _sources(layer):
            readers.setdefault(_producer(source), []).append(layer)
    # A convolution below the cut stays there, though its BatchNorm be above.
    return {
        layer: found[0]
        for layer, found in readers.items()
        if layer in network.layers
        and isinstance(layer, CONVOLUTIONS)
        and len(found) == 1
        and isinstance(found[0], keras.layers.BatchNormalization)
        and layer.get_config()["activation"] == "linear"
    }


def _headed(network: keras.Model, head: keras.Model, sides_vary: bool) -> Any:
    """The logits; a head as a whole would insist on the side of its feature map."""
    x = network.outputs[0]
    for layer in head.layers[1:] if sides_vary else [head]:
        x = layer(x)
    return x


def _rebuilt(network: keras.Model, precision: str, folds: bool, sides_vary: bool) -> keras.Model:
    """The same network on float32 input, each pair one layer where it folds; other layers with weights are shared.

    Float even where the input is pixels: those of mixed images are no whole numbers.
    """
    pairs = _pairs(network) if folds else {}
    # With the statistics of each batch, what lies between two convolutions is as many numbers as they compute with.
    rounded = "" if folds or precision == "float32" else precision
    between = rounded or "float32"
    convolution_of = {normalisation: convolution for convolution, normalisation in pairs.items()}

    def counterpart(layer: keras.Layer) -> keras.Layer:
        if layer in pairs:
            return keras.layers.Identity(name=layer.name)
        if layer in convolution_of:
            return FoldedConvolution(convolution_of[layer], layer, precision, name=layer.name)
        if isinstance(layer, keras.layers.BatchNormalization):
            return InferenceNormalisation(layer, name=layer.name) if folds else _normalising(layer, between)
        if isinstance(layer, CONVOLUTIONS) and (rounded or products_beat_convolutions("float32")):
            return RoundedConvolution(layer, between, name=layer.name)
        if isinstance(layer, keras.layers.Activation) and layer.get_config()["activation"] == "gelu":
            return CompiledGelu(between, name=layer.name)
        config = layer.get_config() | ({"dtype": rounded} if rounded else {})
        return layer if layer.weights else type(layer).from_config(config)

    shape = network.inputs[0].shape[1:]
    inputs = keras.Input((None, None, shape[-1]) if sides_vary else shape, dtype="float32", name="activations")
    return keras.models.clone_model(network, input_tensors=inputs, clone_function=counterpart)


def _normalising(layer: keras.layers.BatchNormalization, precision: str) -> keras.Layer:
    """The same in one operation there and one back, where the layer is over the channels of images."""
    is_of_images = len(layer.input.shape) == 4 and layer.axis in (-1, 3)
    return BatchNormalised(layer, precision, name=layer.name) if is_of_images else layer


def _blocks(upper: keras.Model, head: keras.Model) -> tuple[tuple[Any, ...], ...]:
    """Variables by block, lowest first, the head last."""
    blocks: dict[str, list[Any]] = {}
    for layer in upper.layers:
        if layer.trainable_variables:
            blocks.setdefault(block_name(layer.name), []).extend(layer.trainable_variables)
    return (*(tuple(variables) for variables in blocks.values()), tuple(head.trainable_variables))


def _statistics(upper: keras.Model) -> tuple[Any, ...]:
    return tuple(
        variable
        for layer in upper.layers
        if isinstance(layer, keras.layers.BatchNormalization)
        for variable in layer.non_trainable_variables
    )


def _counts_seeds(variable: Any) -> bool:
    return "seed" in variable.name
