"""Every map against its paper's equation written out in loops, a network with a known gradient, and scikit-learn."""

from typing import get_args

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD

from lowres.errors import PredictionsError
from lowres.values.explaining.class_activation import (
    METHODS,
    ablation_cam,
    eigen_cam,
    find_method,
    grad_cam,
    grad_cam_plus_plus,
    hires_cam,
    layer_cam,
)
from lowres.values.recipes.judging_sections import CamMethodName

RANDOM = np.random.default_rng(11)
ACTIVATIONS = RANDOM.gamma(1.0, size=(2, 3, 4, 5)).astype(np.float32)
GRADIENTS = RANDOM.normal(size=(2, 3, 4, 5)).astype(np.float32)
PLACES = [(i, j) for i in range(3) for j in range(4)]


def loops(weight):
    """Sum over channels of weight(image, channel, i, j) times the activation, one number after the other."""
    maps = np.zeros((2, 3, 4))
    for image in range(2):
        for channel in range(5):
            for i, j in PLACES:
                maps[image, i, j] += weight(image, channel, i, j) * float(ACTIVATIONS[image, i, j, channel])
    return maps


def test_grad_cam_is_equations_1_and_2_written_out():
    maps = grad_cam(ACTIVATIONS, GRADIENTS)
    expected = loops(lambda n, k, i, j: sum(float(GRADIENTS[n, a, b, k]) for a, b in PLACES) / 12)
    np.testing.assert_allclose(maps, expected, atol=1e-5)
    assert maps.dtype == np.float32
    assert maps.min() < 0, "the raw map keeps what spoke against the class"


def test_grad_cam_plus_plus_is_equations_13_and_19_written_out():
    """Y = exp(S), so the first, second and third derivative are Y times the first, second and third power of dS/dA."""

    def weight(n, k, _i, _j):
        total = 0.0
        for i, j in PLACES:
            slope = float(GRADIENTS[n, i, j, k])
            score = np.exp(0.7)
            first, second, third = score * slope, score * slope**2, score * slope**3
            sums = sum(float(ACTIVATIONS[n, a, b, k]) for a, b in PLACES)
            total += second / (2 * second + sums * third) * max(first, 0)
        return total / np.exp(0.7)

    np.testing.assert_allclose(grad_cam_plus_plus(ACTIVATIONS, GRADIENTS), loops(weight), rtol=1e-4, atol=1e-5)


def test_grad_cam_plus_plus_at_its_pole_is_finite():
    activations = np.array([-1.0, -1.0], np.float32).reshape(1, 1, 2, 1)
    gradients = np.array([1.0, 0.5], np.float32).reshape(1, 1, 2, 1)
    # The sum is -2: the first place stands at the pole and counts nothing, the second has 1 / (2 - 1) * 0.5.
    np.testing.assert_allclose(grad_cam_plus_plus(activations, gradients)[0], [[-0.5, -0.5]])


def test_grad_cam_plus_plus_at_a_linear_layer_worked_by_hand():
    """Two channels at two places of a layer without a ReLU, with slopes as small as EfficientNet's are there.

    Eq. 19 has no constant below its fraction, and Y = exp(S) divides out. First channel, A = (3, -1), sum 2, slopes
    (1/1000, 1/2000): the coefficients are 1 / (2 + 2/1000) = 500/1001 and 1 / (2 + 2/2000) = 1000/2001, so eq. 13 gives
    the weight 0.5/1001 + 0.5/2001. Second, A = (-900, -100), sum -1000, slopes (1/1000, -1/1000): 1 / (2 - 1) = 1 and
    nothing for the negative slope: the weight 1/1000. A constant of 1e-6 added to the square of such a slope makes
    the first coefficient 0.333.
    """
    activations = np.array([[3, -900], [-1, -100]], np.float32).reshape(1, 1, 2, 2)
    gradients = np.array([[1e-3, 1e-3], [5e-4, -1e-3]], np.float32).reshape(1, 1, 2, 2)
    first = 0.5 / 1001 + 0.5 / 2001
    np.testing.assert_allclose(
        grad_cam_plus_plus(activations, gradients)[0, 0], [3 * first - 0.9, -first - 0.1], rtol=1e-6
    )


def test_hires_cam_and_layer_cam_written_out():
    hires = loops(lambda n, k, i, j: float(GRADIENTS[n, i, j, k]))
    np.testing.assert_allclose(hires_cam(ACTIVATIONS, GRADIENTS), hires, atol=1e-5)
    layer = loops(lambda n, k, i, j: max(0.0, float(GRADIENTS[n, i, j, k])))
    np.testing.assert_allclose(layer_cam(ACTIVATIONS, GRADIENTS), layer, atol=1e-5)


