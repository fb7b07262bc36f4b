"""A folded pair gives the numbers and the gradients of Keras' own two layers, one after the other in inference mode."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from lowres.networks.training.folded_convolution import FoldedConvolution, InferenceNormalisation
from networks.training.one_step import gradients

SHAPE = (9, 8, 6)
# bfloat16 keeps 8 bits: rounding to it changes a number by at most this share.
ROUNDING = 2.0**-8


class InInference(keras.layers.Layer):
    """The oracle: Keras' layers as they are, BatchNorm told that this is no training."""

    def __init__(self, normalisation: keras.Layer, convolution: keras.Layer | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.normalisation, self.convolution = normalisation, convolution
        self.built = True

    def call(self, inputs: Any) -> Any:
        x = self.convolution(inputs) if self.convolution else inputs
        return self.normalisation(x, training=False)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return self.convolution.compute_output_shape(input_shape) if self.convolution else input_shape


def spread(layer: keras.Layer, seed: int) -> keras.Layer:
    """Give every weight of a built layer its own value, variances above zero."""
    random = np.random.default_rng(seed)
    for variable in layer.weights:
        values = random.normal(0.3, 0.5, tuple(variable.shape))
        variable.assign(np.abs(values) + 0.2 if "variance" in variable.name else values)
    return layer


def pair(convolution: keras.Layer, **normalisation: Any) -> tuple[keras.Layer, keras.Layer]:
    convolution.build((None, *SHAPE))
    normaliser = keras.layers.BatchNormalization(**normalisation)
    normaliser.build(convolution.compute_output_shape((None, *SHAPE)))
    return spread(convolution, 1), spread(normaliser, 2)


def on_images(layer: keras.Layer) -> keras.Model:
    inputs = keras.Input(SHAPE)
    return keras.Model(inputs, layer(inputs))


PIXELS = np.random.default_rng(0).normal(size=(3, *SHAPE)).astype(np.float32)
PAIRS = {
    "plain": lambda: pair(keras.layers.Conv2D(5, 3, padding="same", use_bias=False)),
    "bias, strides, valid": lambda: pair(keras.layers.Conv2D(5, 3, strides=2, padding="valid")),
    "uneven kernel and strides": lambda: pair(keras.layers.Conv2D(5, (1, 3), strides=(2, 2), padding="same")),
    "dilated": lambda: pair(keras.layers.Conv2D(5, 3, dilation_rate=2, padding="same")),
    "grouped": lambda: pair(keras.layers.Conv2D(4, 3, groups=2, padding="same")),
    "depthwise": lambda: pair(keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False)),
    "depthwise, bias, strides, valid": lambda: pair(keras.layers.DepthwiseConv2D(3, strides=2, padding="valid")),
    "depthwise, two a channel": lambda: pair(keras.layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same")),
    "no scale": lambda: pair(keras.layers.Conv2D(5, 1), scale=False, epsilon=1e-5),
    "no centre": lambda: pair(keras.layers.Conv2D(5, 1), center=False),
}


@pytest.mark.parametrize("made", PAIRS.values(), ids=PAIRS)
def test_outputs_and_gradients_are_those_of_the_two_layers(made):
    convolution, normalisation = made()
    oracle = on_images(InInference(normalisation, convolution))
    folded = on_images(FoldedConvolution(convolution, normalisation))
    expected = oracle.predict_on_batch(PIXELS)
    assert folded.output_shape == oracle.output_shape
    np.testing.assert_allclose(folded.predict_on_batch(PIXELS), expected, rtol=1e-5, atol=1e-5)
    outward = np.random.default_rng(3).normal(size=expected.shape).astype(np.float32)
    ours, theirs = gradients(folded, PIXELS, outward), gradients(oracle, PIXELS, outward)
    assert set(ours) == set(theirs)
    assert len(ours) == sum(variable.trainable for variable in convolution.weights + normalisation.weights)
    for name, gradient in theirs.items():
        assert np.abs(gradient).max() > 0.1, f"{name} has no gradient to compare"
        np.testing.assert_allclose(ours[name], gradient, rtol=1e-4, atol=1e-5 * np.abs(gradient).max(), err_msg=name)


def test_bfloat16_is_off_by_its_own_rounding_and_no_more():
    convolution, normalisation = PAIRS["bias, strides, valid"]()
    exact = on_images(InInference(normalisation, convolution)).predict_on_batch(PIXELS)
    model = on_images(FoldedConvolution(convolution, normalisation, "bfloat16"))
    rounded = model.predict_on_batch(PIXELS)
    assert rounded.dtype == np.float32
    error = np.abs(rounded - exact)
    assert error.max() > 1e-4, "nothing was rounded"
    # The bound of a product's rounding: two factors, and the sum once more; on the magnitudes without their signs.
    variance, epsilon = normalisation.moving_variance.numpy(), normalisation.epsilon
    scale = normalisation.gamma.numpy() / np.sqrt(variance + epsilon)
    magnitudes = keras.ops.conv(np.abs(PIXELS), np.abs(convolution.kernel.numpy() * scale), strides=2, padding="valid")
    assert (error <= 3.1 * ROUNDING * np.asarray(magnitudes)).all()


def test_bfloat16_gradients_point_the_same_way_and_are_kept_in_float32():
    convolution, normalisation = PAIRS["bias, strides, valid"]()
    oracle = on_images(InInference(normalisation, convolution))
    model = on_images(FoldedConvolution(convolution, normalisation, "bfloat16"))
    outward = np.random.default_rng(3).normal(size=(3, *model.output_shape[1:])).astype(np.float32)
    ours, theirs = gradients(model, PIXELS, outward), gradients(oracle, PIXELS, outward)
    for name, gradient in theirs.items():
        # Twice that where products are imitated: on a processor without bfloat16 sums are rounded on their way too.
        assert np.linalg.norm(ours[name] - gradient) < 4 * ROUNDING * np.linalg.norm(gradient), name


def test_depthwise_products_stay_in_float32():
    convolution, normalisation = PAIRS["depthwise"]()
    exact = on_images(InInference(normalisation, convolution)).predict_on_batch(PIXELS)
    found = on_images(FoldedConvolution(convolution, normalisation, "bfloat16")).predict_on_batch(PIXELS)
    np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False}], ids=str)
