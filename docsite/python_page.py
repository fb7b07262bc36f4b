"""The page of the Python API: which names it shows, in the order and under the words of the package itself."""

from __future__ import annotations

from importlib import import_module

import lowres
from docsite.markdown import prose

_OPENING = """# Python

What `import lowres` offers, written from the docstrings. The words are those of the [commands](commands.md), and what
comes back draws itself in a notebook. Nothing heavy is loaded before it is used.

"""
_ERRORS = """
## Errors

Everything lowres refuses is a `LowresError`; the message says what was expected, what was found, and what to do.

::: lowres.errors
    options:
      show_root_heading: false
      show_root_toc_entry: false
      show_docstring_description: true
      heading_level: 3
      members_order: source
"""


def python_page() -> str:
    """Return the page: a heading for each module the names come from, and what mkdocstrings is to put below it."""
    sections = (_section(module, names) for module, names in lowres._ROOMS.items())
    return _OPENING + "\n".join(sections) + _ERRORS


def _section(module: str, names: tuple[str, ...]) -> str:
    title = module.rsplit(".", 1)[1].replace("_", " ").capitalize()
    said = (import_module(module).__doc__ or "").strip()
    objects = "\n".join(f"::: lowres.{name}\n" for name in names)
    return f"## {title}\n\n{prose(said)}\n\n{objects}"
