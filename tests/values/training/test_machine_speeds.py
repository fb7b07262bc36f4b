"""What a recipe costs at given speeds is what one reckons by hand."""

import pytest

from lowres.values.recipes.recipe import recipe_from_data
from lowres.values.training.machine_speeds import RecipeSpeeds, recipe_cost

SPEEDS = RecipeSpeeds({"openvino": 100.0, "keras": 50.0}, 80.0, training=40.0, below=200.0, heads_seconds=30.0)


def cost(speeds=SPEEDS, **sections):
    return recipe_cost(recipe_from_data({"name": "by hand", **sections}, "a test"), speeds)


def test_a_frozen_recipe():
    """8,000 images twice (mirrored too) and 2,000 once, then 2,000 and 10,000 predicted."""
    found = cost(RecipeSpeeds({"openvino": 100.0}, 80.0, heads_seconds=30.0))
    assert (found.training_images, found.training) == (8000, 0)
    assert found.frozen_phase == pytest.approx((18_000 / 100 + 30) / 60)
    assert found.prediction == pytest.approx(12_000 / 100 / 60)
    assert found.total == pytest.approx(found.frozen_phase + found.prediction)


def test_views_take_the_place_of_mirrored_images():
    found = cost(augmentation={"shift_pixels": 2}, frozen_phase={"views": 3})
    assert found.frozen_phase == pytest.approx(((4 * 8000 + 2000) / 100 + 30) / 60)


def test_fine_tuning_twice_on_two_of_five_views():
    """Two members, five epochs: updates, a third of one for validation, and the part below for two views only."""
    tuning = {"epochs": 5, "views": 2, "members": 2, "from_layer": "blocks_1"}
    found = cost(fine_tuning=tuning, test_time={"flips": True})
    assert found.training == pytest.approx(2 * (5 * (8000 / 40 + 2000 / 120) + 18_000 / 200) / 60)
    assert found.prediction == pytest.approx((2000 + 20_000) / 100 / 60)


def test_from_scratch_on_all_images_with_six_views():
    sections = {"split": {"pool_images": 0, "validation_fraction": 0.1}, "head": {"kinds": ["published"]}}
    tuning, views = {"epochs": 3}, {"flips": True, "shifts": True}
    found = cost(RecipeSpeeds({"keras": 50.0}, 10.0, training=40.0), fine_tuning=tuning, test_time=views, **sections)
    assert (found.training_images, found.frozen_phase) == (45_000, 0)
    assert found.training == pytest.approx(3 * (45_000 / 40 + 5000 / 120) / 60)
    assert found.to_json()["prediction"] == round(65_000 / 50 / 60, 2)


def test_training_anew_and_a_student_are_counted():
    tuning = {"epochs": 2, "keep": "last"}
    once = cost(fine_tuning=tuning).training
    anew = cost(fine_tuning=tuning | {"retrain_on_all": True}).training
    # 10,000 images twice, 2,000 judged at a third of a step, both fetched from below the cut.
    assert anew - once == pytest.approx((2 * (10_000 / 40 + 2000 / 120) + (2 * 10_000 + 2000) / 200) / 60)
    taught = cost(fine_tuning=tuning, self_training={"epochs": 3}, test_time={"flips": True}).training
    plain = cost(fine_tuning=tuning, test_time={"flips": True}).training
    own = 3 * (48_000 / 40 + 2000 / 120) + (3 * 48_000 + 2000) / 200
    assert taught - plain == pytest.approx((2 * 40_000 / 100 + own) / 60)
