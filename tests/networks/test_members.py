"""Several networks as one say the mean of what each says, before and after saving."""

from pathlib import Path

import keras
import numpy as np
import pytest

from lowres.errors import TrainingError
from lowres.networks.backbones.trunk import build_trunk
from lowres.networks.members import join_members
from lowres.networks.trained_classifier import TrainedClassifier
from lowres.networks.training.from_scratch import untrained_classifier

NAMES = ("ant", "bee", "cow")


def member(seed, head_layers=None):
    """A trunk whose first convolution is the same in all members, and whose second and head are its own."""
    pixels = keras.Input((8, 8, 3), dtype="uint8", name="pixels")
    x = keras.layers.Rescaling(1 / 255, name="scaling")(pixels)
    shared = keras.initializers.GlorotUniform(seed=99)
    x = keras.layers.Conv2D(4, 3, kernel_initializer=shared, name="lower_conv")(x)
    x = keras.layers.ReLU(name="lower_out")(x)
    own = keras.initializers.GlorotUniform(seed=seed)
    y = keras.layers.Conv2D(4, 3, padding="same", kernel_initializer=own, name="upper_conv")(x)
    y = keras.layers.BatchNormalization(name="upper_bn")(y)
    y = keras.layers.Add(name="upper_add")([x, y])
    trunk = keras.Model(pixels, y, name="trunk")
    feature_map = keras.Input(trunk.output_shape[1:], name="feature_map")
    z = keras.layers.GlobalAveragePooling2D(name="pooled")(feature_map)
    for layer in head_layers or [keras.layers.Dense(3, kernel_initializer=own, name="logits")]:
        z = layer(z)
    head = keras.Model(feature_map, z, name="head")
    head.layers[-1].set_weights([head.layers[-1].get_weights()[0], np.random.default_rng(seed).normal(size=3)])
    return TrainedClassifier.from_parts(trunk, head, NAMES)


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(4).integers(0, 256, (5, 8, 8, 3)).astype(np.uint8)


@pytest.mark.parametrize("cut_layer", ["lower_out", ""])
def test_logits_are_the_mean_of_the_members_logits(pixels, cut_layer, tmp_path: Path):
    members = [member(seed) for seed in (1, 2, 3)]
    alone = np.stack([one.logits(pixels) for one in members])
    assert np.abs(alone[0] - alone[1]).max() > 0.05
    joined = join_members(members, cut_layer)
    np.testing.assert_allclose(joined.logits(pixels), alone.mean(axis=0), rtol=1e-5, atol=1e-5)
    joined.save(tmp_path / "joined.keras")
    again = TrainedClassifier.load(tmp_path / "joined.keras")
    np.testing.assert_allclose(again.logits(pixels), joined.logits(pixels), rtol=1e-6, atol=1e-6)
    assert again.class_names == NAMES


def test_what_is_below_the_cut_is_there_once():
    members = [member(seed) for seed in (1, 2)]
    names = [layer.name for layer in join_members(members, "lower_out").trunk.layers]
    assert [name for name in names if "lower_conv" in name] == ["lower_conv"]
    assert [name for name in names if "upper_conv" in name] == ["member1_upper_conv", "member2_upper_conv"]
    assert sum("lower_conv" in layer.name for layer in join_members(members, "").trunk.layers) == 2


def test_one_member_stays_itself():
    alone = member(1)
    assert join_members([alone], "lower_out") is alone


@pytest.mark.parametrize("name", ["airbench94", "resnet20"])
def test_networks_trained_from_scratch_are_joined_with_the_heads_they_were_published_with(pixels, name):
    def one(seed):
        trunk = build_trunk(name, (8, 8, 3), 8, seed=seed)
        return untrained_classifier(name, trunk, NAMES, pixels, np.arange(len(pixels)), seed)

    members = [one(seed) for seed in (1, 2)]
    alone = np.stack([member.logits(pixels) for member in members])
    assert np.abs(alone[0] - alone[1]).max() > 0.01
    np.testing.assert_allclose(join_members(members, "").logits(pixels), alone.mean(axis=0), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("first", [{"activation": "relu"}, {}])
def test_a_head_that_is_no_single_matrix_is_refused(first):
    layers = [keras.layers.Dense(5, **first), keras.layers.Dense(3, name="logits")]
    with pytest.raises(TrainingError, match=r"one Dense layer to be joined, got .*Dense, Dense; leave dense out"):
        join_members([member(1), member(2, layers)], "lower_out")
