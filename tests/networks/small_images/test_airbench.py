"""The network of airbench94 begins as its paper says: whitened, copying, with scales that no training moves."""

import keras
import numpy as np
import pytest

from lowres.networks.backbones.published_head import published_head
from lowres.networks.backbones.trunk import build_trunk, find_backbone
from lowres.networks.small_images.airbench import whiten
from lowres.networks.training.trainable_network import trainable_network

SHAPE = (9, 9, 3)


def smooth(images):
    """Pictures whose neighbours and colours are alike, as in photographs."""
    random = np.random.default_rng(5)
    noise = random.normal(size=(images, 11, 11, 3)) + 2 * random.normal(size=(images, 11, 11, 1))
    blurred = sum(noise[:, i : i + 9, j : j + 9] for i in range(3) for j in range(3)) / 3
    return np.clip(120 + 25 * blurred, 0, 255).astype(np.uint8)


@pytest.fixture
def trunk():
    return build_trunk("airbench94", SHAPE, 9, seed=2)


def test_whitened_patches_are_uncorrelated_and_of_one_size(trunk):
    pixels = smooth(700)
    find_backbone("airbench94").prepare(trunk, pixels)
    before = keras.Model(trunk.input, trunk.get_layer("whiten").output)
    found = before.predict_on_batch(pixels).reshape(-1, 24).astype(np.float64)
    moment = found.T @ found / len(found)
    # An eigenvalue e leaves e / (e + 0.0005); the smallest here is forty times that.
    np.testing.assert_allclose(moment[:12, :12], np.eye(12), atol=0.03)
    np.testing.assert_allclose(moment[:12, 12:], -np.eye(12), atol=0.03)


def test_it_whitens_what_the_trunk_has_resized():
    trunk = build_trunk("airbench94", SHAPE, 16, "bilinear", seed=2)
    whiten(trunk, smooth(200))
    before = keras.Model(trunk.input, trunk.get_layer("whiten").output)
    found = before.predict_on_batch(smooth(200)).reshape(-1, 24)[:, :4].astype(np.float64)
    np.testing.assert_allclose(found.T @ found / len(found), np.eye(4), atol=0.05)


def test_grey_pictures_do_not_become_noise(trunk):
    pixels = np.repeat(smooth(64)[..., :1], 3, axis=3)
    whiten(trunk, pixels)
    # As if training had moved it a little.
    trunk.trainable = True
    kernel = trunk.get_layer("layers_1_conv1").kernel
    kernel.assign(kernel + keras.random.normal(kernel.shape, stddev=1e-5, seed=1))
    normalised = keras.Model(trunk.input, trunk.get_layer("layers_1_norm1").output)
    values = keras.ops.convert_to_numpy(normalised(pixels, training=True))
    spread = np.sort(values[..., :24].std(axis=(0, 1, 2)))
    # Of twelve directions four grey pixels and the offset of the scaling make five, in both signs.
    assert (spread[:14] < 0.05).all()
    assert (spread[16:] > 0.9).all()


def test_convolutions_begin_as_copies(trunk):
    x = keras.random.normal((2, 6, 6, 256), seed=1)
    for name in ("layers_2_conv2", "layers_3_conv1", "layers_3_conv2"):
        np.testing.assert_array_equal(trunk.get_layer(name)(x), x)
    first = trunk.get_layer("layers_1_conv1")(x[..., :24])
    np.testing.assert_array_equal(first[..., :24], x[..., :24])
    assert 0.3 < keras.ops.std(first[..., 24:]) < 0.9


def test_scales_and_whitening_kernels_stand_still_in_training(trunk):
    head = published_head(find_backbone("airbench94").head, trunk.output_shape[1:], 4)
    network = trainable_network(trunk, head, "", normalisation="training")
    trained = [variable.path for variable in network.trained]
    assert "whiten/bias" in trained
    assert "whiten/kernel" not in trained
    # A bias, six kernels, six offsets, and the classifier's kernel.
    assert len(trained) == 1 + 6 + 6 + 1
    assert not any("gamma" in path for path in trained)
    assert any(one is trunk.get_layer("whiten").kernel for one in network.frozen)
