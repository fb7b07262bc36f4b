"""What trains, cut off and folded, is the same function of the same variables as the classifier it came from."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from lowres.errors import RecipeError
from lowres.networks.backbones.block_names import block_name
from lowres.networks.backbones.feature_levels import join_levels
from lowres.networks.training.folded_convolution import FoldedConvolution, InferenceNormalisation
from lowres.networks.training.trainable_network import freeze, trainable_network
from networks.training.one_step import gradients
from networks.trunks import SHAPE, head_on, residual_trunk

PIXELS = np.random.default_rng(0).integers(0, 256, (5, *SHAPE)).astype(np.uint8)
# Where it is cut, and how the names of the layers begin that train there.
CUTS = {
    "": ("stem", "blocks"),
    "stem": ("stem", "blocks"),
    "stem_bn": ("stem_bn", "blocks"),
    "blocks_0": ("blocks",),
    "blocks_1": ("blocks_1_", "blocks_10_"),
    "blocks_10": ("blocks_10_",),
    "blocks_10_out": ("nothing",),
}


class Whole(keras.layers.Layer):
    """The oracle: trunk and head as they are, the trunk in inference mode."""

    def __init__(self, trunk: keras.Model, head: keras.Model) -> None:
        super().__init__()
        self.trunk, self.head = trunk, head

    def call(self, pixels: Any) -> Any:
        return self.head(self.trunk(pixels, training=False))


@pytest.fixture
def parts():
    trunk = residual_trunk()
    return trunk, head_on(trunk)


def whole(trunk, head):
    pixels = keras.Input(SHAPE, dtype="uint8")
    return keras.Model(pixels, Whole(trunk, head)(pixels))


def fed(network):
    """What the network takes of the pixels: activations, or the pixels themselves as float32."""
    return network.below.predict_on_batch(PIXELS) if network.below else PIXELS.astype(np.float32)


def paths(variables):
    return {variable.path for variable in variables}


def expected_trained(trunk, head, beginnings):
    return {
        variable.path
        for layer in trunk.layers
        for variable in layer.weights
        if layer.name.startswith(beginnings) and "moving" not in variable.name
    } | paths(head.weights)


@pytest.mark.parametrize("from_layer", CUTS)
def test_the_part_below_and_the_part_that_trains_give_what_the_classifier_gives(parts, from_layer):
    expected = whole(*parts).predict_on_batch(PIXELS)
    network = trainable_network(*parts, from_layer)
    assert (network.below is None) == (from_layer == "")
    found = network.model.predict_on_batch(fed(network))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("from_layer", ["", "stem_bn", "blocks_1"])
def test_so_are_its_gradients(parts, from_layer):
    network = trainable_network(*parts, from_layer)
    outward = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    found, expected = gradients(network.model, fed(network), outward), gradients(whole(*parts), PIXELS, outward)
    assert set(found) == set(expected)
    for name, gradient in expected.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-3, atol=2e-5 * np.abs(gradient).max(), err_msg=name)


@pytest.mark.parametrize(("from_layer", "beginnings"), CUTS.items())
def test_what_trains_and_what_stands_still_is_said_to_the_last_variable(parts, from_layer, beginnings):
    trunk, head = parts
    network = trainable_network(trunk, head, from_layer)
    trained = expected_trained(trunk, head, beginnings)
    assert paths(network.trained) == trained == {path for block in network.blocks for path in paths(block)}
    assert paths(network.frozen) == paths([*trunk.weights, *head.weights]) - trained
    assert network.trained_parameters == sum(
        weight.numpy().size for weight in [*trunk.weights, *head.weights] if weight.path in trained
    )


@pytest.mark.parametrize("from_layer", ["", "stem_bn", "blocks_1"])
def test_a_training_step_moves_what_trains_and_no_bit_else(parts, from_layer):
    network = trainable_network(*parts, from_layer)
    before = {one.path: one.numpy().copy() for one in [*network.trained, *network.frozen]}
    network.model.compile(keras.optimizers.Adam(1e-2), keras.losses.CategoricalCrossentropy(from_logits=True))
    network.model.train_on_batch(fed(network), np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 0]])
    for one in network.trained:
        assert not np.array_equal(one.numpy(), before[one.path]), one.path
    for one in network.frozen:
        assert one.numpy().tobytes() == before[one.path].tobytes(), one.path


def test_what_a_step_changes_is_changed_in_the_classifier(parts):
    """The variables are shared, not copied."""
    classifier = whole(*parts)
    network = trainable_network(*parts, "blocks_1")
    before = classifier.predict_on_batch(PIXELS)
    for variable in network.trained:
        variable.assign(variable.value * 1.5 + 0.1)
    after = classifier.predict_on_batch(PIXELS)
    assert np.abs(after - before).max() > 0.1
    np.testing.assert_allclose(network.model.predict_on_batch(fed(network)), after, rtol=1e-3, atol=1e-3)


def test_a_convolution_folds_where_its_batchnorm_alone_reads_it(parts):
    layers = trainable_network(*parts, "").model.layers
    folded = [layer.name for layer in layers if isinstance(layer, FoldedConvolution)]
    alone = [layer.name for layer in layers if isinstance(layer, InferenceNormalisation)]
    assert not any(isinstance(layer, keras.layers.BatchNormalization) for layer in layers)
    assert sorted(alone) == ["blocks_1_pre_bn", "blocks_1_shared_bn", "blocks_1_squashed_bn"]
    assert sorted(folded) == [
        "blocks_0_depthwise_bn",
        "blocks_0_expand_bn",
        "blocks_0_project_bn",
        "blocks_10_0_bn",
        "blocks_10_1_bn",
        "blocks_10_2_bn",
        "stem_bn",
    ]


def test_blocks_come_lowest_first_and_values_of_theirs_reach_their_variables(parts):
    network = trainable_network(*parts, "blocks_0")
    firsts = [block[0].path.split("/")[0] for block in network.blocks]
    assert firsts == ["blocks_0_expand_conv", "blocks_1_pre_bn", "blocks_10_1_conv", "logits"]
    values = {"blocks_0": 1.0, "blocks_1": 2.0, "blocks_10": 3.0, "logits": 4.0}
    found = dict(zip([one.path for one in network.trained], network.of_blocks(list(values.values())), strict=True))
    for path, value in found.items():
        assert value == next(values[name] for name in values if path.startswith((f"{name}_", f"{name}/"))), path


def test_the_order_is_the_models_own(parts):
    """JAX matches gradients with the optimizer's variables by place, and the classifier lists them otherwise."""
    network = trainable_network(*parts, "")
    assert [one.path for one in network.trained] == [one.path for one in network.model.trainable_variables]
    assert [one.path for one in network.trained] != [one.path for block in network.blocks for one in block]


