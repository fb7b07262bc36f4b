"""A network that trains whole in bfloat16 is the float32 one but for rounding, and trains the same variables."""

import keras
import numpy as np
import pytest

from lowres.networks.backbones.published_head import HeadForm, published_head
from lowres.networks.backbones.trunk import build_trunk, find_backbone
from lowres.networks.training import trainable_network as trainable_network_module
from lowres.networks.training.layers import BatchNormalised, RoundedConvolution
from lowres.networks.training.trainable_network import trainable_network

SIDE = 8
PIXELS = np.random.default_rng(0).integers(0, 256, (12, SIDE, SIDE, 3)).astype(np.float32)


def rounded(values):
    """To bfloat16 and back, by NumPy: the upper 16 of the 32 bits, to the nearest even."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.uint64)
    kept = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16 << 16
    return kept.astype(np.uint32).view(np.float32)


def parts(name):
    trunk = build_trunk(name, (SIDE, SIDE, 3), SIDE, seed=1)
    return trunk, published_head(find_backbone(name).head, trunk.output_shape[1:], 4)


@pytest.mark.parametrize("uses_bias", [True, False])
def test_a_product_is_of_rounded_numbers(uses_bias):
    random = np.random.default_rng(1)
    convolution = keras.layers.Conv2D(5, 1, use_bias=uses_bias, bias_initializer="ones")
    inputs = random.standard_normal((2, 3, 3, 4)).astype(np.float32)
    convolution.build(inputs.shape)
    found = RoundedConvolution(convolution, "bfloat16")(inputs)
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    kernel = rounded(np.array(keras.ops.convert_to_numpy(convolution.kernel))[0, 0])
    expected = rounded(rounded(inputs) @ kernel)
    expected = rounded(expected + 1) if uses_bias else expected
    # Sums in another order may round to the neighbour.
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(keras.ops.cast(found, "float32")), expected, rtol=0.01, atol=2e-3
    )


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_a_convolution_that_squashes_by_itself_still_does(precision):
    convolution = keras.layers.Conv2D(5, 1, activation="relu")
    inputs = np.random.default_rng(1).standard_normal((2, 3, 3, 4)).astype(np.float32)
    expected = keras.ops.convert_to_numpy(convolution(inputs))
    assert (expected == 0).any()
    found = RoundedConvolution(convolution, precision)(inputs)
    assert keras.backend.standardize_dtype(found.dtype) == precision
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(keras.ops.cast(found, "float32")),
        expected,
        **({"rtol": 1e-5} if precision == "float32" else {"rtol": 0.02, "atol": 0.02}),
    )


def test_a_batch_is_measured_in_float32_and_moves_the_statistics():
    normalisation = keras.layers.BatchNormalization(momentum=0.5, epsilon=1e-3)
    inputs = np.random.default_rng(2).normal(3, 2, (64, 2, 2, 3)).astype(np.float32)
    normalisation.build(inputs.shape)
    found = BatchNormalised(normalisation, "bfloat16")(inputs, training=True)
    mean, variance = inputs.mean((0, 1, 2)), inputs.var((0, 1, 2))
    expected = rounded((inputs - mean) / np.sqrt(variance + 1e-3))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(keras.ops.cast(found, "float32")), expected, rtol=0.01, atol=1e-2
    )
    np.testing.assert_allclose(keras.ops.convert_to_numpy(normalisation.moving_mean), mean / 2, rtol=1e-3)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(normalisation.moving_variance), 0.5 + variance / 2, rtol=2e-3)


@pytest.mark.parametrize("name", ["airbench96", "resnet20", "mobilenetv2-cifar-0.5", "efficientnetb0-cifar"])
def test_fewer_bits_change_little_of_what_a_network_says(name):
    trunk, head = parts(name)
    exact, fewer = (
        trainable_network(trunk, head, "", precision=precision, normalisation="training")
        for precision in ("float32", "bfloat16")
    )
    assert [one.path for one in fewer.trained] == [one.path for one in exact.trained]
    assert {id(one) for one in fewer.changing} == {id(one) for one in exact.changing}
    one, other = (keras.ops.convert_to_numpy(network.model(PIXELS, training=False)) for network in (exact, fewer))
    assert other.dtype == np.float32
    assert 0 < np.abs(one - other).max() < 0.05 * np.abs(one).max()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("normalisation", ["training", "inference"])
@pytest.mark.parametrize("quick_products", [True, False])
def test_a_layer_that_squashes_by_itself_stays_that_layer(quick_products, normalisation, precision, monkeypatch):
    monkeypatch.setattr(trainable_network_module, "products_beat_convolutions", lambda precision: quick_products)
    inputs = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Conv2D(6, 3, activation="gelu", name="block1_conv")(inputs)
    x = keras.layers.BatchNormalization(name="block1_bn")(x)
    x = keras.layers.Dense(5, activation="gelu", name="block2_dense")(x)
    trunk = keras.Model(inputs, keras.layers.Activation("gelu", name="out")(x), name="trunk")
    head = published_head(HeadForm(), trunk.output_shape[1:], 4)
    pixels = PIXELS / 255
    expected = keras.ops.convert_to_numpy(head(trunk(pixels)))
    network = trainable_network(trunk, head, "", precision=precision, normalisation=normalisation)
    found = keras.ops.convert_to_numpy(network.model(pixels, training=False))
    np.testing.assert_allclose(
        found, expected, atol=(1e-5 if precision == "float32" else 0.03) * np.abs(expected).max()
    )


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_batchnorm_over_anything_but_the_channels_of_images_stays_keras_own(precision):
    inputs = keras.Input((SIDE, SIDE, 3))
    rows = keras.layers.BatchNormalization(axis=1, name="block1_rows")(inputs)
    pooled = keras.layers.BatchNormalization(name="block1_pooled")(keras.layers.GlobalAveragePooling2D()(inputs))
    x = keras.layers.Multiply()([rows, keras.layers.Reshape((1, 1, 3))(pooled)])
    trunk = keras.Model(inputs, keras.layers.Activation("relu", name="out")(x), name="trunk")
    head = published_head(HeadForm(), trunk.output_shape[1:], 4)
    network = trainable_network(trunk, head, "", precision=precision, normalisation="training")
    expected = keras.ops.convert_to_numpy(keras.Model(trunk.inputs[0], head(trunk.output))(PIXELS, training=True))
    found = keras.ops.convert_to_numpy(network.model(PIXELS, training=True))
    share = 1e-5 if precision == "float32" else 0.03
    np.testing.assert_allclose(found, expected, atol=share * np.abs(expected).max())


@pytest.mark.parametrize("name", ["airbench94", "resnet20", "efficientnetb0-cifar"])
def test_in_float32_an_update_is_that_of_the_network_as_keras_runs_it(name):
    trunk, head = parts(name)
    labels = np.eye(4, dtype=np.float32)[np.arange(len(PIXELS)) % 4]
    network = trainable_network(trunk, head, "", normalisation="training")
    plain = keras.Model(trunk.inputs, head(trunk.output))
    start, after = plain.get_weights(), []
    for model in (plain, network.model):
        plain.set_weights(start)
        model.compile(keras.optimizers.SGD(0.1), keras.losses.CategoricalCrossentropy(from_logits=True))
        model.train_on_batch(PIXELS, labels)
        after.append(plain.get_weights())
    moved = 0
    for before, theirs, ours in zip(start, *after, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * max(1e-2, np.abs(theirs - before).max()))
        moved += np.abs(theirs - before).max() > 0
    assert moved == len(network.changing)


def test_training_in_fewer_bits_learns_and_leaves_ordinary_weights():
    trunk, head = parts("airbench94")
    labels = np.eye(4, dtype=np.float32)[np.arange(len(PIXELS)) % 4]
    network = trainable_network(trunk, head, "", precision="bfloat16", normalisation="training")
    network.model.compile(keras.optimizers.SGD(0.5), keras.losses.CategoricalCrossentropy(from_logits=True))
    losses = [float(network.model.train_on_batch(PIXELS, labels)) for _ in range(8)]
    assert losses[-1] < losses[0] - 0.2
    assert {keras.backend.standardize_dtype(one.dtype) for one in network.changing} == {"float32"}
    assert any(np.abs(np.array(one)).max() > 0 for one in network.statistics if "mean" in one.name)
