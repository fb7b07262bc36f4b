"""Docstrings of this house with lists: what a paragraph says of one parameter after another becomes an item each.

An extension of Griffe, by which mkdocstrings reads them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import griffe

_REFUSALS = re.compile(r"(?<=[.;)`]) (?=Refused with )")


class ParameterLists(griffe.Extension):
    """Rewrites the docstring of every function and class as it is read."""

    def on_function_instance(self, *, func: griffe.Function, **kwargs: Any) -> None:
        """Rewrite what a function says of its parameters."""
        _rewrite(func, [parameter.name for parameter in func.parameters])

    def on_class_members(self, *, cls: griffe.Class, **kwargs: Any) -> None:
        """Rewrite what a class says of the parameters it is made with, and of its fields."""
        if cls.docstring and "__init__" in cls.members:
            # What the class says of being made is enough.
            cls.members["__init__"].docstring = None
        _rewrite(cls, [*(parameter.name for parameter in cls.parameters), *cls.members])


def _rewrite(one: griffe.Object, names: Collection[str]) -> None:
    if one.docstring:
        one.docstring.value = listed(one.docstring.value, names)


def listed(text: str, names: Collection[str]) -> str:
    """Return a docstring in which `name: words.` within a paragraph is an item of a list, for the names given."""
    return "\n\n".join(_paragraph(part, names) for part in text.split("\n\n"))


def _paragraph(text: str, names: Collection[str]) -> str:
    if not names or text.startswith((" ", "-", "*", "```")):
        return text
    text = _REFUSALS.sub("\n\n", " ".join(text.split()))
    # Several names may share a sentence: "labels, predicted: int64 `[n]`."
    name = rf"(?:{'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})"
    parts = re.split(rf"(?:^|(?<=\. )|(?<=\n\n))({name}(?:, {name})*): ", text)
    if len(parts) == 1:
        return text
    before, rest = parts[0].strip(), parts[1:]
    items = "".join(_item(names, words) for names, words in zip(rest[::2], rest[1::2], strict=True))
    return f"{before}\n\n{items}".strip()


def _item(names: str, words: str) -> str:
    words, _, after = words.strip().partition("\n\n")
    marked = ", ".join(f"`{name}`" for name in names.split(", "))
    return f"- {marked}: {' '.join(words.split())}\n" + (f"\n{after}\n\n" if after else "")