def test_depthwise_kernels_may_stand_still_with_their_scale(parts):
    still = trainable_network(*parts, "", depthwise="freeze")
    kept_out = {"blocks_0_depthwise_conv/kernel", "blocks_0_depthwise_bn/gamma"}
    assert paths(still.frozen) >= kept_out
    assert paths(still.trained) == expected_trained(*parts, ("stem", "blocks")) - kept_out


def test_a_depthwise_kernel_whose_batchnorm_has_no_scale_stands_still_too():
    pixels = keras.Input(SHAPE, dtype="uint8")
    x = keras.layers.Rescaling(1 / 255)(pixels)
    x = keras.layers.DepthwiseConv2D(3, use_bias=False, name="only_conv")(x)
    trunk = keras.Model(pixels, keras.layers.BatchNormalization(scale=False, name="only_bn")(x), name="trunk")
    network = trainable_network(trunk, head_on(trunk), "", depthwise="freeze")
    assert paths(network.trained) == {"only_bn/beta", "logits/kernel", "logits/bias"}


def test_in_bfloat16_it_says_about_the_same_in_float32(parts):
    expected = whole(*parts).predict_on_batch(PIXELS)
    network = trainable_network(*parts, "blocks_0", precision="bfloat16")
    found = network.model.predict_on_batch(fed(network))
    assert found.dtype == np.float32
    difference = np.abs(found - expected).max() / np.abs(expected).max()
    assert 1e-6 < difference < 0.05
    assert {str(one.dtype) for one in network.trained} == {"float32"}


