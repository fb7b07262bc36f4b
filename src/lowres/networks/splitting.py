"""Cuts any Keras classifier in two after a named layer, in whatever nested model that layer lies."""

from __future__ import annotations

from typing import Any

import keras

from lowres.errors import TrainingError

_NOT_LOGITS = ("sigmoid", "log_softmax")


def split_at(model: keras.Model, layer_name: str) -> tuple[keras.Model, keras.Model]:
    """Return models "trunk" (uint8 pixels to the layer's output) and "head" (from there to logits) with copied weights.

    The model is Functional or Sequential and takes RGB pixels from 0 to 255. A softmax at its end is taken off.
    Refused with TrainingError: other models, a layer that is not there or gives no feature map, a path around it, an
    end that no logits can be had from.
    """
    flat = _without_softmax(_flat(model))
    names = [layer.name for layer in flat.layers]
    if layer_name not in names:
        raise TrainingError(
            f"expected a layer of {model.name!r}, got {layer_name!r}; name one of {', '.join(names[1:])}"
        )
    feature_map = flat.get_layer(layer_name).output
    if len(feature_map.shape) != 4:
        raise TrainingError(
            f"expected a layer that gives a feature map [n, height, width, channels], got {layer_name!r} of "
            f"{model.name!r} with {list(feature_map.shape)}; name the last convolution or its activation"
        )
    try:
        head = keras.Model(feature_map, flat.output, name="head")
    except ValueError as error:
        raise TrainingError(
            f"expected all paths of {model.name!r} to go through {layer_name!r}, got one around it; "
            "name a layer further down"
        ) from error
    return keras.Model(flat.inputs[0], feature_map, name="trunk"), head


def last_feature_map(model: keras.Model) -> str:
    """Return the name of the last layer to cut at: it gives a feature map that all paths to the output go through.

    Only layers from the first convolution on count, and only maps of more than one place. Refused with TrainingError: a
    model without such a layer, and what `split_at` refuses.
    """
    flat = _without_softmax(_flat(model))
    convolutions = [place for place, layer in enumerate(flat.layers) if is_convolution(layer)]
    if not convolutions:
        raise TrainingError(
            f"expected a model with a convolution, got {model.name!r} with none ("
            f"{', '.join(dict.fromkeys(type(layer).__name__ for layer in flat.layers))}); heat maps show places of a "
            "feature map, and this model has none to show"
        )
    for layer in reversed(flat.layers[convolutions[0] :]):
        shape = getattr(layer.output, "shape", ())
        if len(shape) == 4 and shape[1:3] != (1, 1) and _is_bottleneck(flat, layer):
            return str(layer.name)
    raise TrainingError(
        f"expected a layer of {model.name!r} whose feature map all paths go through, got none after its first "
        "convolution; its branches meet only where no places are left"
    )


def is_convolution(operation: keras.Operation) -> bool:
    """Whether a layer has a kernel over height, width and channels; operations without weights have none."""
    return any(len(weight.shape) == 4 for weight in getattr(operation, "weights", ()))


def _is_bottleneck(flat: keras.Model, layer: keras.Layer) -> bool:
    try:
        keras.Model(layer.output, flat.output)
    except ValueError:
        return False
    return True


def _flat(model: keras.Model) -> keras.Model:
    """Return the model without models in it, on uint8 input; its layers are still the old ones."""
    if not isinstance(model, keras.Sequential) and not hasattr(model, "operations"):
        raise TrainingError(
            f"expected a Functional or Sequential model, got {type(model).__name__}; "
            "rebuild it from keras.Input and keras.Model"
        )
    pixels = keras.Input(model.input_shape[1:], dtype="uint8", name="pixels")
    try:
        flat = keras.Model(pixels, model.call(keras.ops.cast(pixels, model.inputs[0].dtype)))
        while any(isinstance(layer, keras.Model) for layer in flat.layers):
            flat = keras.models.clone_model(flat, clone_function=_same, call_function=_inlined)
    except ValueError as error:
        raise TrainingError(
            f"expected {model.name!r} to have no two layers of one name, nested ones counted, got: {error}"
        ) from error
    return flat


def _same(layer: keras.Layer) -> keras.Layer:
    return layer


def _inlined(layer: keras.Layer, *inputs: Any, **options: Any) -> Any:
    # `call` instead of calling: a model called becomes one layer, its `call` leaves its layers behind.
    return layer.call(*inputs, **options) if isinstance(layer, keras.Model) else layer(*inputs, **options)


def _without_softmax(flat: keras.Model) -> keras.Model:
    """Return a copy whose last layer gives logits; every layer in it is new, so each has one place in one graph."""
    last = flat.layers[-1]
    activation = last.get_config().get("activation")

    def copied(layer: keras.Layer) -> keras.Layer:
        if layer is not last or activation != "softmax":
            return type(layer).from_config(layer.get_config())
        return type(layer).from_config({**layer.get_config(), "activation": "linear"})

    if activation in _NOT_LOGITS:
        raise TrainingError(
            f"expected a model that ends in logits or a softmax, got {activation!r} in {last.name!r}; "
            "give the model before it"
        )
    copy = keras.models.clone_model(flat, clone_function=copied)
    copy.set_weights(flat.get_weights())
    if isinstance(last, keras.layers.Softmax):
        return keras.Model(copy.inputs[0], copy.layers[-1].input)
    return copy
