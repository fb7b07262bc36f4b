"""A study as a notebook: ten sections of short cells that call the public functions; the same study, the same bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lowres.errors import MissingDependency, NotebookError
from lowres.faces.page_templates import page_templates

TEMPLATE = "notebook.py.j2"
_MARK = "lowres"


@dataclass(frozen=True)
class NotebookFacts:
    """What the cells say of the study; all of it words of Python, none of it a result.

    name: the study's folder, as a heading has it. recipe: its name. install: what pip is asked for. source: an
    expression for the images. recipe_words: an expression for the recipe. beside, folder_name: literals, where the
    study lies as seen from the notebook, and what its folder is called. settings: a literal; empty where there are
    none.
    """

    name: str
    recipe: str
    install: str
    source: str
    recipe_words: str
    beside: str
    folder_name: str
    settings: str
    accepts: bool
    has_frozen_phase: bool
    fine_tunes: bool


def make_notebook(facts: NotebookFacts, template: Path | None = None) -> Any:
    """Return the notebook (nbformat's node), not yet run.

    template: one's own, in jupytext's percent format with Jinja2's `{{ ... }}` for the fields of `NotebookFacts`.
    Refused with NotebookError: a template that is not there, is no text, asks for what there is not, or has no cells;
    with MissingDependency: the extra `notebook` is not installed.
    """
    jupytext = _needed("jupytext")
    book = jupytext.reads(_rendered(facts, template), fmt="py:percent")
    if not any(cell.cell_type == "code" and cell.source.strip() for cell in book.cells):
        raise NotebookError(
            f"expected cells in {template}, got none; begin each with a line '# %%', or '# %% [markdown]' for text"
        )
    for number, cell in enumerate(book.cells, start=1):
        # Drawn ids would make every notebook of the same study another one.
        cell["id"] = f"cell-{number:02d}"
        cell["metadata"] = {}
    book["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        _MARK: {"cells": _digest(book)},
    }
    book["nbformat"], book["nbformat_minor"] = 4, 5
    return book


def was_edited(text: str) -> bool:
    """Return whether a notebook's cells are no longer those lowres wrote; of a file lowres never wrote, True."""
    nbformat = _needed("nbformat")
    try:
        book = nbformat.reads(text, as_version=4)
    except (ValueError, nbformat.ValidationError, AttributeError, KeyError, TypeError):
        return True
    mark = book.metadata.get(_MARK)
    return mark is None or mark.get("cells") != _digest(book)


def notebook_text(book: Any) -> str:
    """Return the file's text."""
    return str(_needed("nbformat").writes(book)) + "\n"


def _rendered(facts: NotebookFacts, template: Path | None) -> str:
    from jinja2 import TemplateError

    environment = page_templates(escapes=False).overlay(keep_trailing_newline=True)
    if template is None:
        return environment.get_template(TEMPLATE).render(vars(facts))
    try:
        return environment.from_string(template.read_text(encoding="utf-8")).render(vars(facts))
    except FileNotFoundError as error:
        raise NotebookError(f"expected a template at {template}, got nothing there") from error
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise NotebookError(f"expected a template in UTF-8 at {template}, got something else ({error})") from error
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        place = f"{template}, line {line}" if line else str(template)
        known = ", ".join(sorted(vars(facts)))
        raise NotebookError(
            f"expected a template that can be filled in, got {error} in {place}; known are {known}"
        ) from error


def _digest(book: Any) -> str:
    cells = [[cell["cell_type"], cell["source"]] for cell in book["cells"]]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _needed(package: str) -> Any:
    from importlib import import_module

    try:
        return import_module(package)
    except ImportError as error:
        raise MissingDependency(f"expected {package}, got none; pip install 'lowres[notebook]'") from error
