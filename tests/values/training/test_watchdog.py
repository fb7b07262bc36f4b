"""A training that does not learn is named with its figures; one that does is left alone."""

import numpy as np
import pytest

from lowres.errors import TrainingError
from lowres.values.recipes.recipe import Recipe
from lowres.values.training.watchdog import chance_loss, watch

EVEN = np.full(10, 200)
LN_10 = 2.302585


def losses(level, steps=300, noise=0.02):
    return level + np.random.default_rng(0).normal(0, noise, steps)


def one_class(share, classes=10, images=9000):
    counts = np.full(classes, round(images * (1 - share) / (classes - 1)))
    counts[3] += images - counts.sum()
    return counts


def recipe(**sections):
    return Recipe.model_validate({"name": "test"} | sections)


def test_a_run_that_learns_is_healthy():
    seen = watch(np.linspace(2.4, 0.9, 300), np.array([150, 250] * 5), EVEN)
    assert (seen.health, seen.causes) == ("healthy", ())


def test_a_loss_at_chance_is_stuck():
    seen = watch(losses(LN_10), np.array([150, 250] * 5), EVEN)
    assert seen.health == "stuck at chance"
    assert seen.measured.startswith("mean loss 2.29")
    assert "in the last 100 steps, chance is 2.3026" in seen.measured
    assert len(seen.causes) > 4


@pytest.mark.parametrize(
    ("level", "health"),
    [(1.012, "healthy"), (1.008, "stuck at chance"), (0.992, "stuck at chance"), (0.988, "healthy")],
)
def test_chance_is_one_percent_wide(level, health):
    assert watch(losses(LN_10 * level, noise=0.001), EVEN, EVEN).health == health


def test_only_the_last_half_of_the_steps_counts():
    assert watch([LN_10] * 200 + [1.0] * 100, EVEN, EVEN).health == "healthy"
    assert watch([1.0] * 200 + [LN_10] * 100, EVEN, EVEN).health == "stuck at chance"


def test_patience():
    seen = watch([LN_10] * 199, one_class(1.0), EVEN)
    assert (seen.health, seen.measured) == ("healthy", "199 of 200 steps before the first judgement")
    assert watch([LN_10] * 200, EVEN, EVEN).health == "stuck at chance"
    assert watch([LN_10] * 199, EVEN, EVEN, after_steps=50).health == "stuck at chance"
    assert watch([], EVEN, EVEN).health == "healthy"


@pytest.mark.parametrize(("share", "health"), [(0.94, "healthy"), (0.97, "one class")])
def test_one_class_for_nearly_everything(share, health):
    seen = watch(losses(1.9), one_class(share), EVEN)
    assert seen.health == health
    assert f"{share:.1%} of the predictions are class 3, 10.0% of the images are" in seen.measured


def test_a_class_that_is_that_common_may_be_predicted_that_often():
    assert watch(losses(0.3), np.array([980, 20]), np.array([900, 100])).health == "healthy"
    assert watch(losses(0.6), np.array([980, 20]), np.array([600, 400])).health == "one class"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_counts_at_once(bad):
    seen = watch([2.3, 2.2, bad, 2.1], np.zeros(10, int), EVEN)
    assert (seen.health, seen.measured) == ("diverged", f"loss {bad} in step 3")
    assert "a learning rate that is too high" in seen.causes[0]
    assert not any("scaled twice" in cause for cause in seen.causes)


def test_focal_loss_has_another_chance():
    # Equal probabilities p: -(1 - p)^gamma ln p.
    assert chance_loss(10) == pytest.approx(LN_10)
    assert chance_loss(4, 2.0) == pytest.approx(0.75**2 * np.log(4))
    level = chance_loss(10, 2.0)
    assert watch(losses(level), EVEN, EVEN, chance=level).health == "stuck at chance"
    assert watch(losses(level), EVEN, EVEN).health == "healthy"


@pytest.mark.parametrize(
    ("sections", "first"),
    [
        ({"network": {"scaling": "unit-then-contract"}}, "pixels scaled twice"),
        ({"network": {"input_pixels": 32}}, "an input too small"),
        ({"fine_tuning": {"epochs": 5, "learning_rate": 0.1}}, "a learning rate that is too high"),
        (
            {"fine_tuning": {"epochs": 5, "learning_rate": 1e-8}},
            "nothing that trains, or a learning rate that is too low",
        ),
        ({"fine_tuning": {"normalisation": "training"}}, "BatchNorm statistics"),
        ({"augmentation": {"policy": "trivial"}}, "augmentation that leaves nothing"),
    ],
)
def test_the_recipe_ranks_the_causes(sections, first):
    plain = watch(losses(LN_10), EVEN, EVEN).causes
    ranked = watch(losses(LN_10), EVEN, EVEN, recipe=recipe(**sections)).causes
    assert ranked[0].startswith(first)
    assert sorted(ranked) == sorted(plain)


def test_causes_name_keys_that_exist():
    import re

    from lowres.values.recipes.recipe import field_keys

    texts = [watch([np.nan], EVEN, EVEN).causes, watch(losses(1.9), one_class(1.0), EVEN).causes]
    texts.append(watch(losses(LN_10), EVEN, EVEN).causes)
    named = set(re.findall(r"\b[a-z_]+\.[a-z_]+\b", " ".join(sum(texts, ()))))
    assert named <= set(field_keys())
    assert "network.scaling" in named


@pytest.mark.parametrize(
    ("predicted", "true"), [(np.ones(3, int), np.ones(2, int)), (np.ones(1, int), np.ones(1, int))]
)
def test_counts_of_different_classes_are_refused(predicted, true):
    with pytest.raises(TrainingError, match=r"expected how often each of at least two classes was predicted and was"):
        watch([1.0], predicted, true)
