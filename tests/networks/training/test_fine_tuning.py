"""Fine-tuning learns, keeps the epoch it should, and stops where nothing is to be learned."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import log_loss

from lowres.errors import TrainingError
from lowres.networks.training.fine_tuning import fine_tune
from lowres.networks.training.run import BEST
from lowres.networks.training.run_state import RunState
from networks.training.small_training import (
    VALIDATION,
    JsonStore,
    PixelInputs,
    Teller,
    assert_same_bits,
    tiny_network,
    training,
    tuned,
    weights,
)


def logits(network, pixels):
    return np.asarray(network.model.predict_on_batch(pixels.astype(np.float32)))


def accuracy(network, digits, part):
    return float((logits(network, digits.pixels[part]).argmax(axis=1) == digits.labels[part]).mean())


def test_it_learns_what_the_trunk_at_random_does_not_know(digits):
    network = tiny_network()
    before = accuracy(network, digits, VALIDATION)
    _, part, recipe = training(network, digits, epochs=20, batch_images=10, learning_rate=1e-2)
    more = slice(0, 400)
    part = replace(part, inputs=PixelInputs(digits.pixels, more), training_labels=digits.labels[more])
    outcome = fine_tune(network, part, recipe)
    assert before < 0.3
    assert outcome.kept_validation_accuracy > 0.7
    assert accuracy(network, digits, VALIDATION) == pytest.approx(outcome.kept_validation_accuracy, abs=0.011)
    assert [row.epoch for row in outcome.rows] == list(range(1, 21))
    assert outcome.rows[-1].loss < outcome.rows[0].loss / 3
    assert [row.epoch for row in outcome.rows if row.is_kept] == [outcome.kept_epoch]
    assert (outcome.batch_images, outcome.accumulation_steps, outcome.stopped_early) == (10, 1, False)
    assert outcome.images_per_second > 0


def test_an_epoch_counts_every_image_once_in_its_figures(digits):
    """45 images in updates of 40: a pass of 5 and filling, and a pass of nothing else. The rate moves nothing."""
    network = tiny_network()
    labels, pixels = digits.labels[:45], digits.pixels[:45]
    _, part, recipe = training(
        network, digits, epochs=1, batch_images=20, accumulation_steps=2, learning_rate=1e-12, optimizer="sgd"
    )
    (row,) = fine_tune(network, replace(part, training_labels=labels), recipe).rows
    said = logits(network, pixels).astype(np.float64)
    assert row.accuracy == pytest.approx((said.argmax(axis=1) == labels).mean(), abs=1e-6)
    assert row.loss == pytest.approx(log_loss(labels, softmax(said, axis=1), labels=range(10)), rel=1e-5)
    held = logits(network, digits.pixels[VALIDATION]).astype(np.float64)
    expected = log_loss(digits.labels[VALIDATION], softmax(held, axis=1), labels=range(10))
    assert row.validation_loss == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("accuracies", "keep", "kept"),
    [
        ((0.1, 0.6, 0.7, 0.4), "best", 2),
        ((0.1, 0.6, 0.7, 0.4), "last", 3),
        ((0.1, 0.6, 0.7, 0.8), "best", 3),
        ((0.1, 0.7, 0.7, 0.7), "best", 1),
        ((0.9, 0.6, 0.7, 0.4), "best", 0),
    ],
)
def test_the_epoch_asked_for_is_kept_to_the_bit(digits, judged, accuracies, keep, kept):
    judged(*accuracies)
    network = tiny_network()
    start, teller = weights(network), Teller(network)
    outcome = fine_tune(*training(network, digits, keep=keep), watcher=teller)
    assert outcome.kept_epoch == kept
    assert outcome.kept_validation_accuracy == accuracies[kept]
    assert [row.is_kept for row in outcome.rows] == [epoch == kept for epoch in (1, 2, 3)]
    assert_same_bits(weights(network), [start, *teller.weights][kept])
    assert teller.bests == [max(accuracies[: epoch + 1]) for epoch in (1, 2, 3)]


def test_it_stops_when_nothing_gets_better(digits, judged):
    judged(0.1, 0.5, 0.6, 0.6, 0.6)
    outcome = tuned(tiny_network(), digits, epochs=9, early_stopping_patience_epochs=2)
    assert (len(outcome.rows), outcome.kept_epoch, outcome.stopped_early) == (4, 2, True)


def test_the_rate_drops_on_a_plateau(digits, judged):
    judged(*[0.5] * 6, losses=[1, 0.9, 0.9, 0.9, 0.9, 0.9])
    choices = {"epochs": 5, "schedule": "plateau", "plateau_patience_epochs": 2, "plateau_factor": 0.5}
    outcome = tuned(tiny_network(), digits, learning_rate=1e-4, **choices)
    assert [row.learning_rate for row in outcome.rows] == pytest.approx([1e-4, 1e-4, 1e-4, 5e-5, 5e-5])


def test_averaged_weights_are_those_judged_and_kept(digits):
    """Against the formula in NumPy, over the weights after each update."""
    network = tiny_network()
    averages, updates = weights(network), 0

    class Averaging(Teller):
        def step(self, epoch, done, total):
            nonlocal averages, updates
            updates += 1
            share = min(0.9, (1 + updates) / (10 + updates))
            now = weights(network)
            averages = [share * old + (1 - share) * new for old, new in zip(averages, now, strict=True)]

    outcome = fine_tune(*training(network, digits, weight_averaging=0.9, keep="last"), watcher=Averaging())
    assert updates == 9
    for ours, expected in zip(weights(network), averages, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6)
    assert outcome.rows[-1].validation_accuracy == pytest.approx(accuracy(network, digits, VALIDATION), abs=0.011)


def test_a_training_at_chance_is_stopped_with_scaling_twice_named_first(digits):
    """All pictures alike: what scaling twice does to them."""
    alike = np.full_like(digits.pixels, 128)
    network = tiny_network()
    for variable in network.blocks[-1]:
        variable.assign(keras.ops.zeros_like(variable.value))
    teller = Teller()
    wanted = (
        r"expected fine-tuning to learn, got one that is stuck at chance: mean loss 2\.3.*\n  1\. pixels scaled twice"
    )
    with pytest.raises(TrainingError, match=wanted):
        fine_tune(
            *training(
                network,
                digits,
                pixels=alike,
                scaling="unit-then-contract",
                epochs=30,
                batch_images=4,
                learning_rate=1e-5,
            ),
            watcher=teller,
        )
    # 30 passes an epoch, 200 before the first judgement.
    assert teller.steps[-1] == (7, 30, 30)


def test_a_training_at_chance_that_was_accepted_goes_on_and_is_told_of_once(digits):
    alike = np.full_like(digits.pixels, 128)
    network, teller = tiny_network(), Teller()
    for variable in network.blocks[-1]:
        variable.assign(keras.ops.zeros_like(variable.value))
    choices = {"epochs": 9, "batch_images": 4, "learning_rate": 1e-5}
    outcome = fine_tune(*training(network, digits, pixels=alike, **choices), watcher=teller, goes_on_at_chance=True)
    assert len(outcome.rows) == 9
    (note,) = [note for note in teller.notes if note.startswith("stuck at chance: mean loss 2.3")]
    assert note.endswith("it goes on all the same, as preflight was accepted")
    arguments = training(tiny_network(), digits, optimizer="sgd", learning_rate=1e30, schedule="constant")
    with pytest.raises(TrainingError, match="is diverged"):
        fine_tune(*arguments, goes_on_at_chance=True)


def test_a_training_that_diverges_is_stopped_in_the_middle_of_the_epoch(digits):
    teller = Teller()
    arguments = training(
        tiny_network(), digits, optimizer="sgd", learning_rate=1e30, schedule="constant", batch_images=10
    )
    with pytest.raises(TrainingError, match=r"is diverged: loss (nan|inf) in step \d"):
        fine_tune(*arguments, watcher=teller)
    assert teller.steps[-1][:2] < (1, 12)


def test_a_best_epoch_that_was_lost_is_missed(digits, judged):
    judged(0.1, 0.6, 0.4)

    class Forgetful(JsonStore):
        def load(self, name):
            return None if name == BEST else super().load(name)

    with pytest.raises(
        TrainingError, match="expected the weights of epoch 1, the best, among the checkpoints, got none"
    ):
        fine_tune(*training(tiny_network(), digits, epochs=2), store=Forgetful())


def test_a_better_best_than_was_found_again_is_kept(digits, judged):
    """Killed after the best was kept, and run again on a machine that gives other last bits: 0.6 became 0.5."""
    judged(0.1, 0.5, 0.4)
    store, network = JsonStore(), tiny_network()
    better = [one + 1 for one in weights(network)]
    saving = store.save

    def save(name, state):
        if name == BEST and state.facts["epoch"] == 1:
            arrays = dict(zip(state.arrays, better, strict=True))
            state = RunState(arrays, {"epoch": 1, "validation_accuracy": 0.6})
        saving(name, state)

    store.save = save
    outcome = fine_tune(*training(network, digits, epochs=2), store=store)
    assert outcome.kept_validation_accuracy == 0.6
    assert_same_bits(weights(network), better)
