"""A classifier nobody has trained: its whitening is of the training part, its head the published one."""

import numpy as np

from lowres.networks.backbones import build_trunk
from lowres.networks.from_scratch import untrained_classifier
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
