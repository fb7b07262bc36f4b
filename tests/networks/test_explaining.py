"""Activations, gradients and every map are those that calculus gives, on the trained model and on the one loaded."""

from pathlib import Path

import numpy as np
import pytest

from lowres.errors import PredictionsError, TrainingError
from lowres.networks.explaining import Explainer
from lowres.networks.trained_classifier import TrainedClassifier
from lowres.values.explaining import class_activation

TARGETS = np.array([3, 0, 9, 3, 7])
OTHERS = np.array([1, 1, 2, 8, 0])


@pytest.fixture(scope="module")
def explainer(tiny_classifier: TrainedClassifier) -> Explainer:
    return Explainer(tiny_classifier)


@pytest.fixture(scope="module")
def weights(tiny_classifier: TrainedClassifier) -> np.ndarray:
    """Of the Dense behind the average, `[channels, classes]`."""
    return tiny_classifier.head.get_layer("logits").get_weights()[0]


@pytest.mark.parametrize("is_loaded", [False, True])
def test_the_gradient_of_average_and_dense_is_the_weight_over_the_area(
    is_loaded: bool, tiny_classifier: TrainedClassifier, weights, digits, tmp_path: Path
) -> None:
    classifier = tiny_classifier
    if is_loaded:
        classifier.save(tmp_path / "model.keras")
        classifier = TrainedClassifier.load(tmp_path / "model.keras")
    found = Explainer(classifier).attribution(digits.pixels[:5], TARGETS, batch_images=2)
    height, width = tiny_classifier.trunk.output_shape[1:3]
    expected = np.broadcast_to((weights[:, TARGETS].T / (height * width))[:, None, None], found.gradients.shape)
    np.testing.assert_allclose(found.gradients, expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(
        found.activations, tiny_classifier.trunk.predict_on_batch(digits.pixels[:5]), rtol=1e-5, atol=1e-6
    )
    assert found.layer == "tiny_out"


def test_against_another_class_it_is_the_difference_of_the_two(explainer: Explainer, weights, digits) -> None:
    found = explainer.attribution(digits.pixels[:5], TARGETS, OTHERS)
    expected = (weights[:, TARGETS] - weights[:, OTHERS]).T / np.prod(found.gradients.shape[1:3])
    np.testing.assert_allclose(found.gradients.mean(axis=(1, 2)), expected, rtol=1e-4, atol=1e-6)
    # Grad-CAM is linear in the gradient, so the map of the contrast is the difference of the maps.
    both = [explainer.maps(digits.pixels[:5], classes) for classes in (TARGETS, OTHERS)]
    maps = explainer.maps(digits.pixels[:5], TARGETS, OTHERS)
    np.testing.assert_allclose(maps, both[0] - both[1], rtol=1e-3, atol=1e-4)


def test_activations_and_gradients_add_up_to_the_logit(
    tiny_classifier: TrainedClassifier, explainer: Explainer, digits
) -> None:
    """The head is linear in the feature map, so gradient times activation is the logit but for the bias."""
    targets = np.arange(6) % 10
    maps = explainer.maps(digits.pixels[:6], targets, method="hirescam")
    bias = tiny_classifier.head.get_layer("logits").get_weights()[1]
    expected = tiny_classifier.logits(digits.pixels[:6])[np.arange(6), targets]
    np.testing.assert_allclose(maps.sum(axis=(1, 2)) + bias[targets], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("layer", ["", "tiny_relu1"])
@pytest.mark.parametrize("method", ["grad-cam", "grad-cam++", "hirescam", "layercam", "eigencam"])
def test_maps_are_made_of_activations_and_gradients_batch_by_batch(
    method: str, layer: str, tiny_classifier: TrainedClassifier, digits
) -> None:
    explainer, told = Explainer(tiny_classifier, layer), []
    found = explainer.attribution(digits.pixels[:5], TARGETS)
    maps = explainer.maps(
        digits.pixels[:5], TARGETS, method=method, batch_images=2, advance=lambda *done: told.append(done)
    )
    combine = class_activation.METHODS[method].combine
    expected = combine(found.activations, found.gradients) if combine else class_activation.eigen_cam(found.activations)
    np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-5)
    assert maps.shape == ((5, 8, 8) if layer else (5, 4, 4))
    assert explainer.layer == (layer or "tiny_out")
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_at_an_earlier_layer_the_gradient_is_the_slope(tiny_classifier: TrainedClassifier, digits) -> None:
    explainer = Explainer(tiny_classifier, "tiny_relu1")
    found = explainer.attribution(digits.pixels[:5], TARGETS)
    # Along its gradient a logit rises quickest, so a small step moves few ReLUs and the logit by a tenth.
    squares = (found.gradients.astype(np.float64) ** 2).sum(axis=(1, 2, 3), keepdims=True)
    step = (0.1 * found.gradients / squares).astype(np.float32)
    ahead, behind = (
        explainer.head.predict_on_batch(found.activations + sign * step)[np.arange(5), TARGETS] for sign in (1, -1)
    )
    np.testing.assert_allclose((ahead - behind) / 2, 0.1, rtol=0.1)


def test_ablating_channels_behind_the_average_has_a_known_weight(
    explainer: Explainer, tiny_classifier: TrainedClassifier, weights, digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without channel k the logit falls by w_k times its mean; and so few copies at once change nothing."""
    monkeypatch.setattr("lowres.networks.explaining._ABLATED_BYTES", 7 * 4 * 4 * 32 * 4)
    activations = tiny_classifier.trunk.predict_on_batch(digits.pixels[:5])
    logits = tiny_classifier.logits(digits.pixels[:5])[np.arange(5), TARGETS]
    falls = weights[:, TARGETS].T * activations.mean(axis=(1, 2)) / np.abs(logits)[:, None]
    expected = np.einsum("nhwc,nc->nhw", activations, falls)
    maps = explainer.maps(digits.pixels[:5], TARGETS, method="ablation-cam")
    np.testing.assert_allclose(maps, expected, rtol=1e-2, atol=1e-3 * np.abs(expected).max())


def test_occlusion_is_the_fall_of_the_logit_place_by_place(
    explainer: Explainer, tiny_classifier: TrainedClassifier, digits
) -> None:
    pixels = digits.pixels[:3]
    maps = explainer.maps(pixels, TARGETS[:3], method="occlusion", batch_images=2)
    assert maps.shape == (3, 8, 8)
    # The patch over row 0, column 3 of an 8 x 8 picture reaches one pixel each way from (0.5, 3.5), rounded.
    covered = pixels.copy()
    covered[:, 0:2, 2:4] = np.rint(pixels.mean(axis=(1, 2)))[:, None, None]
    rows = np.arange(3)
    falls = (tiny_classifier.logits(pixels) - tiny_classifier.logits(covered))[rows, TARGETS[:3]]
    np.testing.assert_allclose(maps[:, 0, 3], falls, atol=1e-3)


def test_trunk_and_head_one_after_the_other_give_the_logits(
    explainer: Explainer, tiny_classifier: TrainedClassifier, digits
) -> None:
    found = explainer.logits(digits.pixels[:5], batch_images=2)
    np.testing.assert_allclose(found, tiny_classifier.logits(digits.pixels[:5]), rtol=1e-4, atol=1e-4)


def test_openvino_gives_the_same_maps(tiny_classifier: TrainedClassifier, explainer: Explainer, digits) -> None:
    pytest.importorskip("openvino")
    quick = Explainer(tiny_classifier, engine="openvino", precision="float32")
    expected = explainer.maps(digits.pixels[:5], TARGETS)
    found = quick.maps(digits.pixels[:5], TARGETS, batch_images=2)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())


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
    images: int, targets: list[int], complaint: str, explainer: Explainer, digits
) -> None:
    for options in ({"targets": np.array(targets)}, {"targets": np.zeros(images, int), "against": np.array(targets)}):
        with pytest.raises(PredictionsError, match=complaint):
            explainer.maps(digits.pixels[:images], **options)


def test_what_cannot_be_asked_is_refused(tiny_classifier: TrainedClassifier, explainer: Explainer, digits) -> None:
    with pytest.raises(PredictionsError, match="another class to tell the target from, got the target itself"):
        explainer.maps(digits.pixels[:2], np.array([1, 2]), np.array([3, 2]))
    with pytest.raises(PredictionsError, match="a method among grad-cam, .*, got 'gradcam'"):
        explainer.maps(digits.pixels[:2], np.array([1, 2]), method="gradcam")
    with pytest.raises(TrainingError, match="expected a layer of 'classifier', got 'conv9'; name one of .*tiny_relu1"):
        Explainer(tiny_classifier, "conv9")