@pytest.mark.parametrize("method", [grad_cam, hires_cam])
def test_behind_average_pooling_it_is_the_class_activation_map(method):
    # Logit = weights . mean over places, so the gradient is weights / places everywhere, and Grad-CAM is
    # CAM / places (Selvaraju et al. 2017, section 3.1).
    activations = RANDOM.normal(size=(1, 7, 7, 6)).astype(np.float32)
    weights = RANDOM.normal(size=6).astype(np.float32)
    gradients = np.broadcast_to(weights / 49, activations.shape).astype(np.float32)
    np.testing.assert_allclose(method(activations, gradients), activations @ weights / 49, atol=1e-6)


def test_ablating_channels_behind_average_pooling_is_the_class_activation_map_by_channel():
    """Without channel k the score falls by w_k times its mean, so that is its weight, over the score (eq. 3)."""
    weights, bias = RANDOM.normal(size=5), 30.0
    means = ACTIVATIONS.mean(axis=(1, 2))
    scores = means @ weights + bias
    ablated = np.stack([np.delete(means, k, 1) @ np.delete(weights, k) + bias for k in range(5)], axis=1)
    expected = loops(lambda n, k, _i, _j: weights[k] * float(means[n, k]) / scores[n])
    np.testing.assert_allclose(ablation_cam(ACTIVATIONS, scores, ablated), expected, rtol=1e-4, atol=1e-6)


def test_of_a_negative_score_a_channel_that_speaks_for_it_keeps_its_sign():
    activations = np.array([1.0, 2.0], np.float32).reshape(1, 1, 1, 2)
    # Without the first channel -4 becomes -5: it spoke for the class. A score of 0 divides by 1.
    maps = [ablation_cam(activations, np.array([s]), np.array([[s - 1, s]]))[0, 0, 0] for s in (-4.0, 0.0)]
    np.testing.assert_allclose(maps, [0.25, 1.0])


def test_eigen_cam_is_the_first_component_of_scikit_learn():
    maps = eigen_cam(ACTIVATIONS)
    for image in range(2):
        places = ACTIVATIONS[image].reshape(12, 5).astype(float)
        first = TruncatedSVD(1, algorithm="arpack", random_state=0).fit_transform(places)[:, 0]
        np.testing.assert_allclose(maps[image].ravel(), first * np.sign(first.sum()), rtol=1e-4)
    assert (maps > 0).all(), "of activations without a negative one, the first component has one sign"


def test_eigen_cam_of_one_outer_product_is_its_places():
    where = np.array([[0.0, 1.0], [2.0, 2.0]])
    activations = np.einsum("hw,c->hwc", where, [3.0, 4.0])[None].astype(np.float32)
    np.testing.assert_allclose(eigen_cam(activations)[0], 5 * where, atol=1e-5)


@pytest.mark.parametrize("method", [grad_cam, grad_cam_plus_plus, hires_cam, layer_cam])
@pytest.mark.parametrize("shape", [(2, 3, 4, 1), (3, 4, 5)])
def test_other_shapes_are_refused(method, shape):
    with pytest.raises(PredictionsError, match=r"of one shape .*, got \[2, 3, 4, 5\] and \[\d, \d, \d"):
        method(ACTIVATIONS, np.zeros(shape, np.float32))


def test_unpooled_rows_are_refused():
    rows = np.zeros((2, 5), np.float32)
    with pytest.raises(PredictionsError, match=r"\[n, height, width, channels\], got \[2, 5\] and \[2, 5\]"):
        grad_cam(rows, rows)


def test_scores_that_do_not_fit_are_refused():
    with pytest.raises(
        PredictionsError, match=r"shape \[2\] and ablated ones of shape \[2, 5\], got \[2\] and \[2, 4\]"
    ):
        ablation_cam(ACTIVATIONS, np.zeros(2), np.zeros((2, 4)))


def test_methods_go_by_their_names():
    assert {name: method.name for name, method in METHODS.items()} == {name: name for name in METHODS}
    assert tuple(METHODS) == get_args(CamMethodName), "what a recipe may name"
    assert find_method("layercam").title == "LayerCAM"
    with pytest.raises(PredictionsError, match=r"a method among grad-cam, .*occlusion, got 'cam'"):
        find_method("cam")
