"""Losses against NumPy's, and their level at chance against a network that says the same of everything."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from scipy.special import log_softmax

from lowres.networks.training.losses import build_loss, loss_at_chance
from lowres.values.recipes.recipe_sections import FineTuning

CHOICES = [FineTuning(), FineTuning(loss="focal"), FineTuning(loss="focal", focal_gamma=0.5)]
LOGITS = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32) * 2
TARGETS = np.random.default_rng(1).dirichlet(np.ones(5), 6).astype(np.float32)


@pytest.mark.parametrize("choices", CHOICES, ids=lambda one: f"{one.loss} {one.focal_gamma}")
def test_they_are_numpys(choices):
    logs = log_softmax(LOGITS.astype(np.float64), axis=1)
    gamma = choices.focal_gamma if choices.loss == "focal" else 0.0
    expected = -(TARGETS * (1 - np.exp(logs)) ** gamma * logs).sum(axis=1).mean()
    found = float(keras.ops.convert_to_numpy(build_loss(choices)(TARGETS, LOGITS)))
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("choices", CHOICES, ids=lambda one: f"{one.loss} {one.focal_gamma}")
def test_at_chance_all_is_equally_likely(choices):
    found = build_loss(choices)(np.eye(5, dtype=np.float32), np.zeros((5, 5), np.float32))
    assert loss_at_chance(choices, 5) == pytest.approx(float(keras.ops.convert_to_numpy(found)), rel=1e-4)
