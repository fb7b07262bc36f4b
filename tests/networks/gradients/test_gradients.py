"""The gradient room of the installed backend agrees with differences taken by hand."""

import keras
import numpy as np
import pytest

from lowres.errors import MissingDependency
from lowres.networks import gradients
from lowres.networks.gradients import head_gradient


def _curved_head() -> keras.Model:
    feature_map = keras.Input((2, 3, 4))
    x = keras.layers.Conv2D(5, 2, activation="tanh", kernel_initializer=keras.initializers.GlorotUniform(1))(
        feature_map
    )
    x = keras.layers.BatchNormalization(name="normalisation")(x)
    x = keras.layers.Dropout(0.5)(keras.layers.GlobalAveragePooling2D()(x))
    return keras.Model(feature_map, keras.layers.Dense(3, kernel_initializer=keras.initializers.GlorotUniform(2))(x))


def test_it_is_the_slope_that_small_steps_show() -> None:
    head = _curved_head()
    activations = np.random.default_rng(0).normal(size=(2, 2, 3, 4)).astype(np.float32)
    # The first image asks for class 2, the second why it is class 0 rather than 1.
    directions = np.array([[0, 0, 1], [1, -1, 0]], np.float32)
    found = head_gradient(head)(activations, directions)
    assert (found.shape, found.dtype) == (activations.shape, np.float32)
    step = 1e-2
    for place in np.ndindex(activations.shape[1:]):
        moved = np.zeros_like(activations)
        moved[:, *place] = step
        ahead, behind = (head.predict_on_batch(activations + sign * moved) for sign in (1, -1))
        slope = ((ahead - behind) / (2 * step) * directions).sum(axis=1)
        np.testing.assert_allclose(found[:, *place], slope, atol=2e-3)


def test_two_units_by_hand() -> None:
    """The logit is 3 * relu(a) - 2 * relu(b): the slope is 3 where a > 0, -2 where b > 0, else 0."""
    feature_map = keras.Input((1, 1, 2))
    x = keras.layers.Dense(1, use_bias=False)(keras.layers.Flatten()(keras.layers.ReLU()(feature_map)))
    head = keras.Model(feature_map, x)
    head.set_weights([np.array([[3.0], [-2.0]])])
    activations = np.array([[1, 1], [1, -1], [-1, 5]], np.float32).reshape(3, 1, 1, 2)
    found = head_gradient(head)(activations, np.ones((3, 1), np.float32))
    np.testing.assert_array_equal(found.reshape(3, 2), [[3, -2], [3, 0], [0, -2]])


def test_nothing_in_the_head_moves() -> None:
    """Inference mode: no dropout, and BatchNormalization keeps its statistics."""
    head = _curved_head()
    before = [weight.copy() for weight in head.get_weights()]
    activations = np.ones((4, 2, 3, 4), np.float32)
    gradient = head_gradient(head)
    first, second = (gradient(activations, np.eye(4, 3, dtype=np.float32)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    for old, new in zip(before, head.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_batches_of_any_size_and_weights_that_change_are_seen() -> None:
    feature_map = keras.Input((1, 1, 2))
    head = keras.Model(feature_map, keras.layers.Dense(1, use_bias=False)(keras.layers.Flatten()(feature_map)))
    gradient = head_gradient(head)
    for rows, weights in ((3, [3.0, -2.0]), (1, [5.0, 7.0])):
        head.set_weights([np.array(weights)[:, None]])
        found = gradient(np.ones((rows, 1, 1, 2), np.float32), np.ones((rows, 1), np.float32))
        np.testing.assert_array_equal(found.reshape(rows, 2), [weights] * rows)


def test_a_score_that_the_features_do_not_touch_has_no_slope() -> None:
    feature_map = keras.Input((1, 1, 2))
    head = keras.Model(feature_map, keras.layers.Flatten()(feature_map))
    found = head_gradient(head)(np.ones((2, 1, 1, 2), np.float32), np.zeros((2, 2), np.float32))
    np.testing.assert_array_equal(found, np.zeros((2, 1, 1, 2)))


def test_a_backend_without_a_room_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradients.keras.backend, "backend", lambda: "openvino")
    with pytest.raises(MissingDependency, match="Keras on tensorflow, jax, torch to take gradients, got openvino"):
        head_gradient(_curved_head())
