"""The part of a classifier that fine-tuning changes, cut off the part that stands still, in its quickest form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras

from lowres.errors import RecipeError
from lowres.networks.folded_convolution import FoldedConvolution, InferenceNormalisation

CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)


@dataclass(frozen=True, eq=False)
class TrainableNetwork:
    """A trunk's upper part and a head, sharing every variable with the models they were made from.

    model: activations at the cut `[n, h, w, c]` (pixels where the whole trunk trains), float32, to logits.
    below: uint8 pixels to the activations at the cut; None where the whole trunk trains. cut_layer: its last layer, or
    the empty string. blocks: the trained variables of each block of the trunk, lowest first, last those of the head.
    """

    model: keras.Model
    below: keras.Model | None
    cut_layer: str
    blocks: tuple[tuple[Any, ...], ...]

    @property
    def trained(self) -> list[Any]:
        """Every variable an update may change."""
        return [variable for block in self.blocks for variable in block]

    @property
    def frozen(self) -> list[Any]:
        """Every variable that has to stand still, BatchNorm's statistics among them."""
        trained = {id(variable) for variable in self.trained}
        variables = [*self.model.variables, *(self.below.variables if self.below else [])]
        return [one for one in variables if id(one) not in trained and not _counts_seeds(one)]

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
) -> TrainableNetwork:
    """Return what trains when everything from the block `from_layer` up does; the empty string: the whole trunk.

    A convolution whose BatchNorm is in inference mode becomes one convolution with kernel and bias computed from both
    (`FoldedConvolution`), the same function of the same variables in fewer operations. precision: of the
    convolutions; "bfloat16" keeps sums, variables, gradients, head and logits in float32. depthwise: "freeze" leaves
    depthwise kernels and their BatchNorm's scale alone, 4 % of EfficientNet-Lite0's weights and 30 % of its time.
    The models' `trainable` marks are set accordingly. Refused with RecipeError: a layer that is not there, or at
    which the trunk is not a single path.
    """
    cut, first = _cut(trunk, from_layer)
    upper = keras.Model(cut, trunk.output) if from_layer else trunk
    below = keras.Model(trunk.inputs[0], cut, name="below") if from_layer else None
    _mark(trunk, upper, head, depthwise)
    network = _rebuilt(upper, precision, folds=normalisation == "inference")
    model = keras.Model(network.inputs[0], head(network.outputs[0]), name="trainable")
    return TrainableNetwork(model, below, first, _blocks(upper, head))


def freeze(trunk: keras.Model, head: keras.Model) -> None:
    """Mark everything as it is after training: nothing trains."""
    trunk.trainable = False
    head.trainable = True


def _cut(trunk: keras.Model, from_layer: str) -> tuple[Any, str]:
    """The tensor that enters the block, and the layer it comes from."""
    if not from_layer:
        return trunk.inputs[0], ""
    for layer in trunk.layers:
        if layer.name == from_layer or layer.name.startswith(f"{from_layer}_"):
            break
    else:
        blocks = sorted({name.name.rsplit("_", 2)[0] for name in trunk.layers if "_" in name.name})
        raise RecipeError(
            f"expected fine_tuning.from_layer to begin the name of a layer of the trunk, got {from_layer!r}; "
            f"try one of {', '.join(blocks[:40])}"
        )
    tensor = layer.input[0] if isinstance(layer.input, list) else layer.input
    return tensor, str(_producer(tensor).name)


def _producer(tensor: Any) -> Any:
    return tensor._keras_history.operation


def _mark(trunk: keras.Model, upper: keras.Model, head: keras.Model, depthwise: str) -> None:
    trunk.trainable = False
    for layer in upper.layers:
        if layer.weights:
            layer.trainable = layer.name not in ("resize_rows", "resize_columns") and _is_trained(layer)
            for variable in layer.weights:
                variable.trainable = layer.trainable and "moving_" not in variable.name
    if depthwise == "freeze":
        for convolution, normalisation in _pairs(upper).items():
            if isinstance(convolution, keras.layers.DepthwiseConv2D):
                convolution.trainable = False
                normalisation.gamma.trainable = False
    head.trainable = True


def _is_trained(layer: keras.Layer) -> bool:
    return not isinstance(layer, keras.layers.Normalization | keras.layers.Rescaling)


def _pairs(network: keras.Model) -> dict[keras.Layer, keras.Layer]:
    """Each convolution with the BatchNorm that alone reads it."""
    readers: dict[keras.Layer, list[keras.Layer]] = {}
    for layer in network.layers:
        sources = layer.input if isinstance(layer.input, list) else [layer.input]
        for source in sources:
            readers.setdefault(_producer(source), []).append(layer)
    return {
        layer: found[0]
        for layer, found in readers.items()
        if isinstance(layer, CONVOLUTIONS)
        and len(found) == 1
        and isinstance(found[0], keras.layers.BatchNormalization)
        and layer.get_config()["activation"] == "linear"
    }


def _rebuilt(network: keras.Model, precision: str, folds: bool) -> keras.Model:
    """The same network on float32 input, each pair one layer where it folds; other layers with weights are shared.

    Float even where the input is pixels: those of mixed images are no whole numbers.
    """
    pairs = _pairs(network) if folds else {}
    convolution_of = {normalisation: convolution for convolution, normalisation in pairs.items()}

    def counterpart(layer: keras.Layer) -> keras.Layer:
        if layer in pairs:
            return keras.layers.Identity(name=layer.name)
        if layer in convolution_of:
            return FoldedConvolution(convolution_of[layer], layer, precision, name=layer.name)
        if folds and isinstance(layer, keras.layers.BatchNormalization):
            return InferenceNormalisation(layer, name=layer.name)
        return layer if layer.weights else type(layer).from_config(layer.get_config())

    inputs = keras.Input(network.inputs[0].shape[1:], dtype="float32", name="activations")
    return keras.models.clone_model(network, input_tensors=inputs, clone_function=counterpart)


def _blocks(upper: keras.Model, head: keras.Model) -> tuple[tuple[Any, ...], ...]:
    """Variables by block: a block's layers share their name up to the last number."""
    blocks: dict[str, list[Any]] = {}
    for layer in upper.layers:
        if layer.trainable_variables:
            blocks.setdefault(_block_name(layer.name), []).extend(layer.trainable_variables)
    return (*(tuple(variables) for variables in blocks.values()), tuple(head.trainable_variables))


def _block_name(layer_name: str) -> str:
    parts = layer_name.split("_")
    return "_".join(parts[:2]) if len(parts) > 2 else layer_name


def _counts_seeds(variable: Any) -> bool:
    return "seed" in variable.name
