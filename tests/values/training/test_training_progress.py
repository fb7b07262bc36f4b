"""Where a training stands comes back from JSON equal, and the best, the stop and the drop are told as epochs pass."""

from __future__ import annotations

import json

import pytest

from lowres.values.recipes.recipe_sections import FineTuning
from lowres.values.training.history import EpochRow
from lowres.values.training.training_progress import TrainingProgress

CHOICES = FineTuning(
    epochs=20, early_stopping_patience_epochs=3, plateau_patience_epochs=2, plateau_factor=0.1, schedule="plateau"
)


def row(epoch, accuracy, loss=1.0, seconds=2.0):
    return EpochRow("fine-tuning", epoch, "", 1e-4, 0.5, 0.8, loss, accuracy, seconds)


def through(accuracies, before=0.5, losses=None):
    """The progress after epochs of these validation accuracies, and which of them were the best yet."""
    progress, best = TrainingProgress.beginning(CHOICES, before), []
    for epoch, accuracy in enumerate(accuracies, start=1):
        loss = losses[epoch - 1] if losses else 1 / epoch
        progress, is_best = progress.after(row(epoch, accuracy, loss), [0.9, 0.7], 2 * epoch)
        best.append(is_best)
    return progress, best


def test_epochs_updates_and_losses_add_up():
    progress, _ = through([0.6, 0.7, 0.8])
    assert (progress.epoch, progress.update, len(progress.rows)) == (3, 6, 3)
    assert progress.losses == (0.9, 0.7) * 3


@pytest.mark.parametrize(
    ("accuracies", "best_epoch", "told"),
    [
        ([0.4, 0.3], 0, [False, False]),
        ([0.5, 0.5], 0, [False, False]),
        ([0.6, 0.55, 0.7], 3, [True, False, True]),
        ([0.6, 0.6], 1, [True, False]),
        ([float("nan"), 0.6], 2, [False, True]),
    ],
)
def test_the_best_is_the_first_of_the_highest_the_network_as_it_came_counted(accuracies, best_epoch, told):
    progress, best = through(accuracies)
    assert (progress.best.best_epoch, best) == (best_epoch, told)


def test_it_stops_after_three_epochs_that_were_no_better():
    assert not through([0.6, 0.5, 0.5])[0].is_stopped
    assert through([0.6, 0.5, 0.5, 0.5])[0].is_stopped
    # The network before training does not count: the first epochs may be worse.
    assert not through([0.1, 0.2, 0.3, 0.4])[0].is_stopped


def test_the_rate_drops_after_two_epochs_without_a_lower_loss():
    assert through([0.6] * 2, losses=[1, 1.1])[0].plateau.scale == 1
    assert through([0.6] * 3, losses=[1, 1.1, 1.2])[0].plateau.scale == 0.1


@pytest.mark.parametrize("epochs", [0, 1, 4])
def test_it_comes_back_from_json_equal_and_goes_on_alike(epochs):
    progress, _ = through([0.6, 0.5, 0.55, 0.52][:epochs])
    again = TrainingProgress.from_json(json.loads(json.dumps(progress.to_json())))
    assert again == progress
    following = row(epochs + 1, 0.51, 0.3)
    assert again.after(following, [0.1], 99) == progress.after(following, [0.1], 99)


def test_the_row_that_is_kept_is_marked():
    progress, _ = through([0.6, 0.7])
    assert [one.is_kept for one in progress.with_kept(1)] == [True, False]
    assert [one.is_kept for one in progress.with_kept(0)] == [False, False]


def test_the_time_left_is_that_of_the_last_three_epochs():
    progress = TrainingProgress.beginning(CHOICES, 0.5)
    assert progress.seconds_left(20) == 0
    for epoch, seconds in enumerate([100, 2, 50, 3], start=1):
        progress, _ = progress.after(row(epoch, 0.6, seconds=seconds), [1.0], epoch)
    assert progress.seconds_left(20) == 3 * 16
