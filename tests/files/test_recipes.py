"""Recipes are found by name or by path, and what is not found is answered with what is there."""

from pathlib import Path

import pytest

from lowres.errors import RecipeError
from lowres.files.recipes import DEFAULT_RECIPE, packaged_names, packaged_recipes, read_recipe
from lowres.values.recipes.recipe import recipe_to_toml

FOLDER = Path(__file__).parents[2] / "src" / "lowres" / "recipes"


def test_every_packaged_file_is_offered_under_its_own_name_and_says_what_it_is_about() -> None:
    assert packaged_names() == sorted(path.stem for path in FOLDER.glob("*.toml"))
    for name, recipe in packaged_recipes().items():
        assert recipe.name == name
        assert "lowres study" in recipe.about


def test_the_default_is_there() -> None:
    assert read_recipe(DEFAULT_RECIPE).name == DEFAULT_RECIPE


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(recipe_to_toml(read_recipe("quick").with_settings({"name": "mine", "seed": "7"})))
    assert read_recipe(str(path)).seed == 7


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"a recipe by name or a \.toml file, got 'quik'; did you mean 'quick'\?"):
        read_recipe("quik")


def test_another_name_is_answered_with_all(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="got 'zzz'; known: .*quick"):
        read_recipe("zzz")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"a recipe in .*none\.toml, which cannot be read \(No such file"):
        read_recipe(str(tmp_path / "none.toml"))


def test_a_file_of_other_bytes_is_named(tmp_path: Path) -> None:
    (tmp_path / "picture.toml").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(RecipeError, match=r"as UTF-8 text in .*picture\.toml, got other bytes"):
        read_recipe(str(tmp_path / "picture.toml"))


def test_an_unknown_key_in_a_file_names_file_and_nearest_key(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\n[network]\ninput_pixel = 96\n')
    with pytest.raises(RecipeError, match=r"unknown key 'network\.input_pixel' in .*mine\.toml.*network\.input_pixels"):
        read_recipe(str(path))
