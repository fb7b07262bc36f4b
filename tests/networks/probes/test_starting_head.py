"""The head before training is the recipe's own: its kind, its scaling, and as random as Keras draws it."""

import keras
import numpy as np
import pytest

from lowres.networks.heads.dense import TwoMatrices
from lowres.networks.probes.starting_head import starting_head
from lowres.values.recipes.recipe import Head

FEATURES = np.random.default_rng(0).gamma(2, 3, (64, 24)).astype(np.float32)


@pytest.mark.parametrize("kinds", [("linear",), ("lda",), ("dense", "linear")])
def test_the_model_computes_what_its_matrices_say(kinds):
    head = starting_head(FEATURES, 5, Head(kinds=kinds), seed=3)
    assert head.is_dense == ("dense" in kinds)
    maps = np.broadcast_to(FEATURES[:, None, None, :], (64, 2, 2, 24))
    np.testing.assert_allclose(head.model((2, 2, 24)).predict_on_batch(maps), head.logits(FEATURES), atol=1e-4)


def test_a_dense_head_has_the_standardisation_of_its_features():
    head = starting_head(FEATURES, 5, Head(kinds=("dense",)), seed=0)
    scaled = head.standardiser.apply(FEATURES)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=1e-4)


def test_a_dense_head_of_raw_features_leaves_them_as_they_are():
    head = starting_head(FEATURES, 5, Head(kinds=("dense",), standardise=False), seed=0)
    np.testing.assert_array_equal(head.standardiser.apply(FEATURES), FEATURES)


def test_a_linear_head_begins_near_chance_and_not_at_zero():
    head = starting_head(FEATURES, 10, Head(kinds=("linear",)), seed=0)
    assert head.loss_on_noise() == pytest.approx(np.log(10), rel=0.01)
    assert (head.fitted.weights != 0).all()


def test_what_random_weights_cost_on_noise_is_keras_own_loss_of_them():
    head = starting_head(FEATURES, 10, Head(kinds=("dense",)), seed=0)
    assert isinstance(head.fitted, TwoMatrices)
    random = np.random.default_rng(5)
    noise = random.standard_normal((4000, 24)).astype(np.float32)
    labels = random.integers(0, 10, 4000)
    losses = keras.losses.sparse_categorical_crossentropy(labels, head.fitted.logits(noise), from_logits=True)
    assert head.loss_on_noise() == pytest.approx(float(np.mean(losses)), rel=0.05)


def test_the_same_seed_gives_the_same_head():
    first, second, other = (starting_head(FEATURES, 5, Head(kinds=("dense",)), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.logits(FEATURES), second.logits(FEATURES))
    assert not np.array_equal(first.logits(FEATURES), other.logits(FEATURES))
