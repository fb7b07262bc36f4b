"""Recipes survive TOML, name the key they complain of, and cannot be changed in place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from lowres.errors import RecipeError
from lowres.values.recipes.recipe import Recipe, field_keys, nearest, parse_recipe, recipe_to_toml

TEXT = st.text(st.characters(codec="utf-8"))
RECIPES = st.builds(
    lambda name, about, seed, pool, target, strengths, kinds: Recipe.model_validate(
        {
            "name": name,
            "about": about,
            "seed": seed,
            "split": {"pool_images": pool},
            "head": {"regularisations": strengths, "kinds": kinds},
            "evaluation": {"target_accuracy": target},
        }
    ),
    TEXT,
    TEXT,
    st.integers(0, 2**32 - 1),
    st.none() | st.integers(0, 10**9),
    st.none() | st.floats(0, 1, exclude_min=True),
    st.lists(st.floats(0, 1e300, exclude_min=True), min_size=1, max_size=4),
    st.lists(st.sampled_from(["linear", "lda", "dense"]), min_size=1),
)


@settings(deadline=None, max_examples=60, database=None)
@given(RECIPES)
def test_toml_brings_back_an_equal_recipe(recipe):
    assert parse_recipe(recipe_to_toml(recipe), "there and back") == recipe


def test_customary_split_of_the_described_system():
    recipe = parse_recipe('name = "plain"', "plain.toml")
    assert (recipe.split.seed, recipe.split.validation_fraction, recipe.split.pool_images) == (42, 0.2, None)


def test_the_frozen_phase_has_views_where_there_is_something_to_see():
    recipe = parse_recipe('name = "plain"', "plain.toml")
    for said, views in (
        ({"frozen_phase.views": "4"}, 0),
        ({"frozen_phase.views": "4", "augmentation.shift_pixels": "2"}, 4),
        ({"augmentation.shift_pixels": "2"}, 0),
        # Whether images may be mirrored is decided after the frozen phase.
        ({"frozen_phase.views": "4", "augmentation.flip": "auto"}, 0),
    ):
        assert recipe.with_settings(said).augmented_frozen_views == views
    both = recipe.with_settings({"augmentation.flip": "auto", "augmentation.shift_pixels": "2"})
    assert (both.frozen_augmentation.flip, both.frozen_augmentation.shift_pixels) == ("none", 2)
    assert both.augmentation.flip == "auto"


def test_settings_change_a_copy():
    recipe = parse_recipe('name = "plain"', "plain.toml")
    changed = recipe.with_settings(
        {
            "network.backbone": "resnet50",
            "network.input_pixels": "160",
            "head.kinds": '["lda"]',
            "evaluation.target_accuracy": "0.65",
        }
    )
    assert (changed.network.backbone, changed.network.input_pixels) == ("resnet50", 160)
    assert (changed.head.kinds, changed.evaluation.target_accuracy) == (("lda",), 0.65)
    assert recipe.network.input_pixels == 224
    assert recipe.evaluation.target_accuracy is None


def test_recipes_are_frozen():
    recipe = parse_recipe('name = "plain"', "plain.toml")
    with pytest.raises(ValidationError, match="frozen"):
        recipe.network.input_pixels = 96


def test_every_field_is_described():
    keys = field_keys()
    assert "network.input_pixels" in keys
    assert [key for key, description in keys.items() if len(description) < 10] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name = "x', r"expected a recipe as TOML in my\.toml, got text that does not parse"),
        ("seed = 1", r"expected a value for 'name' in my\.toml, got none"),
        ('name = "x"\nsed = 1', r"unknown key 'sed' in my\.toml; did you mean 'seed'\?"),
        (
            'name = "x"\n[network]\ninput_pixel = 96',
            r"unknown key 'network\.input_pixel' in my\.toml; did you mean 'network\.input_pixels'\?",
        ),
        ('name = "x"\nzzzz = 1', r"unknown key 'zzzz' in my\.toml; known: name, about, seed, images\.canvas_pixels"),
        ('name = "x"\n[network]\ninput_pixels = 4', r"network\.input_pixels in my\.toml: .* to 8, got 4"),
        (
            'name = "x"\n[network]\ninterpolation = "area"',
            r"network\.interpolation .*'bilinear' or 'bicubic', got 'area'",
        ),
        ('name = "x"\n[head]\nkinds = []', r"head\.kinds in my\.toml: .*at least 1 item.*, got \[\]"),
        (
            'name = "x"\n[head]\nregularisations = [0.1, -1.0]',
            r"head\.regularisations\.1 in my\.toml: .*than 0, got -1",
        ),
        ('name = "x"\n[head]\nlearning_rate = inf', r"head\.learning_rate in my\.toml: .*finite number, got inf"),
        ('name = "x"\n[evaluation]\ntarget_accuracy = 65', r"evaluation\.target_accuracy in my\.toml: .* to 1, got 65"),
        ('name = "x"\n[split]\nvalidation_fraction = 1.0', r"split\.validation_fraction in my\.toml: .*less than 1"),
    ],
)
def test_complaints(text, message):
    with pytest.raises(RecipeError, match=message):
        parse_recipe(text, "my.toml")


def test_all_complaints_come_at_once():
    with pytest.raises(RecipeError, match=r"seed in my\.toml(.|\n)*unknown key 'sid'"):
        parse_recipe('name = "x"\nseed = -1\nsid = 2', "my.toml")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("network.backbon", "resnet50", r"unknown key 'network\.backbon' in --set; did you mean 'network\.backbone'\?"),
        ("network", "resnet50", r"unknown key 'network' in --set"),
        ("seed", "abc", r"seed in --set: .*integer.*, got 'abc'"),
    ],
)
def test_complaints_about_settings(key, value, message):
    recipe = parse_recipe('name = "plain"', "plain.toml")
    with pytest.raises(RecipeError, match=message):
        recipe.with_settings({key: value})


def test_nearest():
    assert nearest("resnet5", ["resnet50", "efficientnet-lite0"]) == "did you mean 'resnet50'?"
    assert nearest("xyz", ["resnet50", "lda"]) == "known: resnet50, lda"
