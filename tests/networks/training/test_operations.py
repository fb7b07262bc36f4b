"""What lies between convolutions, and the gradient through it, are NumPy's and SciPy's of the published formulas."""

import keras
import numpy as np
import pytest
from scipy.special import ndtr

from lowres.networks.training.operations import gelu, keras_ops, normalised

RANDOM = np.random.default_rng(3)
INPUTS = RANDOM.normal(2, 3, (5, 4, 3, 6)).astype(np.float32)
SCALE, OFFSET = RANDOM.normal(1, 0.3, 6).astype(np.float32), RANDOM.normal(0, 1, 6).astype(np.float32)
EPSILON = 1e-3


def tensors(*values):
    return [keras.ops.convert_to_tensor(value) for value in values]


@pytest.mark.parametrize("by", [normalised, lambda *given: keras_ops.normalised(*given)], ids=["backend", "keras"])
def test_values_and_statistics_are_the_published_ones(by):
    """Ioffe and Szegedy 2015, algorithm 1."""
    values, mean, variance = (keras.ops.convert_to_numpy(one) for one in by(*tensors(INPUTS, SCALE, OFFSET), EPSILON))
    expected_mean, expected_variance = INPUTS.mean((0, 1, 2)), INPUTS.var((0, 1, 2))
    np.testing.assert_allclose(mean, expected_mean, rtol=1e-5)
    np.testing.assert_allclose(variance, expected_variance, rtol=1e-4)
    expected = (INPUTS - expected_mean) / np.sqrt(expected_variance + EPSILON) * SCALE + OFFSET
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-4)


def test_the_gradient_goes_through_the_statistics():
    """By differences: a batch moved as a whole changes nothing, one place of it changes them all."""
    direction = RANDOM.standard_normal(INPUTS.shape)

    def total(inputs):
        exact = inputs.astype(np.float64)
        values = (exact - exact.mean((0, 1, 2))) / np.sqrt(exact.var((0, 1, 2)) + EPSILON) * SCALE + OFFSET
        return float((values * direction).sum())

    class Total(keras.layers.Layer):
        """Holds the inputs as weights, so that any backend's trainer takes their gradient."""

        def build(self, _):
            self.inputs = self.add_weight(shape=INPUTS.shape, initializer="zeros", name="inputs")

        def call(self, weights):
            found = normalised(self.inputs * 1, *tensors(SCALE, OFFSET), EPSILON)
            return keras.ops.reshape(keras.ops.sum(found.values * weights), (1, 1))

    layer = Total()
    model = keras.Sequential([keras.Input(batch_shape=INPUTS.shape), layer])
    layer.inputs.assign(INPUTS)
    model.compile(keras.optimizers.SGD(1.0), loss=lambda _, said: keras.ops.sum(said), jit_compile=False)
    model.train_on_batch(direction.astype(np.float32), np.zeros((1, 1), np.float32))
    gradient = INPUTS - keras.ops.convert_to_numpy(layer.inputs)
    for place in ((0, 0, 0, 0), (3, 2, 1, 4), (4, 3, 2, 5)):
        moved = np.zeros_like(INPUTS)
        moved[place] = 0.01
        expected = (total(INPUTS + moved) - total(INPUTS - moved)) / 0.02
        assert gradient[place] == pytest.approx(expected, abs=2e-3)
    np.testing.assert_allclose(gradient.sum((0, 1, 2)), 0, atol=1e-3)


def test_gelu_and_its_slope_are_those_of_the_normal_distribution():
    class Slope(keras.layers.Layer):
        def build(self, _):
            self.inputs = self.add_weight(shape=(1, 41), initializer="zeros", name="inputs")

        def call(self, weights):
            return keras.ops.sum(gelu(self.inputs * 1) * weights, axis=1, keepdims=True)

    points = np.linspace(-4, 4, 41, dtype=np.float32)[None]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(gelu(*tensors(points))), points * ndtr(points), atol=1e-6)
    layer = Slope()
    model = keras.Sequential([keras.Input(batch_shape=(1, 41)), layer])
    layer.inputs.assign(points)
    model.compile(keras.optimizers.SGD(1.0), loss=lambda _, said: keras.ops.sum(said), jit_compile=False)
    model.train_on_batch(np.ones((1, 41), np.float32), np.zeros((1, 1), np.float32))
    slope = points - keras.ops.convert_to_numpy(layer.inputs)
    exact = points.astype(np.float64)
    expected = ndtr(exact) + exact * np.exp(-(exact**2) / 2) / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(slope, expected, atol=1e-5)
