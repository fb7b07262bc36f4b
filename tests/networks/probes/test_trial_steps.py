"""Faults planted in what trains are found by one real step, and no trial leaves a trace in the weights."""

import time

import keras
import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import log_loss

from lowres.networks.probes import trial_steps as room
from lowres.networks.probes.trial_steps import activation_bytes, frozen_step, tuned_steps
from lowres.networks.training.trainable_network import trainable_network
from lowres.values.recipes.recipe_sections import FineTuning
from networks.probes.small_network import small_head

CHOICES = FineTuning(epochs=1, batch_images=16)


def by_name(findings):
    return {finding.name: finding for finding in findings}


def tried(network, pixels, labels, choices=CHOICES, memory_bytes=0):
    inputs = pixels if network.below is None else network.below.predict_on_batch(pixels)
    trial = tuned_steps(network, choices, inputs, labels, memory_bytes)
    return by_name(trial.findings), trial.step_seconds


def test_the_first_step_at_the_recipes_batch_is_not_counted(trunk, head, pixels, labels, monkeypatch):
    """It holds the building of the graph, which on a busy machine took a minute."""
    step, taken = room._step, []

    def slow_at_first(model, inputs, targets):
        is_first = len(targets) == 16 and not taken
        taken.extend([16] * (len(targets) == 16))
        time.sleep(4 * is_first)
        return step(model, inputs, targets)

    monkeypatch.setattr(room, "_step", slow_at_first)
    _, seconds = tried(trainable_network(trunk, head, "block2"), pixels, labels)
    assert len(taken) == 2
    assert seconds < 4


def test_a_frozen_trunk_stands_still_and_the_head_moves(trunk, head, pixels, labels):
    found = frozen_step(trunk, head, pixels[:4], labels[:4])
    assert found.status == "PASS"
    # Two convolutions, two BatchNorms of four, resizing of two; the head's kernel and bias.
    assert found.measured == "a step changed 2 of 14 tensors, expected 2; 4 BatchNorm statistics are bit-equal"


def test_a_layer_left_trainable_in_a_frozen_trunk_is_found(trunk, head, pixels, labels):
    trunk.trainable = True
    for layer in trunk.layers:
        layer.trainable = layer.name == "block2_conv"
    found = frozen_step(trunk, head, pixels[:4], labels[:4])
    assert found.status == "FAIL"
    assert "frozen tensors moved, block2_conv/kernel" in found.measured


def test_batchnorm_left_in_training_mode_in_a_frozen_trunk_is_found(trunk, head, pixels, labels):
    for layer in (trunk, *trunk.layers):
        layer.trainable = True
        for variable in layer.weights:
            variable.trainable = False
    found = frozen_step(trunk, head, pixels[:4], labels[:4])
    assert found.status == "FAIL"
    assert "BatchNorm moved its statistics, block1_bn/moving_mean" in found.measured


def test_a_head_left_frozen_is_found(trunk, pixels, labels):
    head = small_head(layer=keras.layers.Dense(8, name="hidden"))
    head.get_layer("hidden").trainable = False
    found = frozen_step(trunk, head, pixels[:4], labels[:4])
    assert (found.status, "these did not move, hidden/kernel, hidden/bias" in found.measured) == ("FAIL", True)


@pytest.mark.parametrize("from_layer", ["block2", ""])
@pytest.mark.parametrize("normalisation", ["inference", "training"])
def test_a_healthy_second_phase_passes_and_leaves_no_trace(trunk, head, pixels, labels, from_layer, normalisation):
    network = trainable_network(trunk, head, from_layer, normalisation=normalisation)
    before = [np.array(weight) for weight in (*trunk.weights, *head.weights)]
    found, seconds = tried(network, pixels, labels, CHOICES.model_copy(update={"normalisation": normalisation}))
    assert {finding.status for finding in found.values()} == {"PASS"}, found
    assert seconds > 0
    for weight, value in zip((*trunk.weights, *head.weights), before, strict=True):
        np.testing.assert_array_equal(np.asarray(weight), value)


def test_a_frozen_layer_left_trainable_in_the_second_phase_is_found(trunk, head, pixels, labels):
    network = trainable_network(trunk, head, "block2")
    whole = trainable_network(trunk, head, "")
    planted = type(network)(whole.model, None, "", network.blocks)
    found = tried(planted, pixels, labels)[0]["what trains: fine-tuning"]
    assert found.status == "FAIL"
    assert "frozen tensors moved, block1_" in found.measured


def test_a_trained_layer_left_frozen_is_found(trunk, head, pixels, labels):
    network = trainable_network(trunk, head, "block2")
    trunk.get_layer("block2_conv").trainable = False
    found = tried(network, pixels, labels)[0]["what trains: fine-tuning"]
    assert found.status == "FAIL"
    assert "these did not move, block2_conv/kernel" in found.measured


def test_batchnorm_in_training_mode_is_found_where_the_recipe_says_inference(trunk, head, pixels, labels):
    network = trainable_network(trunk, head, "block2", normalisation="training")
    found = tried(network, pixels, labels)[0]["what trains: fine-tuning"]
    assert found.status == "FAIL"
    assert "BatchNorm moved its statistics, block2_bn/moving_mean, block2_bn/moving_variance" in found.measured