def test_normalisation_alone_is_keras_own_in_inference(options):
    normalisation = keras.layers.BatchNormalization(**options)
    normalisation.build((None, *SHAPE))
    spread(normalisation, 4)
    oracle, ours = on_images(InInference(normalisation)), on_images(InferenceNormalisation(normalisation))
    np.testing.assert_allclose(ours.predict_on_batch(PIXELS), oracle.predict_on_batch(PIXELS), rtol=1e-5, atol=1e-5)
    outward = np.random.default_rng(5).normal(size=PIXELS.shape).astype(np.float32)
    found, expected = gradients(ours, PIXELS, outward), gradients(oracle, PIXELS, outward)
    assert set(found) == set(expected)
    for name, gradient in expected.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("layer", [FoldedConvolution, InferenceNormalisation])
def test_the_statistics_stand_still_although_it_is_training(layer):
    convolution, normalisation = PAIRS["plain"]()
    parts = (convolution, normalisation) if layer is FoldedConvolution else (normalisation,)
    shape = SHAPE if layer is FoldedConvolution else (*SHAPE[:2], 5)
    inputs = keras.Input(shape)
    model = keras.Model(inputs, layer(*parts)(inputs))
    statistics = [normalisation.moving_mean.numpy(), normalisation.moving_variance.numpy()]
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    model.train_on_batch(np.ones((2, *shape), np.float32), np.ones((2, *model.output_shape[1:]), np.float32))
    np.testing.assert_array_equal(normalisation.moving_mean.numpy(), statistics[0])
    np.testing.assert_array_equal(normalisation.moving_variance.numpy(), statistics[1])
