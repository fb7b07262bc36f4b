"""The sections of training: silent by default, whole in TOML, and refusing what cannot be meant."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lowres.errors import RecipeError
from lowres.values.recipes.recipe import Recipe, field_keys, parse_recipe, recipe_to_toml
from lowres.values.recipes.recipe_sections import Augmentation, FineTuning, FrozenPhase, TestTime

SECTIONS = {"augmentation": Augmentation, "frozen_phase": FrozenPhase, "fine_tuning": FineTuning, "test_time": TestTime}


def test_a_recipe_that_says_nothing_of_training_stays_frozen():
    recipe = parse_recipe('name = "plain"', "plain.toml")
    assert recipe.fine_tuning.epochs == 0
    assert recipe.frozen_phase.views == 1
    assert recipe.network.scaling == "contract"
    assert not recipe.test_time.flips
    silent = {
        "flip": "none",
        "shift_pixels": 0,
        "shift_fraction": 0.0,
        "rotation_fraction": 0.0,
        "zoom_fraction": 0.0,
        "cutout_pixels": 0,
        "brightness": 0.0,
        "contrast": 0.0,
        "saturation": 0.0,
        "policy": "none",
        "policy_changes": 2,
        "policy_strength": 0.3,
    }
    assert recipe.augmentation.model_dump() == silent


def test_the_described_training_can_be_said():
    text = """
name = "described"
[network]
backbone = "resnet50"
interpolation = "bilinear"
scaling = "unit-then-contract"
[augmentation]
flip = "random"
rotation_fraction = 0.1
zoom_fraction = 0.1
[head]
kinds = ["dense"]
[fine_tuning]
epochs = 30
from_layer = "conv5"
optimizer = "adam"
learning_rate = 1e-4
schedule = "plateau"
early_stopping_patience_epochs = 5
"""
    recipe = parse_recipe(text, "described.toml")
    assert (recipe.head.learning_rate, recipe.head.batch_images) == (1e-3, 32)
    phase = recipe.frozen_phase
    patience = (phase.early_stopping_patience_epochs, phase.plateau_patience_epochs, phase.plateau_factor)
    assert patience == (5, 3, 0.5)
    tuning = recipe.fine_tuning
    assert (tuning.from_layer, tuning.learning_rate, tuning.normalisation, tuning.keep) == (
        "conv5",
        1e-4,
        "inference",
        "best",
    )
    assert parse_recipe(recipe_to_toml(recipe), "again") == recipe


@settings(deadline=None, max_examples=40, database=None)
@given(
    st.builds(Augmentation, flip=st.sampled_from(["none", "random", "alternating"]), brightness=st.floats(0, 1)),
    st.builds(FrozenPhase, views=st.integers(1, 100), plateau_factor=st.floats(0.01, 0.99)),
    st.builds(
        FineTuning,
        epochs=st.integers(0, 10_000),
        from_layer=st.text(st.characters(codec="utf-8")),
        learning_rate=st.floats(1e-300, 1e3),
        weight_averaging=st.floats(0, 1, exclude_max=True),
        keep=st.sampled_from(["best", "last"]),
    ),
    st.builds(TestTime, flips=st.booleans()),
)
def test_toml_brings_the_sections_back(augmentation, frozen_phase, fine_tuning, test_time):
    recipe = Recipe(
        name="x",
        augmentation=augmentation,
        frozen_phase=frozen_phase,
        fine_tuning=fine_tuning,
        test_time=test_time,
    )
    assert parse_recipe(recipe_to_toml(recipe), "there and back") == recipe


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_known_and_described(section):
    described = {key: text for key, text in field_keys().items() if key.startswith(f"{section}.")}
    assert list(described) == [f"{section}.{name}" for name in SECTIONS[section].model_fields]
    assert all(text.endswith(".") and len(text) > 15 for text in described.values())


@pytest.mark.parametrize("name", [name for name in FineTuning.model_fields if name.endswith(("epochs", "gigabytes"))])
def test_a_number_has_its_unit_in_name_and_description(name):
    text = FineTuning.model_fields[name].description.lower()
    assert "epoch" in text or "gb" in text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fine_tuning.epoch": "3"}, r"unknown key 'fine_tuning\.epoch' in --set; did you mean 'fine_tuning\.epochs'"),
        ({"fine_tuning.epochs": "-1"}, r"fine_tuning\.epochs in --set: .*to 0, got -1"),
        ({"fine_tuning.keep": "worst"}, r"fine_tuning\.keep in --set: .*'best' or 'last', got 'worst'"),
        ({"fine_tuning.weight_averaging": "1.0"}, r"fine_tuning\.weight_averaging in --set: .*less than 1, got 1"),
        ({"fine_tuning.label_smoothing": "1.0"}, r"fine_tuning\.label_smoothing in --set: .*less than 1, got 1"),
        ({"fine_tuning.accumulation_steps": "0"}, r"fine_tuning\.accumulation_steps in --set: .*to 1, got 0"),
        ({"fine_tuning.learning_rate": "nan"}, r"fine_tuning\.learning_rate in --set: .*finite number, got nan"),
        ({"augmentation.rotation_fraction": "36"}, r"augmentation\.rotation_fraction in --set: .*to 0\.5, got 36"),
        ({"augmentation.zoom_fraction": "1"}, r"augmentation\.zoom_fraction in --set: .*to 0\.9, got 1"),
        ({"frozen_phase.plateau_factor": "1.0"}, r"frozen_phase\.plateau_factor in --set: .*less than 1, got 1"),
        ({"frozen_phase.views": "0"}, r"frozen_phase\.views in --set: .*to 1, got 0"),
        ({"network.scaling": "unit"}, r"network\.scaling in --set: .*'contract' or 'unit-then-contract', got 'unit'"),
        ({"test_time.flips": "5"}, r"test_time\.flips in --set: .*boolean.*got 5"),
    ],
)
def test_complaints(settings, message):
    with pytest.raises(RecipeError, match=message):
        parse_recipe('name = "plain"', "plain.toml").with_settings(settings)
