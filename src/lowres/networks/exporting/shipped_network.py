"""The network that is shipped: uint8 pixels in, probabilities out, temperature and softmax inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import MissingDependency
from lowres.networks.trained_classifier import TrainedClassifier
from lowres.values.exporting.contract import INPUT, OUTPUT


@dataclass(frozen=True, eq=False)
class Shipped:
    """What a writer needs.

    model: Keras, uint8 `[n, height, width, 3]` to float32 probabilities `[n, classes]`. fit: how pictures of other
    sizes were brought to this one. representative: uint8 `[k, height, width, 3]`, images of the training part, by which
    the ranges of an int8 network are chosen.
    """

    model: keras.Model
    class_names: tuple[str, ...]
    fit: str
    representative: NDArray[np.uint8]


def shipped_network(classifier: TrainedClassifier, temperature: float) -> keras.Model:
    """Return a model that ends in the softmax of the classifier's logits divided by the temperature.

    Built-in layers only, like the classifier's own, which are used and not copied.
    """
    pixels = keras.Input(classifier.image_shape, dtype="uint8", name=INPUT)
    logits = classifier.model(pixels)
    calibrated = keras.layers.Rescaling(1 / temperature, dtype="float32", name="calibrated")(logits)
    probabilities = keras.layers.Softmax(dtype="float32", name=OUTPUT)(calibrated)
    return keras.Model(pixels, probabilities, name="shipped")


def convolutions_in_float(convolutions: int) -> int:
    """Return how many convolutions of an int8 network stay in float, from the first on, of so many in all; at least 1.

    Of EfficientNet-Lite0's 49 with the first in float LiteRT named float32's class on 94.3 % of 600 validation images,
    with three (its first block) on 96.7 %, in the same time; with six on 98.5 %, in a tenth more.
    """
    return max(1, min(3, convolutions // 2))


def frozen_function(model: keras.Model, images: int | None) -> Any:
    """Return TensorFlow's function of the model in inference mode, its weights as constants.

    images: how many it takes at once; None: any number. Refused with MissingDependency: Keras not on TensorFlow.
    """
    refuse_other_backends()
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    return convert_variables_to_constants_v2(traced(model, images).get_concrete_function())


def traced(model: keras.Model, images: int | None) -> Any:
    """Return a TensorFlow function from the tensor `pixels` to the dictionary of `probabilities`."""
    import tensorflow

    signature = tensorflow.TensorSpec((images, *model.input_shape[1:]), "uint8", name=INPUT)
    return tensorflow.function(lambda pixels: {OUTPUT: model(pixels, training=False)}, input_signature=[signature])


def refuse_other_backends() -> None:
    """Refuse with MissingDependency where Keras does not run on TensorFlow, whose graphs the converters read."""
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise MissingDependency(
            f"expected Keras on TensorFlow for this format, got {backend}; set KERAS_BACKEND=tensorflow and install "
            "'lowres[cpu,export]', or export keras, which needs neither"
        )
