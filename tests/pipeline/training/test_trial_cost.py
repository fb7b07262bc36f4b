"""What a training will cost is counted by hand: passes through the trunk, steps, and views that are made only once."""

from types import SimpleNamespace

import numpy as np
import pytest

from lowres.pipeline.training import trial_cost as room
from lowres.pipeline.training.trial_cost import TrialCost
from lowres.values.recipes.recipe import recipe_from_data
from lowres.values.training.training_cost import StepSeconds

TRAIN, VALIDATION, CHANNELS = 100, 50, 8


class Inputs:
    """What the trained part is fed, of which one pass in all epochs is kept."""

    passes = 1

    def of_pixels(self, pixels):
        return pixels


def cost(cached=0, inputs=None, update=None, **sections):
    """The cost of a recipe on 100 training images of which so many have features already."""
    recipe = recipe_from_data({"name": "test", **sections}, "the test")
    run = SimpleNamespace(
        recipe=recipe,
        split=SimpleNamespace(train=np.arange(TRAIN), validation=np.arange(VALIDATION)),
        images=SimpleNamespace(pixels=np.zeros((200, 8, 8, 3), np.uint8), class_names=("a", "b")),
        features=SimpleNamespace(
            missing_images=lambda rows, flipped=False: max(0, len(rows) - cached),
            extractor=SimpleNamespace(feature_shape=(CHANNELS,), extract=lambda pixels: pixels),
        ),
        study=SimpleNamespace(ledger=SimpleNamespace(stages={})),
    )
    return TrialCost(run, np.zeros((64, 8, 8, 3), np.uint8), inputs, update)


@pytest.fixture
def a_second_each(monkeypatch):
    """Every measured piece of work takes a second."""
    monkeypatch.setattr(room, "_seconds", lambda work: work() is None or 1.0)


@pytest.mark.parametrize(
    ("cached", "sections", "passes"),
    [
        (0, {"features": {"flipped_views": "never"}}, 150),
        (0, {}, 250),
        (30, {}, 70 + 20 + 70),
        (1000, {}, 0),
        (1000, {"frozen_phase": {"views": 3}, "augmentation": {"shift_pixels": 1}}, 300),
    ],
)
def test_features_cost_the_passes_that_no_cache_has(a_second_each, cached, sections, passes):
    # A second for 32 images.
    assert cost(cached, **sections).minutes.features == pytest.approx(passes / 32 / 60)


def test_a_second_phase_costs_its_steps_and_its_judgements():
    found = cost(inputs=Inputs(), update=0.6, fine_tuning={"epochs": 4, "batch_images": 25})
    found.__dict__["step"] = StepSeconds(25, 0.1, 0.1, 0.2, 0.6)
    found.__dict__["_below_seconds"] = 0.01
    # Four epochs of four steps, and of two validation batches at a third of an update; the validation part once.
    assert found.minutes.fine_tuning == pytest.approx((4 * (4 * 1.0 + 2 * 0.6 / 3) + 50 * 0.01) / 60)


def test_several_networks_cost_as_often():
    choices = {"epochs": 4, "batch_images": 25}
    alone, both = (cost(inputs=Inputs(), update=0.6, fine_tuning=choices | {"members": members}) for members in (1, 2))
    for found in (alone, both):
        found.__dict__["step"] = StepSeconds(25, 0.1, 0.1, 0.2, 0.6)
    assert both.minutes.fine_tuning == pytest.approx(2 * alone.minutes.fine_tuning, rel=1e-3)


def test_training_anew_on_both_parts_costs_another_training():
    choices = {"epochs": 4, "batch_images": 25, "keep": "last"}
    once, anew = (
        cost(inputs=Inputs(), update=0.6, fine_tuning=choices | {"retrain_on_all": flag}) for flag in (False, True)
    )
    for found in (once, anew):
        found.__dict__["step"] = StepSeconds(25, 0.1, 0.1, 0.2, 0.6)
        found.__dict__["_below_seconds"] = 0.01
    # Six steps an epoch in place of four.
    more = 4 * (6 * 1.0 + 2 * 0.6 / 3) + 50 * 0.01
    assert anew.minutes.fine_tuning - once.minutes.fine_tuning == pytest.approx(more / 60)


def test_a_student_costs_its_teachers_answers_and_its_own_epochs():
    sections = {"fine_tuning": {"epochs": 4, "batch_images": 25}, "test_time": {"flips": True}}
    alone, taught = (
        cost(inputs=Inputs(), update=0.6, **sections, self_training={"epochs": epochs}) for epochs in (0, 3)
    )
    for found in (alone, taught):
        found._run.unlabelled = range(150)
        found.__dict__["step"] = StepSeconds(25, 0.1, 0.1, 0.2, 0.6)
        found.__dict__["_below_seconds"] = 0.01
        found.__dict__["_frozen_seconds"] = 0.05
    # Each of 150 named twice; then three epochs of ten steps and two batches to judge.
    more = 2 * 150 * 0.05 + 3 * (10 * 1.0 + 2 * 0.6 / 3) + 50 * 0.01
    assert taught.minutes.fine_tuning - alone.minutes.fine_tuning == pytest.approx(more / 60)


def test_views_that_are_kept_count_for_their_share_of_an_epoch(a_second_each):
    choices = {"fine_tuning": {"epochs": 4, "batch_images": 32}, "augmentation": {"shift_pixels": 1}}
    step = cost(inputs=Inputs(), update=0.5, **choices).step
    assert (step.batch_images, step.input, step.augmentation, step.update) == (32, 1.0, 0.25, 0.5)
    # A second for the 64 images of the trial.
    assert step.frozen == pytest.approx(0.5 / 4)


def test_without_a_second_phase_a_step_is_a_pass_through_the_trunk(a_second_each):
    step = cost().step
    assert (step.batch_images, step.augmentation, step.frozen, step.update) == (32, 0.0, 1.0, 0.0)


def test_a_dense_head_costs_its_epochs(a_second_each, monkeypatch):
    from lowres.networks.probes import head_cost

    monkeypatch.setattr(head_cost, "dense_step_seconds", lambda channels, classes, batch_images: 0.5)
    head = {"kinds": ["dense"], "epochs": 3, "batch_images": 20}
    assert cost(head=head, features={"flipped_views": "never"}).minutes.head == pytest.approx(3 * 5 * 0.5 / 60)
    # With mirrored images, where validation is to choose, and without them.
    assert cost(head=head).minutes.head == pytest.approx(3 * 15 * 0.5 / 60)


def test_memory_to_come_is_that_of_the_features(a_second_each, monkeypatch):
    monkeypatch.setattr("lowres.files.machine.peak_memory_bytes", lambda: 2**30)
    found = cost(features={"flipped_views": "never"}, network={"backbone": "tiny-conv"}).memory()
    # Three copies of 100 rows of 8 numbers of 4 bytes are nothing beside a GiB.
    assert found.measured.startswith("1.0 GiB so far, 0 MiB of features to come, of ")