def test_batchnorm_that_trains_moves_its_statistics_above_the_cut_and_says_so(parts):
    trunk, head = parts
    expected = whole(trunk, head).predict_on_batch(PIXELS)
    network = trainable_network(trunk, head, "blocks_1", normalisation="training")
    np.testing.assert_allclose(network.model.predict_on_batch(fed(network)), expected, rtol=1e-4, atol=1e-4)
    statistics = {
        variable.path
        for layer in trunk.layers
        for variable in layer.weights
        if layer.name.startswith(CUTS["blocks_1"]) and "moving" in variable.name
    }
    assert paths(network.statistics) == statistics
    assert paths(network.changing) == statistics | paths(network.trained)
    assert not paths(network.frozen) & paths(network.changing)
    before = {one.path: one.numpy().copy() for one in [*network.changing, *network.frozen]}
    network.model.compile(keras.optimizers.Adam(1e-2), keras.losses.CategoricalCrossentropy(from_logits=True))
    network.model.train_on_batch(fed(network), np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 0]])
    assert all(not np.array_equal(one.numpy(), before[one.path]) for one in network.statistics)
    assert all(np.array_equal(one.numpy(), before[one.path]) for one in network.frozen)


def test_in_inference_mode_no_statistic_is_expected_to_move(parts):
    assert trainable_network(*parts, "blocks_1").statistics == ()


def test_the_draws_of_dropout_are_named(parts):
    trunk, _ = parts
    network = trainable_network(trunk, head_on(trunk, dropout=0.5), "blocks_10")
    assert len(network.seeds) == 1
    assert not paths(network.seeds) & paths([*network.trained, *network.frozen])


def test_freezing_marks_the_trunk_as_still_and_the_head_as_not(parts):
    trunk, head = parts
    trainable_network(trunk, head, "")
    freeze(trunk, head)
    assert trunk.trainable_weights == []
    assert len(head.trainable_weights) == 2
    # Each layer by itself too: called in training mode, BatchNorm would else go by its batch.
    assert not any(layer.trainable for layer in trunk.layers)
    pixels = np.random.default_rng(5).integers(0, 256, (4, *trunk.input_shape[1:])).astype(np.float32)
    still, called = (np.array(trunk(pixels, training=training)) for training in (False, True))
    np.testing.assert_array_equal(called, still)


def test_only_the_layers_of_the_last_cut_are_marked(parts):
    trunk, head = parts
    for from_layer in ("blocks_1", "blocks_10"):
        trainable_network(trunk, head, from_layer)
    assert {block_name(layer.name) for layer in trunk.layers if layer.trainable_weights} == {"blocks_10"}


def test_a_layer_that_is_not_there_is_refused_with_those_that_are(parts):
    wanted = r"a layer of the trunk, got 'block_1'; try one of stem_conv, stem_bn, blocks_0, blocks_1, blocks_10$"
    with pytest.raises(RecipeError, match=wanted):
        trainable_network(*parts, "block_1")


@pytest.mark.parametrize("from_layer", ["blocks_0_depthwise", "blocks_0_add", "blocks_10_2"])
def test_a_cut_that_another_path_leads_around_is_refused(parts, from_layer):
    wanted = rf"is a single path, got '{from_layer}', around which another path leads; try one of stem_conv, "
    with pytest.raises(RecipeError, match=wanted):
        trainable_network(*parts, from_layer)


def test_a_cut_above_a_level_that_the_head_reads_is_refused_with_the_cuts_there_are(parts):
    trunk = keras.Model(parts[0].input, join_levels(parts[0], ["blocks_0_add"]))
    head = head_on(trunk)
    wanted = r"got 'blocks_10', .*; try one of .*; with network.levels = several the head reads lower blocks too"
    with pytest.raises(RecipeError, match=wanted) as refused:
        trainable_network(trunk, head, "blocks_10")
    named = str(refused.value).split("try one of ")[1].split("; ")[0].split(", ")
    assert named == ["stem_conv", "stem_bn", "blocks_0", "blocks_1"]
    for name in named:
        trainable_network(trunk, head, name)
