"""Activations and gradients are those that calculus gives, on the trained model and on the one loaded again."""

from pathlib import Path

import numpy as np
import pytest

from lowres.errors import PredictionsError
from lowres.networks.explaining import explain
from lowres.networks.trained_classifier import TrainedClassifier


@pytest.mark.parametrize("is_loaded", [False, True])
def test_the_gradient_of_average_and_dense_is_the_weight_over_the_area(
    is_loaded: bool, tiny_classifier: TrainedClassifier, digits, tmp_path: Path
) -> None:
    classifier = tiny_classifier
    if is_loaded:
        classifier.save(tmp_path / "model.keras")
        classifier = TrainedClassifier.load(tmp_path / "model.keras")
    targets = np.array([3, 0, 9, 3, 7])
    found = explain(classifier, digits.pixels[:5], targets, batch_images=2)
    weights = tiny_classifier.head.get_layer("logits").get_weights()[0]
    height, width = tiny_classifier.trunk.output_shape[1:3]
    expected = np.broadcast_to((weights[:, targets].T / (height * width))[:, None, None], found.gradients.shape)
    np.testing.assert_allclose(found.gradients, expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(
        found.activations, tiny_classifier.trunk.predict_on_batch(digits.pixels[:5]), rtol=1e-5, atol=1e-6
    )
    assert found.layer == "tiny_out"


def test_activations_and_gradients_add_up_to_the_logit(tiny_classifier: TrainedClassifier, digits) -> None:
    """The head is linear in the feature map, so gradient times activation is the logit but for the bias."""
    targets = np.arange(6) % 10
    found = explain(tiny_classifier, digits.pixels[:6], targets)
    bias = tiny_classifier.head.get_layer("logits").get_weights()[1]
    sums = (found.activations * found.gradients).sum(axis=(1, 2, 3)) + bias[targets]
    expected = tiny_classifier.logits(digits.pixels[:6])[np.arange(6), targets]
    np.testing.assert_allclose(sums, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("images", "targets", "complaint"),
    [
        (2, [0], r"one target class an image \(2\), got \[1\]"),
        (0, [], r"at least one image"),
        (2, [0, 10], "target classes from 0 to 9, got 0 to 10"),
        (2, [-1, 3], "target classes from 0 to 9, got -1 to 3"),
    ],
)
def test_targets_that_do_not_fit_are_refused(
    images: int, targets: list[int], complaint: str, tiny_classifier: TrainedClassifier, digits
) -> None:
    with pytest.raises(PredictionsError, match=complaint):
        explain(tiny_classifier, digits.pixels[:images], np.array(targets))
