"""The page of a recipe's keys, written from the pydantic model that reads recipes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from docsite.markdown import code, prose, table
from lowres.values.recipes.recipe import Recipe

_TYPES = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text"}
_LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
_OPENING = """# Keys of a recipe

A recipe is a TOML file. Every key has a default, so a recipe holds only what it changes; an unknown key is refused, and
the nearest known one named. A key can also be changed on the command line, by its section and name:

```sh
lowres study digits --set network.input_pixels=64 --set head.epochs=20
```

The [recipes that come with lowres](../recipes/index.md) show them in use; `lowres recipes NAME` prints one.
"""


def recipe_keys_page() -> str:
    """Return the page: a section of the recipe a heading, a key a row."""
    schema = Recipe.model_json_schema()
    fields = Recipe.model_fields
    top = [name for name in schema["properties"] if "$ref" not in _property(schema, name)]
    rows = table(_HEADER, (_row(name, schema["properties"][name], schema, name == "name") for name in top))
    return _OPENING + f"\n## At the top\n\n{rows}" + "".join(_sections(schema, fields))


_HEADER = ("Key", "Values", "Default", "What it does")


def _sections(schema: dict[str, Any], fields: dict[str, Any]) -> Iterator[str]:
    for name in schema["properties"]:
        reference = _property(schema, name).get("$ref")
        if reference:
            section = schema["$defs"][reference.rsplit("/", 1)[1]]
            # The schema holds only what differs from JSON's own; the defaults stand in the model.
            defaults = fields[name].default.model_dump(mode="json")
            rows = (_row(key, one, schema, default=defaults[key]) for key, one in section["properties"].items())
            yield f"\n## {name}\n\n{prose(section['description'])}\n\n{table(_HEADER, rows)}"


def _property(schema: dict[str, Any], name: str) -> dict[str, Any]:
    one: dict[str, Any] = schema["properties"][name]
    # A reference with a default beside it is wrapped by pydantic.
    return one["allOf"][0] if "allOf" in one else one


def _row(key: str, one: dict[str, Any], schema: dict[str, Any], is_required: bool = False, **more: Any) -> list[str]:
    default = more.get("default", one.get("default"))
    shown = "required" if is_required else "left out" if default is None else code(json.dumps(default))
    return [code(key), _values(one, schema), shown, prose(one.get("description", ""))]


def _values(one: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in one:
        return _values(schema["$defs"][one["$ref"].rsplit("/", 1)[1]], schema)
    if "anyOf" in one:
        return " or ".join(_values(kind, schema) for kind in one["anyOf"] if kind.get("type") != "null")
    if "enum" in one:
        return ", ".join(code(value) for value in one["enum"])
    if "const" in one:
        return code(one["const"])
    if one.get("type") == "array":
        return f"list of: {_values(one['items'], schema)}"
    limits = [f"{sign} {one[name]:,}" for name, sign in _LIMITS.items() if name in one]
    return prose(" ".join([_TYPES[one["type"]], ", ".join(limits)]).strip())