def test_images_that_all_look_alike_are_not_learned_by_heart(trunk, head, labels):
    network = trainable_network(trunk, head, "block2")
    found = tried(network, np.full((64, 8, 8, 3), 90, np.uint8), labels)[0]["two batches: fine-tuning"]
    # How often each label comes is all there is to learn.
    assert found.status != "PASS"


def test_every_rate_begins_with_the_weights_as_they_were(trunk, head, labels):
    network = trainable_network(trunk, head, "block2")
    inputs = network.below.predict_on_batch(np.full((64, 8, 8, 3), 90, np.uint8))

    def first_loss(*rates):
        findings = by_name(tuned_steps(network, CHOICES, inputs, labels, rates=rates).findings)
        return findings["two batches: fine-tuning"].measured.split(" to ")[0]

    assert first_loss(1e-2, 1e-3) == first_loss(1e-3)


def test_the_loss_of_a_step_is_that_of_its_own_batch(head, labels):
    maps = np.random.default_rng(0).normal(size=(8, 4, 4, 24)).astype(np.float32)
    room._compile(head, rate=0.0)
    losses = [room._step(head, maps[rows], labels[rows]) for rows in (slice(0, 4), slice(4, 8))]
    logits = np.asarray(head(maps[4:]), np.float64)
    assert losses[0] != pytest.approx(losses[1])
    assert losses[1] == pytest.approx(log_loss(labels[4:8], softmax(logits, axis=1), labels=range(10)), rel=1e-5)


def test_a_batch_that_cannot_fit_is_not_even_tried(trunk, head, pixels, labels):
    network = trainable_network(trunk, head, "block2")
    choices = CHOICES.model_copy(update={"batch_images": 10**7})
    found, seconds = tried(network, pixels, labels, choices, memory_bytes=2**30)
    assert seconds is None
    assert found["memory of a step"].status == "FAIL"
    assert "there are 1.0 GiB" in found["memory of a step"].measured


@pytest.mark.parametrize(("most", "size", "steps"), [(8, 8, 2), (5, 4, 4)])
def test_memory_that_ends_in_a_step_is_met_by_smaller_passes(
    trunk, head, pixels, labels, monkeypatch, most, size, steps
):
    tensorflow = pytest.importorskip("tensorflow")
    network = trainable_network(trunk, head, "block2")
    step = room._step

    def ends(model, inputs, targets):
        if len(targets) > most:
            raise tensorflow.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
        return step(model, inputs, targets)

    monkeypatch.setattr(room, "_step", ends)
    found, seconds = tried(network, pixels, labels)
    memory = found["memory of a step"]
    assert memory.measured.startswith("memory ended in a step: a batch of 16 keeps about")
    assert memory.status == "WARN"
    assert f"batch_images = {size} and fine_tuning.accumulation_steps = {steps}" in memory.repair
    assert seconds > 0


def test_memory_that_ends_with_one_image_is_refused(trunk, head, pixels, labels, monkeypatch):
    asked = []
    monkeypatch.setattr(room, "_timed", lambda model, inputs, targets, size: asked.append(size))
    found, seconds = tried(trainable_network(trunk, head, "block2"), pixels, labels)
    assert asked == [16, 8, 4, 2, 1]
    assert (found["memory of a step"].status, seconds) == ("FAIL", None)
    assert "not even one image fits" in found["memory of a step"].measured


def test_another_error_in_a_step_is_not_taken_for_memory(trunk, head, pixels, labels, monkeypatch):
    network = trainable_network(trunk, head, "block2")
    with pytest.raises(ValueError, match="shape"):
        tuned_steps(network, CHOICES, np.zeros((4, 3), np.float32), labels[:4])


def test_the_outputs_of_a_network_by_hand():
    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, keras.layers.ReLU()(keras.layers.Conv2D(5, 3, padding="same")(inputs)))
    outer = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(model(inputs)))
    # 48 going in, twice 80, and the 5 averages.
    assert activation_bytes(model, (4, 4, 3)) == 4 * (48 + 80 + 80)
    assert activation_bytes(outer, (4, 4, 3)) == 4 * (48 + (80 + 80) + 5)


def test_a_network_of_open_sides_is_counted_at_the_sides_it_is_given():
    inputs = keras.Input((None, None, 3))
    strided = keras.layers.Conv2D(2, 3, strides=2, padding="same")(inputs)
    model = keras.Model(inputs, keras.layers.GlobalMaxPooling2D()(keras.layers.Add()([strided, strided])))
    assert activation_bytes(model, (8, 8, 3)) == 4 * (192 + 32 + 32 + 2)
    assert activation_bytes(model, (4, 4, 3)) == 4 * (48 + 8 + 8 + 2)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow traces a step again for new variables")
def test_a_built_step_is_traced_once():
    traced = []

    @keras.saving.register_keras_serializable("tests")
    class Counting(keras.layers.Dense):
        def call(self, inputs, training=None):
            traced.append(1)
            return super().call(inputs)

    model = keras.Sequential([keras.Input((4,)), Counting(3)])
    room._compile(model, 1e-3, is_built=True)
    traced.clear()
    for _ in range(2):
        room._step(model, np.ones((2, 4), np.float32), np.array([0, 1]))
    assert len(traced) == 1
