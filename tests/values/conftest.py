"""Predictions and images that the tests of this floor are made of."""

import numpy as np
import pytest

from lowres.values.labelled_images import LabelledImages
from lowres.values.predictions import Predictions


def _predictions(logits, labels, class_names=None):
    logits = np.asarray(logits, dtype=np.float32)
    names = class_names or tuple(f"class {number}" for number in range(logits.shape[1]))
    ids = tuple(f"image {row}" for row in range(len(logits)))
    return Predictions(ids, np.asarray(labels, dtype=np.int64), logits, names)


@pytest.fixture
def predictions_of():
    """Build Predictions from logits and labels alone."""
    return _predictions


@pytest.fixture
def random_predictions():
    """Predictions of 600 images in 7 classes of unequal size, right in about half the cases."""
    random = np.random.default_rng(5)
    labels = random.choice(7, size=600, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05])
    logits = random.normal(size=(600, 7)) * 2
    logits[np.arange(600), labels] += 2.5
    return _predictions(logits, labels)


@pytest.fixture
def images_of():
    """Build LabelledImages from pixels and labels alone."""

    def build(pixels, labels, **more):
        names = tuple("abcdefghijklmnopqrstuvwxyz"[: int(max(labels)) + 1])
        ids = tuple(f"image {row}" for row in range(len(labels)))
        return LabelledImages(np.asarray(pixels), np.asarray(labels), names, ids, **more)

    return build
