"""A classifier nobody has trained: its whitening is of the training part, its head the published one."""

import numpy as np
import pytest

from lowres.errors import VerificationError
from lowres.networks.backbones.trunk import build_trunk
from lowres.networks.training.from_scratch import given_classifier, untrained_classifier
from lowres.values.training.whitening import whitening_kernels

NAMES = ("a", "b", "c")
RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (40, 9, 9, 3)).astype(np.uint8)
ROWS = np.arange(0, 40, 2)


def made(pixels=PIXELS, name="airbench94", seed=0):
    trunk = build_trunk(name, (9, 9, 3), 9, seed=seed)
    return untrained_classifier(name, trunk, NAMES, pixels, ROWS, seed)


def whitening(classifier):
    return np.array(classifier.trunk.get_layer("whiten").kernel)


def test_only_the_training_part_is_looked_at():
    others = PIXELS.copy()
    others[1::2] = 7
    np.testing.assert_array_equal(whitening(made()), whitening(made(others)))
    scaled = (PIXELS[ROWS] / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(whitening(made()), whitening_kernels([scaled.astype(np.float32)]), rtol=1e-3, atol=1e-4)


def test_the_head_is_the_published_one_drawn_by_the_seed():
    (kernel,) = made().head.layers[-2].get_weights()
    assert kernel.shape == (256, 3)
    assert made().head.layers[-1].scale == 1 / 9
    assert (kernel != made(seed=1).head.layers[-2].get_weights()[0]).any()
    dense = made(name="resnet20").head.layers[-1]
    assert [weight.shape for weight in dense.get_weights()] == [(64, 3), (3,)]


def test_a_trunk_that_was_given_keeps_its_whitening():
    trunk = build_trunk("airbench94", (9, 9, 3), 9)
    before = np.array(trunk.get_layer("whiten").kernel)
    found = untrained_classifier("airbench94", trunk, NAMES, PIXELS, ROWS, 0, is_given=True)
    np.testing.assert_array_equal(whitening(found), before)


def test_the_classifier_given_is_taken_where_it_knows_as_many_classes():
    kernel, bias = RANDOM.normal(size=(3, 64)).astype(np.float32), np.ones(3, np.float32)
    tensors = {"linear.weight": kernel, "linear.bias": bias, "conv1.weight": np.zeros(3, np.float32)}
    weights = given_classifier("resnet20", tensors, 64, 3)
    trunk = build_trunk("resnet20", (9, 9, 3), 9)
    head = untrained_classifier("resnet20", trunk, NAMES, PIXELS, ROWS, 0, is_given=True, weights=weights).head
    np.testing.assert_array_equal(head.layers[-1].get_weights()[0], kernel.T)
    np.testing.assert_array_equal(head.layers[-1].get_weights()[1], bias)
    assert given_classifier("resnet20", tensors, 64, 4) is None
    # The ends of several stages joined have more.
    assert given_classifier("resnet20", tensors, 112, 3) is None
    # Keras Applications and EfficientNet-Lite are given without their classifier.
    assert given_classifier("efficientnet-lite0", {}, 1280, 3) is None
    with pytest.raises(VerificationError, match=r"linear, fc, head, classifier\.1 in the state dict"):
        given_classifier("resnet20", {"conv1.weight": kernel}, 64, 3)
