"""Fine-tuning comes to the same weights whatever interrupts it: a kill, a second run, or memory that ends."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from lowres.errors import TrainingError
from lowres.networks.training.fine_tuning import fine_tune
from lowres.networks.training.out_of_memory import memory_errors
from lowres.networks.training.run import LAST
from networks.training.small_training import (
    TRAIN,
    JsonStore,
    PixelInputs,
    Stopped,
    Teller,
    assert_same_bits,
    tiny_network,
    training,
    tuned,
    weights,
)
from networks.trunks import SHAPE, convolution, spread


class StopAt(Teller):
    """Kills the training at one of its moments."""

    def __init__(self, moment):
        super().__init__()
        self.moment = moment

    def step(self, epoch, done, total):
        if self.moment == ("step", epoch, done):
            raise Stopped

    def epoch(self, row, epochs, best_validation_accuracy, seconds_left):
        if self.moment == ("epoch", row.epoch):
            raise Stopped


class FailingStore(JsonStore):
    """Kills the training between the checkpoint of the best and that of the last."""

    is_failing = False

    def save(self, name, state):
        if self.is_failing and name == LAST and state.facts["epoch"] > 0:
            raise Stopped
        super().save(name, state)


def normalised_trunk():
    """Two convolutions with BatchNorm: state beside the weights, in a network that is built in no time."""
    pixels = keras.Input(SHAPE, dtype="uint8", name="pixels")
    x = keras.layers.Rescaling(1 / 127.5, -1.0, name="scaling")(pixels)
    x = convolution(convolution(x, 6, "stem", strides=2), 8, "blocks_0")
    return spread(keras.Model(pixels, x, name="trunk"), 1)


# Of what takes long to compile, three moments: between the two files of an epoch's end, amid an epoch, at the end.
EVERYTHING = {
    "averaged, dropout, mixup": (
        lambda: tiny_network(dropout=0.3),
        {"optimizer": "adamw", "weight_decay": 0.05, "weight_averaging": 0.95, "mixup_alpha": 0.4, "layer_decay": 0.7},
        (("step", 1, 2), ("epoch", 1), ("store",), ("step", 3, 1), ("epoch", 3), ("epoch", 4)),
    ),
    "BatchNorm in training, accumulated": (
        lambda: tiny_network(trunk=normalised_trunk(), normalisation="training"),
        {"optimizer": "sgd", "batch_images": 20, "accumulation_steps": 2, "schedule": "plateau", "learning_rate": 1e-3},
        (("store",), ("step", 3, 1), ("epoch", 4)),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("make", "choices", "moments"), EVERYTHING.values(), ids=EVERYTHING)
def test_stopped_anywhere_and_started_again_it_ends_with_the_same_bits(digits, make, choices, moments):
    choices = {"epochs": 4, "warmup_fraction": 0.1} | choices
    network = make()
    undisturbed = fine_tune(*training(network, digits, **choices))
    expected, store = weights(network), FailingStore()
    # As a new process would: everything anew, but for the store.
    for moment in moments:
        store.is_failing = moment == ("store",)
        with pytest.raises(Stopped):
            fine_tune(*training(make(), digits, **choices), store=store, watcher=StopAt(moment))
    store.is_failing = False
    network, teller = make(), Teller()
    outcome = fine_tune(*training(network, digits, **choices), store=store, watcher=teller)
    assert_same_bits(weights(network), expected)
    assert [replace(row, seconds=0) for row in outcome.rows] == [replace(row, seconds=0) for row in undisturbed.rows]
    assert (teller.notes, teller.steps) == (["going on after epoch 4 of 4"], [])


def test_the_best_is_told_over_an_interruption(digits, judged):
    judged(0.1, 0.9, 0.6)
    store, teller = JsonStore(), Teller()
    with pytest.raises(Stopped):
        fine_tune(*training(tiny_network(), digits, epochs=2), store=store, watcher=StopAt(("epoch", 1)))
    outcome = fine_tune(*training(tiny_network(), digits, epochs=2), store=store, watcher=teller)
    assert teller.bests == [0.9]
    # What a stopped process took is told, once.
    assert outcome.earlier_seconds == outcome.rows[0].seconds > 0


def test_a_part_smaller_than_an_update_is_said(digits):
    teller = Teller()
    outcome = fine_tune(*training(tiny_network(), digits, epochs=1, batch_images=4096), watcher=teller)
    assert outcome.batch_images < 4096
    assert "images an update in place of 4096: the training part has" in teller.notes[0]


def test_the_seed_decides_everything_dropout_too(digits):
    """Keras draws a seed for a dropout that was given none, another in each process."""

    def trained(seed):
        network = tiny_network(dropout=0.5)
        tuned(network, digits, seed=seed, epochs=1, keep="last")
        return weights(network)

    first = trained(3)
    assert_same_bits(trained(3), first)
    assert not np.array_equal(trained(4)[0], first[0])


def test_a_proof_that_it_repeats_says_so_and_leaves_no_trace(digits):
    network, proven, teller = tiny_network(dropout=0.3), tiny_network(dropout=0.3), Teller()
    tuned(network, digits, epochs=1)
    fine_tune(*training(proven, digits, epochs=1), watcher=teller, proves_repeatable=True)
    assert teller.notes == ["the first 3 updates, made twice, gave the same bits"]
    assert_same_bits(weights(proven), weights(network))


class NoisyInputs(PixelInputs):
    """What some engines do: another last bit each time."""

    def training(self, rows):
        return self.pixels[TRAIN][rows] + np.random.default_rng().normal(0, 1e-3, (len(rows), 8, 8, 3))


def test_what_does_not_repeat_is_named_and_refused(digits):
    network = tiny_network()
    start = weights(network)
    _, part, recipe = training(network, digits)
    with pytest.raises(
        TrainingError, match=r"the same bits twice, got \d+ of \d+ arrays .*\(inputs of update 1, inputs"
    ):
        fine_tune(network, replace(part, inputs=NoisyInputs(digits.pixels)), recipe, proves_repeatable=True)
    assert_same_bits(weights(network), start)


@pytest.fixture
def memory(monkeypatch):
    """Have memory end in passes of more than so many images, from a pass on."""
    trained, kind = keras.Model.train_on_batch, memory_errors()[-1]
    says = "RESOURCE_EXHAUSTED: OOM when allocating tensor"
    error = kind(None, None, says) if keras.backend.backend() == "tensorflow" else kind(says)

    def limited(images, after=0):
        passes = iter(range(10_000))

        def train_on_batch(self, inputs, *more, **options):
            if next(passes) >= after and len(inputs) > images:
                raise error
            return trained(self, inputs, *more, **options)

        monkeypatch.setattr(keras.Model, "train_on_batch", train_on_batch)

    return limited


@pytest.mark.parametrize(("after", "told"), [(0, 1), (4, 2)])
def test_when_memory_ends_passes_are_halved_and_the_weights_stay(digits, memory, after, told):
    """120 images in updates of 40: from the first pass on, or from the second of the second epoch on."""
    choices = {"optimizer": "sgd", "learning_rate": 1e-3, "epochs": 2, "keep": "last"}
    network, halved, teller = tiny_network(), tiny_network(), Teller()
    tuned(network, digits, **choices)
    memory(10, after)
    outcome = fine_tune(*training(halved, digits, **choices), watcher=teller)
    assert (outcome.batch_images, outcome.accumulation_steps) == (10, 4)
    notes = [note for note in teller.notes if note.startswith("memory ended")]
    assert [note.split(" from here")[0] for note in notes] == [
        "memory ended: 20 images a pass",
        "memory ended: 10 images a pass",
    ]
    assert len(teller.notes) == 2 * told
    for ours, expected in zip(weights(halved), weights(network), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-5)


def test_what_smaller_passes_change_is_said_where_images_are_mixed(digits, memory):
    """Partners are of an image's own pass; without mixing nothing changes."""
    said = {}
    for alpha in (0.0, 0.4):
        teller = Teller()
        memory(20)
        fine_tune(*training(tiny_network(), digits, epochs=1, mixup_alpha=alpha), watcher=teller)
        (said[alpha],) = (note for note in teller.notes if note.startswith("memory ended"))
    assert said[0.0].endswith("so that the training stays what the recipe says")
    assert said[0.4].endswith("but that images are mixed with those of their own pass")


def test_no_memory_for_a_single_image_is_refused(digits, memory):
    memory(0)
    with pytest.raises(TrainingError, match="expected memory for a batch of at least 1 image, got none"):
        tuned(tiny_network(), digits, batch_images=2)


def test_another_failure_is_not_taken_for_memory(digits, monkeypatch):
    def failing(*_, **__):
        raise RuntimeError("INVALID_ARGUMENT: shapes")

    monkeypatch.setattr(keras.Model, "train_on_batch", failing)
    with pytest.raises(RuntimeError, match="shapes"):
        tuned(tiny_network(), digits)
