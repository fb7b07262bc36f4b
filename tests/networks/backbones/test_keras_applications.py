"""The table of Keras Applications is complete and true, and published tensors land where Keras would put them."""

import keras
import numpy as np
import pytest

from lowres.networks.backbones.input_contracts import BGR_MINUS_MEAN, MINUS_ONE_TO_ONE, RAW
from lowres.networks.backbones.keras_applications import APPLICATIONS, application, load_application
from lowres.networks.backbones.published_tensors import published_variables


def test_every_application_of_keras_is_in_the_table() -> None:
    published = {name for name in dir(keras.applications) if name[0].isupper()}
    assert {row.class_name for row in APPLICATIONS.values()} == published


def test_contracts_of_well_known_ones() -> None:
    """sources.md's fact table, one of each family."""
    assert APPLICATIONS["resnet50"].contract is BGR_MINUS_MEAN
    assert APPLICATIONS["vgg16"].contract is BGR_MINUS_MEAN
    assert APPLICATIONS["resnet50v2"].contract is MINUS_ONE_TO_ONE
    assert APPLICATIONS["xception"].contract is MINUS_ONE_TO_ONE
    assert APPLICATIONS["efficientnetv2b0"].contract is RAW
    assert APPLICATIONS["mobilenetv3small"].contract is RAW
    assert APPLICATIONS["inceptionv3"].smallest_pixels == 75


@pytest.mark.parametrize("name", ["mobilenetv2", "mobilenetv3small", "efficientnetb0"])
def test_the_table_knows_the_channels(name: str) -> None:
    network = application(name, keras.Input((32, 32, 3)))
    assert network.output_shape == (None, 1, 1, APPLICATIONS[name].channels)


def test_resnet50_takes_318_tensors() -> None:
    network = application("resnet50", keras.Input((32, 32, 3)))
    assert len(published_variables(network.layers)) == 318
    assert network.layers[-1].name == "conv5_block3_out"


def test_efficientnet_divides_by_the_deviation_again() -> None:
    """tensorflow#49930: with weights="imagenet" Keras adds a layer that weights=None leaves out."""
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 32, 32, 3)).astype(np.float32)
    network = application("efficientnetb0", keras.Input((32, 32, 3)))
    tensors = {name: keras.ops.convert_to_numpy(v).copy() for name, v in published_variables(network.layers).items()}
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    tensors["normalization/mean"], tensors["normalization/variance"] = mean, deviation
    load_application("efficientnetb0", network.layers, tensors)
    (normalization,) = (layer for layer in network.layers if isinstance(layer, keras.layers.Normalization))
    found = keras.Model(network.input, normalization.output).predict_on_batch(pixels)
    np.testing.assert_allclose(found, (pixels / 255 - mean) / deviation, atol=1e-4)
