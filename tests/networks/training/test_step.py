"""Sharpness-aware passes, parts that stop training, and images that grow: each against arithmetic done by hand."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from lowres.errors import RecipeError
from lowres.networks.backbones.trunk import build_trunk
from lowres.networks.training.batches import Batch
from lowres.networks.training.fine_tuning import fine_tune
from lowres.networks.training.from_scratch import untrained_classifier
from lowres.networks.training.step import TrainingStep
from lowres.networks.training.trainable_network import network_of, trainable_network
from lowres.values.recipes.recipe_sections import FineTuning
from networks.training.one_step import gradients
from networks.training.small_training import (
    JsonStore,
    PixelInputs,
    Stopped,
    Teller,
    assert_same_bits,
    tiny_network,
    training,
    weights,
)


def small_airbench(digits, **options):
    trunk = build_trunk("airbench94", (8, 8, 3), 8, seed=1)
    names = [str(number) for number in range(10)]
    made = untrained_classifier("airbench94", trunk, names, digits.pixels, np.arange(100), 1)
    return trainable_network(made.trunk, made.head, "", normalisation="training", **options)


def batch_of(digits, images=20):
    targets = np.eye(10, dtype=np.float32)[digits.labels[:images]]
    return Batch(digits.pixels[:images].astype(np.float32), targets, np.ones(images, np.float32))


def loss_gradients(network, batch):
    """The gradient of the mean cross-entropy at the weights as they are, by way of the logits (softmax - targets)."""
    logits = np.asarray(network.model.predict_on_batch(batch.inputs), np.float64)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    outward = (odds / odds.sum(axis=1, keepdims=True) - batch.targets) / len(batch.targets)
    by_path = gradients(network.model, batch.inputs, outward.astype(np.float32))
    return [by_path[variable.path] for variable in network.trained]


def test_a_sharpness_aware_step_takes_the_gradient_up_the_hill(digits):
    """Foret et al. 2021: w - rate * g(w + radius * g(w) / |g(w)|)."""
    radius, rate = 0.5, 0.1
    batch, by_hand, network = batch_of(digits), tiny_network(), tiny_network()
    start = weights(by_hand)
    uphill = loss_gradients(by_hand, batch)
    length = np.sqrt(sum(float((one.astype(np.float64) ** 2).sum()) for one in uphill))
    for variable, one, gradient in zip(by_hand.trained, start, uphill, strict=True):
        variable.assign(one + radius * gradient / length)
    there = loss_gradients(by_hand, batch)

    choices = FineTuning(optimizer="sgd", learning_rate=rate, sharpness_radius=radius)
    step = TrainingStep(network, choices, 1)
    step.set_rate(rate)
    loss, _ = step.run(batch)
    logits = np.asarray(tiny_network().model.predict_on_batch(batch.inputs))
    assert loss == pytest.approx(
        float(keras.losses.CategoricalCrossentropy(from_logits=True)(batch.targets, logits)), rel=1e-5
    )
    # Nesterov momentum of .9, its first step: 1.9 times the gradient.
    for ours, one, gradient in zip(weights(network), start, there, strict=True):
        np.testing.assert_allclose(one - ours, 1.9 * rate * gradient, rtol=2e-3, atol=2e-6)
    assert max(np.abs(a - b).max() for a, b in zip(uphill, there, strict=True)) > 1e-3


def test_without_a_rate_the_ascent_leaves_no_trace(digits):
    network = small_airbench(digits)
    before = weights(network)[: len(network.trained)]
    step = TrainingStep(network, FineTuning(optimizer="sgd", sharpness_radius=0.3), 1)
    step.set_rate(0.0)
    step.run(batch_of(digits))
    assert_same_bits(weights(network)[: len(before)], before)


def test_statistics_are_those_of_the_weights_that_are_kept(digits):
    plain, aware = small_airbench(digits), small_airbench(digits)
    for network, radius in ((plain, 0.0), (aware, 2.0)):
        step = TrainingStep(network, FineTuning(optimizer="sgd", sharpness_radius=radius), 1)
        step.set_rate(1e-3)
        step.run(batch_of(digits))
    for one, other in zip(plain.statistics, aware.statistics, strict=True):
        np.testing.assert_allclose(np.asarray(one.value), np.asarray(other.value), rtol=1e-4, atol=1e-5)


def changed_blocks(network, before):
    """Whether each block of the network has other weights than before."""
    names = {id(variable): number for number, block in enumerate(network.blocks) for variable in block}
    moved = {
        names[id(variable)]
        for variable, old in zip(network.changing, before, strict=True)
        if id(variable) in names and (np.asarray(variable.value) != old).any()
    }
    return [number in moved for number in range(len(network.blocks))]


def test_blocks_stop_one_by_one_from_below(digits):
    network = small_airbench(digits)
    arguments = training(network, digits, epochs=8, freeze_from_fraction=0.5, optimizer="sgd", normalisation="training")
    teller = Teller(network)
    start = weights(network)
    fine_tune(*arguments, watcher=teller)
    seen = []
    for before, after in zip([start, *teller.weights[:-1]], teller.weights, strict=True):
        for variable, value in zip(network.changing, after, strict=True):
            variable.assign(value)
        seen.append(changed_blocks(network, before))
    # Four blocks (whitening, three groups) and the head; from half on one more stands still every epoch.
    assert [row.count(False) for row in seen] == [0, 0, 0, 0, 0, 1, 2, 3]
    assert all(row == sorted(row) for row in seen)
    still = {id(one) for block in network.blocks[:3] for one in block}
    assert not any(one.trainable for one in network.trained if id(one) in still)


def test_the_bias_of_whitening_learns_for_a_while(digits):
    network = small_airbench(digits)
    teller = Teller(network)
    fine_tune(*training(network, digits, epochs=4, whitening_bias_epochs=2, normalisation="training"), watcher=teller)
    (place,) = (number for number, one in enumerate(network.changing) if one.path.endswith("whiten/bias"))
    biases = [one[place] for one in teller.weights]
    assert (biases[0] != biases[1]).any()
    assert (biases[1] == biases[2]).all()
    assert (biases[2] == biases[3]).all()


class StopsAfter(Teller):
    def epoch(self, row, *others):
        super().epoch(row, *others)
        if row.epoch == 3:
            raise Stopped


@pytest.mark.parametrize(
    "choices",
    [
        {"freeze_from_fraction": 0.5, "whitening_bias_epochs": 1, "optimizer": "muon"},
        {"sharpness_radius": 0.1, "optimizer": "sgd", "weight_averaging": 0.5},
    ],
    ids=lambda choices: next(iter(choices)),
)
def test_stopped_and_gone_on_with_it_ends_with_the_same_bits(digits, choices):
    choices = {"epochs": 4, "normalisation": "training", "learning_rate": 1e-3} | choices
    whole = small_airbench(digits)
    fine_tune(*training(whole, digits, **choices))
    store, stopped = JsonStore(), small_airbench(digits)
    with pytest.raises(Stopped):
        fine_tune(*training(stopped, digits, **choices), store=store, watcher=StopsAfter())
    resumed = small_airbench(digits)
    fine_tune(*training(resumed, digits, **choices), store=store)
    assert_same_bits(weights(resumed), weights(whole))


def test_images_grow_and_the_network_takes_each_side(digits):
    sides = []

    pixels = np.repeat(np.repeat(digits.pixels, 2, axis=1), 2, axis=2)
    trunk = build_trunk("airbench94", (16, 16, 3), 16, seed=1)
    names = [str(number) for number in range(10)]
    made = untrained_classifier("airbench94", trunk, names, pixels, np.arange(100), 1)
    network = trainable_network(made.trunk, made.head, "", normalisation="training", sides_vary=True)
    arguments = training(network, digits, pixels=pixels, epochs=3, progressive_pixels=(8, 12), normalisation="training")
    step_model = network.model.train_on_batch

    def noted(inputs, *others, **options):
        sides.append(inputs.shape[1:3])
        return step_model(inputs, *others, **options)

    network.model.train_on_batch = noted
    fine_tune(arguments[0], replace(arguments[1], inputs=PixelInputs(pixels)), arguments[2])
    assert sides == [(8, 8)] * 3 + [(12, 12)] * 3 + [(16, 16)] * 3


def test_sides_cannot_vary_where_the_trunk_resizes():
    with pytest.raises(RecipeError, match="progressive_pixels where the whole trunk trains"):
        tiny_network(sides_vary=True)


def test_sides_of_which_no_map_is_left_are_refused_with_the_smallest_that_is():
    trunk = build_trunk("airbench94", (32, 32, 3), 32)
    made = untrained_classifier("airbench94", trunk, ["a", "b"], np.zeros((40, 32, 32, 3), np.uint8), np.arange(40), 0)
    choices = FineTuning(normalisation="training", progressive_pixels=(8, 9))
    # 8 pixels are 7 windows of two, and halved 3, 1 and 0.
    with pytest.raises(RecipeError, match="leaves a feature map, got 8, halved to nothing; try 9 or more"):
        network_of(made.trunk, made.head, choices)
    choices = choices.model_copy(update={"progressive_pixels": (9, 16)})
    assert network_of(made.trunk, made.head, choices).model.input_shape == (None, None, None, 3)
