"""A small network learns; one that was stopped ends where it would have; a fault is named; memory may end."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow

from lowres.errors import TrainingError
from lowres.networks.fine_tuning import SilentWatcher, TrainingPart, fine_tune
from lowres.networks.run_state import MemoryStore
from lowres.networks.trainable_network import trainable_network
from lowres.values.recipe import Recipe

TRAIN, VALIDATION = 300, 100
CHOICES = {
    "epochs": 4,
    "batch_images": 32,
    "learning_rate": 5e-3,
    "schedule": "cosine",
    "weight_averaging": 0.9,
    "mixup_alpha": 0.2,
    "label_smoothing": 0.05,
    "weight_decay": 0.01,
}


class Pixels:
    """Digits as they are, the same in every epoch."""

    def __init__(self, pixels):
        self._train, self._validation = pixels[:TRAIN], pixels[TRAIN : TRAIN + VALIDATION]

    def begin(self, epoch, order):
        pass

    def training(self, rows):
        return self._train[rows]

    def validation(self, rows):
        return self._validation[rows]


def small_network(seed=5):
    """A trunk with BatchNorm and a head with dropout: everything that could make a second run differ."""
    draw = iter(range(seed, seed + 20))

    def weights():
        return keras.initializers.GlorotUniform(seed=next(draw))

    pixels = keras.Input((8, 8, 3), dtype="uint8", name="pixels")
    x = keras.layers.Rescaling(1 / 127.5, -1.0, name="scaling")(pixels)
    x = keras.layers.Conv2D(8, 3, padding="same", kernel_initializer=weights(), name="one_conv")(x)
    x = keras.layers.BatchNormalization(name="one_bn")(x)
    x = keras.layers.ReLU(name="one_relu")(x)
    x = keras.layers.Conv2D(16, 3, strides=2, kernel_initializer=weights(), name="two_conv")(x)
    x = keras.layers.BatchNormalization(name="two_bn")(x)
    trunk = keras.Model(pixels, keras.layers.ReLU(name="two_relu")(x), name="trunk")
    feature_map = keras.Input(trunk.output_shape[1:])
    y = keras.layers.Flatten()(feature_map)
    y = keras.layers.Dropout(0.2, seed=3)(y)
    head = keras.Model(feature_map, keras.layers.Dense(10, kernel_initializer=weights(), name="logits")(y), name="head")
    return trainable_network(trunk, head, "")


def recipe(seed=0, network=None, **choices):
    sections = {"fine_tuning": CHOICES | choices, "network": network or {}}
    return Recipe.model_validate({"name": "test", "seed": seed, **sections})


def values(network):
    return [np.array(keras.ops.convert_to_numpy(one.value)) for one in network.trained]


@pytest.fixture(scope="module")
def part(digits):
    labels = digits.labels
    return TrainingPart(Pixels(digits.pixels), labels[:TRAIN], labels[TRAIN : TRAIN + VALIDATION], 10)


@pytest.fixture(scope="module")
def never_stopped(part):
    network = small_network()
    return fine_tune(network, part, recipe()), values(network)


class Stop(Exception):
    pass


class StopsAfter(SilentWatcher):
    """Stops a training like a kill would: after an epoch was kept, or in the middle of the next."""

    def __init__(self, epoch, updates_later):
        self._epoch, self._updates_later = epoch, updates_later

    def step(self, epoch, done, total):
        if (epoch, done) == (self._epoch + 1, self._updates_later):
            raise Stop


def test_learns_what_it_can(never_stopped):
    outcome, _ = never_stopped
    assert [row.epoch for row in outcome.rows] == [1, 2, 3, 4]
    assert outcome.kept_validation_accuracy > 0.8
    assert outcome.rows[-1].loss < outcome.rows[0].loss
    assert outcome.rows[outcome.kept_epoch - 1].is_kept
    assert sum(row.is_kept for row in outcome.rows) == 1


@pytest.mark.parametrize(("epoch", "updates_later"), [(0, 1), (1, 4), (3, 9)])
def test_stopped_anywhere_it_ends_with_the_weights_of_the_one_never_stopped(part, never_stopped, epoch, updates_later):
    store = MemoryStore()
    with pytest.raises(Stop):
        fine_tune(small_network(), part, recipe(), store=store, watcher=StopsAfter(epoch, updates_later))
    network = small_network()
    outcome = fine_tune(network, part, recipe(), store=store)
    expected_outcome, expected = never_stopped
    for found, value in zip(values(network), expected, strict=True):
        np.testing.assert_array_equal(found, value)
    judged = [(row.epoch, row.loss, row.validation_accuracy, row.is_kept) for row in outcome.rows]
    assert judged == [(row.epoch, row.loss, row.validation_accuracy, row.is_kept) for row in expected_outcome.rows]


def test_another_seed_ends_elsewhere(part, never_stopped):
    network = small_network()
    fine_tune(network, part, recipe(seed=1, epochs=1))
    assert any(
        np.abs(found - value).max() > 1e-3 for found, value in zip(values(network), never_stopped[1], strict=True)
    )


def test_statistics_stand_still_and_everything_else_moves(part):
    network = small_network()
    frozen = [np.array(keras.ops.convert_to_numpy(one.value)) for one in network.frozen]
    before = values(network)
    fine_tune(network, part, recipe(epochs=1, keep="last"))
    for variable, value in zip(network.frozen, frozen, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable.value), value, err_msg=variable.path)
    assert len(network.frozen) == 4
    for found, value, variable in zip(values(network), before, network.trained, strict=True):
        assert np.abs(found - value).max() > 0, variable.path


def test_a_network_that_training_only_spoils_stays_as_it_was(part):
    network = small_network()
    fine_tune(network, part, recipe(keep="last"))
    good = values(network)
    outcome = fine_tune(network, part, recipe(epochs=1, learning_rate=0.3, weight_averaging=0.0, optimizer="adam"))
    assert outcome.kept_epoch == 0
    assert not any(row.is_kept for row in outcome.rows)
    for found, value in zip(values(network), good, strict=True):
        np.testing.assert_array_equal(found, value)


def test_stops_early_and_keeps_the_best(part):
    network = small_network()
    choices = {"epochs": 30, "early_stopping_patience_epochs": 2, "schedule": "constant", "learning_rate": 0.02}
    outcome = fine_tune(network, part, recipe(**choices))
    assert outcome.stopped_early
    accuracies = [row.validation_accuracy for row in outcome.rows]
    assert outcome.kept_epoch == int(np.argmax(accuracies)) + 1 == len(accuracies) - 2


def test_nothing_to_learn_is_named_with_the_likeliest_cause_first(part):
    network = small_network()
    network.trained[-2].assign(np.zeros(network.trained[-2].shape))
    choices = {"epochs": 30, "learning_rate": 1e-9, "optimizer": "sgd", "mixup_alpha": 0.0, "label_smoothing": 0.0}
    scaled_twice = recipe(network={"scaling": "unit-then-contract"}, **choices)
    with pytest.raises(TrainingError, match=r"(?s)stuck at chance: mean loss 2\.30.*1\. pixels scaled twice"):
        fine_tune(network, part, scaled_twice)


def test_a_loss_that_is_no_number_stops_at_once(part):
    network = small_network()
    network.trained[-1].assign(np.full(network.trained[-1].shape, np.nan))
    with pytest.raises(TrainingError, match=r"diverged: loss nan in step 1"):
        fine_tune(network, part, recipe())


def test_when_memory_ends_passes_are_halved_and_the_training_stays_the_same(part, monkeypatch):
    # Without mixing and dropout, which are drawn a pass at a time, the arithmetic is the same but for its order.
    choices = {"mixup_alpha": 0.0, "weight_averaging": 0.0, "epochs": 2, "keep": "last", "optimizer": "sgd"}
    whole = small_network()
    _without_dropout(whole)
    fine_tune(whole, part, recipe(**choices))
    halved, watcher = small_network(), Notes()
    _without_dropout(halved)
    real = keras.Model.train_on_batch

    def limited(self, inputs, *arguments, **options):
        if len(inputs) > 8:
            raise tensorflow.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
        return real(self, inputs, *arguments, **options)

    monkeypatch.setattr(keras.Model, "train_on_batch", limited)
    outcome = fine_tune(halved, part, recipe(**choices), watcher=watcher)
    assert (outcome.batch_images, outcome.accumulation_steps) == (8, 4)
    assert [note.split(":")[1].split(",")[0] for note in watcher.notes] == [" 16 images a pass from here on"] + [
        " 8 images a pass from here on"
    ]
    for found, value in zip(values(halved), values(whole), strict=True):
        np.testing.assert_allclose(found, value, rtol=2e-3, atol=2e-5)


class Notes(SilentWatcher):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def _without_dropout(network):
    for layer in network.model._flatten_layers():
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
