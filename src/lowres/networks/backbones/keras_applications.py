"""The backbones of Keras Applications with the input contract, size and licence each was published with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.backbones.input_contracts import (
    BGR_MINUS_MEAN,
    IMAGENET_STANDARDISED,
    MINUS_ONE_TO_ONE,
    RAW,
    InputContract,
)
from lowres.networks.backbones.published_tensors import assign_tensors

_IMAGENET_DEVIATION = np.array([0.229, 0.224, 0.225])


class Application(NamedTuple):
    """One row: the class in `keras.applications`, its contract, and what a study must know before building it."""

    class_name: str
    contract: InputContract
    default_pixels: int
    channels: int
    smallest_pixels: int
    licence: str


def _family(
    contract: InputContract, licence: str, smallest_pixels: int, *members: tuple[str, int, int]
) -> list[Application]:
    return [
        Application(class_name, contract, pixels, channels, smallest_pixels, licence)
        for class_name, pixels, channels in members
    ]


_ROWS = [
    *_family(
        BGR_MINUS_MEAN,
        "MIT",
        32,
        ("ResNet50", 224, 2048),
        ("ResNet101", 224, 2048),
        ("ResNet152", 224, 2048),
    ),
    *_family(BGR_MINUS_MEAN, "CC BY 4.0", 32, ("VGG16", 224, 512), ("VGG19", 224, 512)),
    *_family(
        MINUS_ONE_TO_ONE,
        "Apache-2.0",
        32,
        ("ResNet50V2", 224, 2048),
        ("ResNet101V2", 224, 2048),
        ("ResNet152V2", 224, 2048),
        ("MobileNet", 224, 1024),
        ("MobileNetV2", 224, 1280),
        ("NASNetMobile", 224, 1056),
        ("NASNetLarge", 331, 4032),
    ),
    *_family(MINUS_ONE_TO_ONE, "MIT", 75, ("InceptionV3", 299, 2048), ("InceptionResNetV2", 299, 1536)),
    *_family(MINUS_ONE_TO_ONE, "MIT", 71, ("Xception", 299, 2048)),
    *_family(
        IMAGENET_STANDARDISED,
        "BSD-3-Clause",
        32,
        ("DenseNet121", 224, 1024),
        ("DenseNet169", 224, 1664),
        ("DenseNet201", 224, 1920),
    ),
    *_family(
        RAW,
        "Apache-2.0",
        32,
        ("EfficientNetB0", 224, 1280),
        ("EfficientNetB1", 240, 1280),
        ("EfficientNetB2", 260, 1408),
        ("EfficientNetB3", 300, 1536),
        ("EfficientNetB4", 380, 1792),
        ("EfficientNetB5", 456, 2048),
        ("EfficientNetB6", 528, 2304),
        ("EfficientNetB7", 600, 2560),
        ("EfficientNetV2B0", 224, 1280),
        ("EfficientNetV2B1", 240, 1280),
        ("EfficientNetV2B2", 260, 1408),
        ("EfficientNetV2B3", 300, 1536),
        ("EfficientNetV2S", 384, 1280),
        ("EfficientNetV2M", 480, 1280),
        ("EfficientNetV2L", 480, 1280),
        ("MobileNetV3Small", 224, 576),
        ("MobileNetV3Large", 224, 960),
    ),
    *_family(
        RAW,
        "MIT",
        32,
        ("ConvNeXtTiny", 224, 768),
        ("ConvNeXtSmall", 224, 768),
        ("ConvNeXtBase", 224, 1024),
        ("ConvNeXtLarge", 224, 1536),
        ("ConvNeXtXLarge", 224, 2048),
    ),
]
APPLICATIONS = {row.class_name.lower(): row for row in _ROWS}


def application(name: str, scaled_pixels: Any) -> keras.Model:
    """Return the backbone without its top, weights at random, grown on a tensor that meets its contract."""
    build = getattr(keras.applications, APPLICATIONS[name].class_name)
    # Written out: without a shape, NASNet asks for the size its top was trained on.
    shape = tuple(scaled_pixels.shape[1:])
    return build(include_top=False, weights=None, input_tensor=scaled_pixels, input_shape=shape)


def load_application(name: str, layers: list[keras.Layer], tensors: Mapping[str, NDArray[Any]]) -> None:
    """Put the published tensors into the backbone's own layers; VerificationError unless every one fits."""
    assign_tensors(layers, tensors, APPLICATIONS[name].class_name)
    if name.startswith("efficientnetb"):
        _divide_by_deviation_again(layers)


def _divide_by_deviation_again(layers: list[keras.Layer]) -> None:
    """Keras adds a Rescaling by 1/sqrt(deviation) only under weights="imagenet" (tensorflow#49930); fold it in here."""
    (normalization,) = (layer for layer in layers if isinstance(layer, keras.layers.Normalization))
    mean, variance, count = normalization.get_weights()
    normalization.set_weights([mean, variance * _IMAGENET_DEVIATION, count])
    normalization.finalize_state()
