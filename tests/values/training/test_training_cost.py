"""Costs by hand: what slows a step down is named, minutes add up, and memory that ends is halved until it fits."""

import pytest

from lowres.values.training.training_cost import (
    StepSeconds,
    TrainingMinutes,
    judge_ended_memory,
    judge_memory,
    judge_minutes,
    judge_step,
    judge_step_memory,
)

GIB = 2**30


def test_where_the_time_of_a_step_goes_is_told():
    found = judge_step(StepSeconds(32, input=0.0004, augmentation=0.02, frozen=0.3, update=1.25))
    assert found.status == "PASS"
    assert found.measured == (
        "32 images: input 0.4 ms, augmentation 20.0 ms, frozen network 300.0 ms, update 1.2 s; "
        "the slowest is the update"
    )


@pytest.mark.parametrize(
    ("step", "slowest", "repair"),
    [
        (StepSeconds(32, 0.0, 1.01, 0.2, 0.8), "augmentation", "lighten [augmentation]"),
        (StepSeconds(32, 1.5, 0.1, 0.0, 1.0), "input", "this machine's own disk"),
    ],
)
def test_images_that_wait_to_be_made_ready_are_a_warning(step, slowest, repair):
    found = judge_step(step)
    assert found.status == "WARN"
    assert found.measured.endswith(f"the slowest is the {slowest}")
    assert repair in found.repair


def test_half_of_the_time_for_images_is_still_fine():
    assert judge_step(StepSeconds(32, 0.5, 0.5, 0.0, 1.0)).status == "PASS"


def test_minutes_add_up():
    minutes = TrainingMinutes(features=2.4, head=0.2, fine_tuning=21.3)
    assert minutes.total == pytest.approx(23.9)
    assert minutes.to_json() == {"features": 2.4, "head": 0.2, "fine_tuning": 21.3, "total": 23.9}
    assert judge_minutes(minutes).measured == (
        "about 24 min from here at most: features 2.4 min, heads 12 s, fine-tuning 21 min"
    )


@pytest.mark.parametrize(("busy_share", "status"), [(0.49, "PASS"), (0.5, "WARN"), (0.91, "WARN")])
def test_minutes_of_a_busy_machine_are_marked(busy_share, status):
    found = judge_minutes(TrainingMinutes(1, 0, 0), busy_share)
    assert found.status == status
    assert ("had the processor for" in found.measured) == (status == "WARN")


def test_a_training_of_nothing_new_says_so():
    assert judge_minutes(TrainingMinutes(0, 0, 0)).measured == "about 0 s from here at most: nothing"


@pytest.mark.parametrize(
    ("needed", "there", "status"),
    [(7, 10, "PASS"), (9, 10, "FAIL"), (9, 0, "PASS")],
)
def test_a_step_fits_or_not(needed, there, status):
    found = judge_step_memory(64, 2, needed * GIB, there * GIB)
    assert found.status == status


def test_of_a_step_in_which_memory_ended_training_makes_passes_that_fit():
    found = judge_ended_memory(64, 2, 16, GIB)
    assert found.status == "WARN"
    assert "16 images fit, so an update will be made of 8 passes of 16" in found.measured
    assert "fine_tuning.batch_images = 16 and fine_tuning.accumulation_steps = 8" in found.repair


def test_where_not_even_one_image_fits_nothing_can_be_trained():
    found = judge_ended_memory(64, 2, 0, GIB)
    assert (found.status, "not even one image fits" in found.measured) == ("FAIL", True)
    assert "network.input_pixels" in found.repair


def test_a_batch_is_halved_until_it_fits():
    # 80 % of 10 GiB hold a quarter of 30 GiB.
    found = judge_step_memory(64, 2, 30 * GIB, 10 * GIB)
    assert found.measured == "a batch of 64 keeps about 30.0 GiB for its gradients, there are 10.0 GiB"
    assert "fine_tuning.batch_images = 16 and fine_tuning.accumulation_steps = 8" in found.repair


@pytest.mark.parametrize("batch_images", [1, 8])
def test_one_image_that_does_not_fit_needs_another_network(batch_images):
    found = judge_step_memory(batch_images, 1, 100 * batch_images * GIB, 10 * GIB)
    assert found.status == "FAIL"
    assert "network.input_pixels" in found.repair


@pytest.mark.parametrize(
    ("peak", "coming", "there", "status"),
    [(5, 2, 10, "PASS"), (5, 4, 10, "WARN"), (0, 9, 10, "PASS"), (9, 0, 0, "PASS")],
)
def test_memory_of_the_whole_training(peak, coming, there, status):
    assert judge_memory(peak * GIB, coming * GIB, there * GIB).status == status
