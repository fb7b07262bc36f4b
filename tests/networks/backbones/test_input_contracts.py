"""Every contract does to pixels what Keras Applications' own `preprocess_input` does."""

import keras
import numpy as np
import pytest
from keras.applications import densenet, mobilenet_v2, resnet

from lowres.networks.backbones.input_contracts import (
    BGR_MINUS_MEAN,
    IMAGENET_STANDARDISED,
    MINUS_ONE_TO_ONE,
    RAW,
    InputContract,
    scale_pixels,
)

PUBLISHED = {
    BGR_MINUS_MEAN: resnet.preprocess_input,
    MINUS_ONE_TO_ONE: mobilenet_v2.preprocess_input,
    IMAGENET_STANDARDISED: densenet.preprocess_input,
    RAW: lambda pixels: pixels,
}


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    drawn = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), dtype=np.uint8)
    drawn[0, 0, 0], drawn[0, 0, 1] = 0, 255
    return drawn


@pytest.mark.parametrize("contract", PUBLISHED, ids=lambda contract: contract.words)
def test_a_contract_is_what_keras_publishes(contract: InputContract, pixels: np.ndarray) -> None:
    expected = PUBLISHED[contract](pixels.astype(np.float32))
    np.testing.assert_allclose(contract.apply(pixels), expected, atol=2e-5)


@pytest.mark.parametrize("contract", PUBLISHED, ids=lambda contract: contract.words)
def test_the_network_does_what_the_contract_says(contract: InputContract, pixels: np.ndarray) -> None:
    inputs = keras.Input(pixels.shape[1:], dtype="uint8")
    network = keras.Model(inputs, scale_pixels(inputs, contract))
    assert network.layers[-1].name == "scaling"
    np.testing.assert_allclose(network.predict_on_batch(pixels), contract.apply(pixels), atol=5e-5)


@pytest.mark.parametrize(
    ("contract", "low", "high"),
    [
        (RAW, 0, 255),
        (MINUS_ONE_TO_ONE, -1, 1),
        (BGR_MINUS_MEAN, -123.68, 151.061),
        (IMAGENET_STANDARDISED, -2.1179, 2.64),
    ],
    ids=lambda value: getattr(value, "words", None),
)
def test_the_range_of_a_contract(contract: InputContract, low: float, high: float) -> None:
    assert (contract.low, contract.high) == pytest.approx((low, high), abs=1e-4)


def test_scaling_twice_leaves_almost_nothing(pixels: np.ndarray) -> None:
    """The described system's mistake: 0-1 first, then a contract for 0-255."""
    inputs = keras.Input(pixels.shape[1:], dtype="uint8")
    twice = keras.Model(inputs, scale_pixels(inputs, MINUS_ONE_TO_ONE, "unit-then-contract")).predict_on_batch(pixels)
    np.testing.assert_allclose(twice, pixels / 255 / 127.5 - 1, atol=1e-6)
    assert np.ptp(twice) < 0.008
