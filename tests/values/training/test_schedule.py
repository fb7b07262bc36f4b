"""Durations by hand, the cosine by Keras."""

import pytest

from lowres.errors import TrainingError
from lowres.values.recipes.recipe_sections import FineTuning
from lowres.values.training.schedule import (
    Schedule,
    TrainingLength,
    fine_tuning_length,
    fine_tuning_schedule,
    layer_scales,
    pixels_in_epoch,
    still_blocks,
    work_of_a_pass,
)


def test_length_of_the_described_training():
    length = TrainingLength(images=8000, batch_images=32, epochs=30)
    assert (length.steps_per_epoch, length.updates_per_epoch, length.updates) == (250, 250, 7500)


@pytest.mark.parametrize(
    ("images", "batch", "accumulation", "steps", "updates"),
    [(100, 32, 1, 4, 4), (96, 32, 1, 3, 3), (100, 32, 3, 4, 2), (5, 32, 4, 1, 1)],
)
def test_uneven_lengths(images, batch, accumulation, steps, updates):
    length = TrainingLength(images, batch, 2, accumulation)
    assert (length.steps_per_epoch, length.updates_per_epoch, length.updates) == (steps, updates, 2 * updates)


def test_halving_keeps_the_images_of_an_update():
    length = TrainingLength(8000, 32, 30).halved()
    assert (length.batch_images, length.accumulation_steps, length.updates) == (16, 2, 7500)
    with pytest.raises(
        TrainingError, match=r"expected memory for a batch of at least 1 image, got none; try a smaller"
    ):
        TrainingLength(10, 1, 1).halved()


@pytest.mark.parametrize(("batch", "fewer"), [(25, 5), (27, 9), (50, 25), (31, 1)])
def test_an_odd_number_of_images_is_divided_so_that_an_update_holds_as_many(batch, fewer):
    whole = TrainingLength(8000, batch, 3, 2)
    parts = whole.halved()
    assert parts.batch_images == fewer
    assert parts.batch_images * parts.accumulation_steps == 2 * batch
    assert parts.updates == whole.updates


@pytest.mark.parametrize("values", [(0, 32, 1, 1), (10, 0, 1, 1), (10, 2, -1, 1), (10, 2, 1, 0)])
def test_impossible_lengths(values):
    with pytest.raises(TrainingError, match=r"expected at least 1 image, batch_images and accumulation_steps"):
        TrainingLength(*values)


def test_warm_up_and_cosine_by_hand():
    schedule = Schedule("cosine", peak=0.8, updates=12, warmup_updates=4)
    assert [schedule.learning_rate(update) for update in range(4)] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert schedule.learning_rate(4) == pytest.approx(0.8)
    assert schedule.learning_rate(8) == pytest.approx(0.4)
    assert schedule.learning_rate(11) > 0
    assert schedule.learning_rate(12) == 0
    assert schedule.learning_rate(50) == 0


def test_cosine_is_keras():
    import keras

    schedule = Schedule("cosine", peak=3e-4, updates=90, warmup_updates=20)
    theirs = keras.optimizers.schedules.CosineDecay(3e-4, decay_steps=70)
    expected = [float(theirs(update)) for update in range(70)]
    assert [schedule.learning_rate(update + 20) for update in range(70)] == pytest.approx(expected, rel=1e-4, abs=1e-10)


def test_constant_and_plateau():
    assert [Schedule("constant", 0.1, 9).learning_rate(update, 0.5) for update in (0, 8, 20)] == [0.1, 0.1, 0.1]
    plateau = Schedule("plateau", 0.1, 9, warmup_updates=2)
    assert [plateau.learning_rate(update, 0.5) for update in (0, 1, 2)] == [0.05, 0.1, 0.05]
    # Only the schedule that is named after it listens to the plateau.
    assert Schedule("cosine", 0.1, 9).learning_rate(0, 0.5) == 0.1


def test_steps_of_the_residual_networks_paper():
    """He et al. 2016: 0.1, divided by 10 at 32,000 and 48,000 of 64,000 updates."""
    schedule = Schedule("steps", 0.1, 64_000)
    found = [schedule.learning_rate(update) for update in (0, 31_999, 32_000, 47_999, 48_000, 63_999)]
    assert found == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


def test_blocks_stand_still_from_below():
    """Five blocks over ten epochs, from the fifth on one more a tenth of the whole."""
    choices = FineTuning(epochs=10, freeze_from_fraction=0.5)
    assert [still_blocks(choices, 5, epoch) for epoch in range(10)] == [0, 0, 0, 0, 0, 0, 1, 2, 3, 4]
    assert still_blocks(choices, 5, 10) == 4
    assert still_blocks(FineTuning(epochs=10), 5, 9) == 0
    assert still_blocks(choices, 0, 9) == 0


def test_images_grow_in_equal_shares():
    choices = FineTuning(epochs=6, progressive_pixels=(16, 24))
    assert [pixels_in_epoch(choices, epoch) for epoch in range(6)] == [16, 16, 24, 24, None, None]
    assert pixels_in_epoch(FineTuning(epochs=6), 0) is None
    # A quarter, nine sixteenths and all of the work of 32 pixels.
    assert work_of_a_pass(choices, 32) == pytest.approx((0.25 + 0.5625 + 1) / 3)
    assert work_of_a_pass(FineTuning(sharpness_radius=0.1), 32) == 2


def test_updates_count_from_nought():
    with pytest.raises(TrainingError, match=r"expected an update counted from 0, got -1"):
        Schedule("constant", 0.1, 9).learning_rate(-1)


def test_fine_tuning_in_all_units():
    choices = FineTuning(
        epochs=10, batch_images=64, accumulation_steps=2, learning_rate=6e-4, schedule="cosine", warmup_fraction=0.1
    )
    length = fine_tuning_length(choices, 8000)
    assert (length.steps_per_epoch, length.updates_per_epoch, length.updates) == (125, 63, 630)
    assert fine_tuning_schedule(choices, length) == Schedule("cosine", 6e-4, 630, 63)


@pytest.mark.parametrize(
    ("images", "size", "steps", "fitting"),
    [
        (64, 64, 1, (64, 1)),
        (128, 64, 2, (64, 2)),
        (63, 64, 1, (16, 1)),
        (127, 64, 2, (32, 1)),
        (9, 64, 1, (4, 1)),
        (2, 7, 1, (7, 1)),
        (3, 9, 1, (4, 1)),
    ],
)
def test_a_part_smaller_than_an_update_gets_smaller_passes(images, size, steps, fitting):
    length = fine_tuning_length(FineTuning(epochs=2, batch_images=size, accumulation_steps=steps), images)
    assert (length.batch_images, length.accumulation_steps) == fitting


def test_layer_scales():
    assert layer_scales(3, 0.5) == (0.125, 0.25, 0.5)
    assert layer_scales(2, 1.0) == (1.0, 1.0)
    assert layer_scales(0, 0.5) == ()


def test_linear_falls_evenly_from_the_peak_to_nothing():
    schedule = Schedule("linear", 0.8, updates=10, warmup_updates=2)
    rates = [schedule.learning_rate(update) for update in range(10)]
    assert rates == pytest.approx([0.4, 0.8, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    assert schedule.learning_rate(12) == 0
