"""EfficientNet-Lite has the published sizes, takes the published tensors, and computes what they say."""

import keras
import numpy as np
import pytest

from lowres.files.weights.published import load_weights
from lowres.networks.backbones.efficientnet_lite import efficientnet_lite, load_published

# 4.7, 5.4 and 6.1 million with the classifier of 1,281,000, as the TensorFlow TPU repository's README says.
PUBLISHED_MILLIONS = {0: 4.7, 1: 5.4, 2: 6.1}
CLASSIFIER_PARAMETERS = 1280 * 1000 + 1000


@pytest.mark.parametrize("size", PUBLISHED_MILLIONS)
def test_it_has_the_published_number_of_weights(size: int) -> None:
    network = efficientnet_lite(size, 32)
    trainable = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    assert (trainable + CLASSIFIER_PARAMETERS) / 1e6 == pytest.approx(PUBLISHED_MILLIONS[size], abs=0.06)
    assert network.output_shape == (None, 1, 1, 1280)


def test_the_stem_is_what_the_published_tensors_say() -> None:
    """A slow manual version: TensorFlow's SAME padding puts the odd row below and to the right."""
    tensors = load_weights("efficientnet-lite0").tensors
    network = efficientnet_lite(0, 32)
    load_published(network, tensors)
    pixels = np.random.default_rng(0).uniform(-1, 1, (1, 32, 32, 3)).astype(np.float32)
    stem = keras.Model(network.input, network.get_layer("conv_stem_relu").output).predict_on_batch(pixels)

    padded = np.pad(pixels, ((0, 0), (0, 1), (0, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::2, ::2]
    convolved = np.einsum("nhwcij,ocij->nhwo", windows, tensors["_conv_stem.weight"], dtype=np.float64)
    mean, variance = tensors["_bn0.running_mean"], tensors["_bn0.running_var"]
    normalised = (convolved - mean) / np.sqrt(variance + 1e-3) * tensors["_bn0.weight"] + tensors["_bn0.bias"]
    np.testing.assert_allclose(stem, np.clip(normalised, 0, 6), atol=1e-4)


def test_every_published_tensor_but_the_classifier_is_used() -> None:
    tensors = load_weights("efficientnet-lite0").tensors
    taken: set[str] = set()

    class Watched(dict):
        def __getitem__(self, name: str) -> np.ndarray:
            taken.add(name)
            return super().__getitem__(name)

    load_published(efficientnet_lite(0, 32), Watched(tensors))
    left = {name for name in tensors if not name.endswith("num_batches_tracked")} - taken
    assert left == {"_fc.weight", "_fc.bias"}


def test_it_grows_on_a_tensor() -> None:
    pixels = keras.Input((32, 32, 3), dtype="uint8")
    network = efficientnet_lite(0, 32, keras.layers.Rescaling(1 / 127.5, -1.0, name="mine")(pixels))
    assert {"mine", "blocks_4_add", "conv_head_relu"} <= {layer.name for layer in network.layers}
    assert network.inputs[0].dtype == "uint8"
