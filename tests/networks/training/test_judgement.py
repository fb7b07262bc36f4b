"""A judgement is scikit-learn's, of every image once, whatever the size of the batches."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import accuracy_score, log_loss

from lowres.networks.training.judgement import judge

LOGITS = np.random.default_rng(0).normal(size=(11, 4)).astype(np.float32) * 3
LABELS = np.random.default_rng(1).integers(0, 4, 11)


@pytest.mark.parametrize("batch_images", [1, 4, 11, 32])
def test_it_is_scikit_learns(batch_images):
    inputs = keras.Input((4,))
    asked = []

    def inputs_of(rows):
        asked.extend(rows)
        return LOGITS[rows].astype(np.float16)

    found = judge(keras.Model(inputs, keras.layers.Identity()(inputs)), inputs_of, LABELS, 4, batch_images)
    assert asked == list(range(11))
    assert found.accuracy == accuracy_score(LABELS, LOGITS.argmax(axis=1))
    assert found.loss == pytest.approx(log_loss(LABELS, softmax(LOGITS, axis=1), labels=range(4)), rel=1e-3)
    np.testing.assert_array_equal(found.predicted_counts, np.bincount(LOGITS.argmax(axis=1), minlength=4))
