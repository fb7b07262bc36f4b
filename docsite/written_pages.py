"""Every page of the site that is written from the program and its results, and the site's contents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docsite.command_page import command_page
from docsite.python_page import python_page
from docsite.recipe_keys_page import recipe_keys_page
from docsite.recipe_pages import recipe_pages


def written_pages(root: Path) -> dict[str, str]:
    """Return Markdown by its path in the site."""
    return {
        **recipe_pages(root),
        "reference/commands.md": command_page(),
        "reference/python.md": python_page(),
        "reference/recipe-keys.md": recipe_keys_page(),
        "changelog.md": (root / "CHANGELOG.md").read_text(encoding="utf-8"),
    }


def contents(root: Path, pages: dict[str, str]) -> list[dict[str, Any]]:
    """Return the site's navigation as MkDocs reads it; how-to pages, recipes and decisions are those that are there."""
    docs = root / "docs"
    names = (name for name in pages if name.startswith("recipes/") and name != "recipes/index.md")
    recipes = sorted(names, key=lambda name: name.removesuffix(".md"))
    return [
        {"Start": "index.md"},
        {"Tutorial": "tutorial.md"},
        {"How to": ["how-to/index.md", *_listed(docs, "how-to")]},
        {"Recipes": ["recipes/index.md", *recipes]},
        {
            "Reference": [
                {"Commands": "reference/commands.md"},
                {"Recipe keys": "reference/recipe-keys.md"},
                {"Python": "reference/python.md"},
            ]
        },
        {
            "Background": [
                "beside-other-tools.md",
                "described-system-checked.md",
                "cpu-speedrun.md",
                "architecture.md",
                "log.md",
                "changelog.md",
                {"Decisions": _listed(docs, "decisions")},
            ]
        },
    ]


def with_links(text: str, page: str, pages: frozenset[str]) -> str:
    """Return a page in which `docs/NAME.md`, as documents in the checkout name each other, is a link where it can be.

    page: its own path in the site; pages: those that the site has.
    """
    depth = page.count("/")

    def link(match: re.Match[str]) -> str:
        target = match[1]
        return f"[{match[0]}]({'../' * depth}{target})" if target in pages and target != page else match[0]

    return re.sub(r"(?<![\[`])`docs/([\w./-]+\.md)`(?![\]`])", link, text)


def _listed(docs: Path, folder: str) -> list[str]:
    return [path.relative_to(docs).as_posix() for path in sorted((docs / folder).glob("*.md")) if path.stem != "index"]
