"""Where recipes lie: in the package by name, or in a file of the user's."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from lowres.errors import RecipeError
from lowres.values.recipes.recipe import Recipe, nearest, parse_recipe

DEFAULT_RECIPE = "transfer"
# The data that comes with lowres is for a first look, which should not take minutes.
DEMO_RECIPES = {"digits": "quick-96"}


def default_recipe(source: str) -> str:
    """Return the name of the recipe for a source where none is named."""
    return DEMO_RECIPES.get(source, DEFAULT_RECIPE)


def packaged_recipes() -> dict[str, Recipe]:
    """Return every recipe that comes with lowres, by name, in alphabetical order."""
    return {name: read_recipe(name) for name in packaged_names()}


def packaged_names() -> list[str]:
    """Return the names of the recipes that come with lowres, sorted."""
    folder = files("lowres").joinpath("recipes")
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def read_recipe(name_or_path: str) -> Recipe:
    """Return a recipe by the name of a packaged one, or from a TOML file.

    Refused with RecipeError: a name no recipe has (the nearest is offered), a file that is not there, and whatever
    `parse_recipe` refuses.
    """
    if _looks_like_a_path(name_or_path):
        return parse_recipe(_text(Path(name_or_path)), origin=name_or_path)
    known = packaged_names()
    if name_or_path not in known:
        raise RecipeError(
            f"expected a recipe by name or a .toml file, got {name_or_path!r}; {nearest(name_or_path, known)}"
        )
    text = files("lowres").joinpath("recipes", f"{name_or_path}.toml").read_text(encoding="utf-8")
    return parse_recipe(text, origin=f"the packaged recipe {name_or_path!r}")


def _looks_like_a_path(name: str) -> bool:
    return name.endswith(".toml") or Path(name).name != name


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RecipeError(
            f"expected a recipe in {path}, which cannot be read ({error.strerror}); "
            f"packaged recipes: {', '.join(packaged_names())}"
        ) from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"expected a recipe as UTF-8 text in {path}, got other bytes: {error}") from error
