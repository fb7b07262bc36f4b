"""Networks for small images pass what every trunk has to: pixels in, logits out, reloaded alike, seeded, explained."""

import keras
import numpy as np
import pytest

from lowres.networks.backbones.published_head import published_head
from lowres.networks.backbones.trunk import build_trunk, find_backbone
from lowres.networks.engines import open_engine
from lowres.networks.explaining import Explainer
from lowres.networks.small_images.table import NETWORKS
from lowres.networks.trained_classifier import TrainedClassifier

FAMILIES = ("resnet20", "wrn-16-4", "preact-resnet18", "airbench94", "mobilenetv2-cifar-0.5", "efficientnetb0-cifar")
CLASSES = ("a", "b", "c")


def classifier_on(name, trunk):
    head = published_head(find_backbone(name).head, trunk.output_shape[1:], len(CLASSES), seed=1)
    return TrainedClassifier.from_parts(trunk, head, CLASSES)


def logits_of(classifier, pixels):
    return keras.ops.convert_to_numpy(classifier.model(pixels))


@pytest.mark.parametrize("name", FAMILIES)
def test_pixels_go_in_logits_come_out_and_come_back(name, trunk_of, pixels_of, tmp_path):
    classifier, pixels = classifier_on(name, trunk_of(name)), pixels_of(32)
    logits = logits_of(classifier, pixels)
    assert logits.shape == (2, 3)
    assert np.abs(logits[0] - logits[1]).max() > 1e-4
    classifier.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(logits_of(TrainedClassifier.load(tmp_path / "model.keras"), pixels), logits)


@pytest.mark.parametrize("name", FAMILIES)
def test_it_is_explained_at_more_than_one_place(name, trunk_of, pixels_of):
    classifier = classifier_on(name, trunk_of(name))
    found = Explainer(classifier).attribution(pixels_of(32), np.array([0, 2]))
    assert min(found.activations.shape[1:3]) >= 3
    assert np.isfinite(found.gradients).all()
    assert (np.abs(found.gradients).sum(axis=(1, 2, 3)) > 0).all()


@pytest.mark.parametrize(
    ("name", "sides"),
    [
        ("resnet20", {8: 2, 17: 5, 96: 24}),
        ("wrn-16-4", {8: 2, 17: 5}),
        ("preact-resnet18", {8: 1}),
        ("airbench94", {8: 3, 17: 2, 96: 11}),
        ("mobilenetv2-cifar-0.5", {17: 3}),
        ("efficientnetb0-cifar", {8: 1}),
    ],
)
def test_pictures_of_many_sizes_are_taken(name, sides, pixels_of):
    for side, expected in sides.items():
        trunk = build_trunk(name, (side, side, 3), side)
        assert trunk.output_shape[1:3] == (expected, expected)
        assert np.isfinite(logits_of(classifier_on(name, trunk), pixels_of(side))).all()


def test_other_pictures_are_resized_inside(pixels_of):
    trunk = build_trunk("airbench94", (8, 8, 3), 17)
    assert trunk.output_shape[1:3] == (2, 2)
    assert {"resize_rows", "resize_columns"} <= {layer.name for layer in trunk.layers}


@pytest.mark.parametrize(
    ("name", "drawn"),
    # Of airbench's kernels four copy all that comes in.
    [("wrn-16-4", 16), ("airbench94", 3), ("mobilenetv2-cifar-0.5", 57)],
)
def test_the_seed_alone_decides_the_weights(name, drawn, trunk_of):
    first = trunk_of(name).get_weights()
    keras.utils.set_random_seed(99)
    again, other = (NETWORKS[name].grow(keras.Input((8, 8, 3)), seed).get_weights() for seed in (0, 7))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert sum(not np.array_equal(one, two) for one, two in zip(again, other, strict=True)) == drawn


def test_a_trunk_is_drawn_by_the_seed_it_is_built_with(trunk_of):
    first, other = (
        keras.ops.convert_to_numpy(trunk.get_layer("layers_1_conv1").kernel)
        for trunk in (trunk_of("airbench94"), build_trunk("airbench94", (8, 8, 3), 8, seed=7))
    )
    assert not np.array_equal(first, other)


def test_kernels_are_drawn_as_published(trunk_of):
    kernel = keras.ops.convert_to_numpy(trunk_of("resnet20").get_layer("layer3_1_conv1").kernel)
    assert kernel.std() == pytest.approx((2 / (9 * 64)) ** 0.5, rel=0.02)
    # By fan out: 9 times 128 channels, of 64 coming in.
    kernel = keras.ops.convert_to_numpy(trunk_of("wrn-16-4").get_layer("group1_block0_conv0").kernel)
    assert kernel.std() == pytest.approx((2 / (9 * 128)) ** 0.5, rel=0.02)
    kernel = keras.ops.convert_to_numpy(trunk_of("mobilenetv2-cifar-0.5").get_layer("layers_9_conv2").kernel)
    # Each filter of a depthwise convolution sees nine numbers.
    assert kernel.std() == pytest.approx((2 / 9) ** 0.5, rel=0.05)


@pytest.mark.parametrize("name", ["resnet20", "airbench94"])
def test_openvino_computes_the_same(name, pixels_of):
    trunk, pixels = build_trunk(name, (8, 8, 3), 8), pixels_of(8)
    (found,) = open_engine(trunk, "openvino", "float32").run([pixels])
    expected = keras.ops.convert_to_numpy(trunk(pixels))
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_a_form_of_head_that_pools_by_the_largest_is_no_average(trunk_of, pixels_of):
    classifier = classifier_on("airbench94", trunk_of("airbench94"))
    features = keras.ops.convert_to_numpy(classifier.trunk(pixels_of(32)))
    kernel = keras.ops.convert_to_numpy(classifier.head.get_layer("unscaled_logits").kernel)
    expected = features.max(axis=(1, 2)) @ kernel / 9
    np.testing.assert_allclose(logits_of(classifier, pixels_of(32)), expected, atol=1e-5)
    assert [layer.name for layer in classifier.head.layers[1:]] == ["largest", "unscaled_logits", "logits"]
