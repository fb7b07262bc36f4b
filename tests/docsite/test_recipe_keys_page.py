"""The page of a recipe's keys holds every key of the model, with the values and the default that the model takes."""

import json
import re

import pytest
from docsite.recipe_keys_page import recipe_keys_page

from lowres.errors import RecipeError
from lowres.values.recipes.recipe import Recipe, field_keys

PAGE = recipe_keys_page()


def rows() -> dict[str, list[str]]:
    found = {}
    for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        section = part.splitlines()[0]
        for line in re.findall(r"^\| `(.*) \|$", part, flags=re.MULTILINE):
            key, *cells = line.split(" | ")
            found[("" if section == "At the top" else f"{section}.") + key.strip("`")] = cells
    return found


def test_every_key_has_its_row():
    assert list(rows()) == sorted(field_keys(), key=lambda key: "." in key)


def test_the_defaults_are_those_of_a_recipe_that_says_nothing():
    recipe = Recipe(name="empty").model_dump(mode="json")
    for key, (_, default, _) in rows().items():
        value = recipe
        for part in key.split("."):
            value = value[part]
        assert default == {"name": "required"}.get(key, "left out" if value is None else f"`{json.dumps(value)}`")


@pytest.mark.parametrize("key", [key for key, (values, _, _) in rows().items() if re.match(r"`\w", values)])
def test_words_listed_for_a_key_are_those_it_takes(key):
    listed = re.findall(r"`([^`]+)`", rows()[key][0])
    # Some words are refused beside others of a recipe; none may be unknown to the key itself.
    for word in listed:
        try:
            Recipe(name="tried").with_settings({key: word})
        except RecipeError as error:
            pytest.fail(f"{key} = {word}: {error}")
    with pytest.raises(RecipeError, match=key):
        Recipe(name="tried").with_settings({key: "no-such-word"})
