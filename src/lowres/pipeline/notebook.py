"""Writes a study's notebook beside it, and runs it where that is asked."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from lowres.errors import NotebookError, StudyError
from lowres.files.recipes import read_recipe
from lowres.files.study.ledger import Ledger
from lowres.files.study.study_folder import RECIPE_FILE, is_study, read_ledger, read_source
from lowres.pipeline.stages.report import differing_settings
from lowres.pipeline.study import STAGES
from lowres.values.recipes.recipe import Recipe

if TYPE_CHECKING:
    from lowres.faces.notebook import NotebookFacts

NOTEBOOK_FILE = "notebook.ipynb"
Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class NotebookAnswer:
    """What was written: the file, its cells, how many figures are inside, and whether it was run."""

    path: Path
    cells: int
    figures: int
    executed: bool


def write_notebook(
    folder: Path,
    out: Path | None = None,
    template: Path | None = None,
    execute: bool = False,
    advance: Advance = lambda done, total: None,
) -> NotebookAnswer:
    """Write the notebook of the study in `folder`, to `out` or into the study, and run it where `execute` says so.

    Refused with StudyError: no study, or an unfinished one that is not to be run either; with NotebookError: `out`
    holds what a person wrote, a template that cannot be filled in, a cell that failed (what ran until then is kept
    beside it, its name ending in `-failed`); with MissingDependency.
    """
    from lowres.faces.notebook import make_notebook, notebook_text
    from lowres.faces.notebook_run import run_notebook
    from lowres.files.atomic import atomic_write_text

    if not is_study(folder):
        raise StudyError(
            f"expected a study folder at {folder}, got none; make one: lowres study SOURCE --study {folder}"
        )
    ledger = read_ledger(folder)
    path = out or folder / NOTEBOOK_FILE
    if not execute:
        _refuse_unfinished(ledger, folder)
    _refuse_overwriting(path)
    book = make_notebook(_facts(folder, path, ledger), template)
    if execute:
        try:
            run_notebook(book, path, advance)
        except NotebookError as error:
            failed = path.with_name(f"{path.stem}-failed.ipynb")
            atomic_write_text(failed, notebook_text(book))
            raise NotebookError(f"{error}\nwhat ran until then is in {failed}") from error
    atomic_write_text(path, notebook_text(book))
    figures = sum(_pictures(output) for cell in book.cells for output in cell.get("outputs", ()))
    return NotebookAnswer(path, len(book.cells), figures, execute)


def _pictures(output: dict[str, dict[str, str]]) -> int:
    data = output.get("data", {})
    return ("image/png" in data) + data.get("text/html", "").count('<img src="data:image/png')


def _refuse_unfinished(ledger: Ledger, folder: Path) -> None:
    missing = [
        stage.name for stage in STAGES if stage.name not in ledger.stages or not ledger.stages[stage.name].current
    ]
    if missing:
        raise StudyError(
            f"expected a finished study at {folder}, got one without {', '.join(missing)}; finish it: lowres study "
            f"{folder}, or let the notebook do it: lowres notebook {folder} --execute"
        )


def _refuse_overwriting(path: Path) -> None:
    from lowres.faces.notebook import was_edited

    if not path.parent.is_dir():
        raise NotebookError(f"expected a folder for the notebook at {path.parent}, got none; make it, or name another")
    if path.exists() and was_edited(path.read_text(encoding="utf-8", errors="replace")):
        raise NotebookError(
            f"expected no notebook at {path}, or one as lowres wrote it, got one that a person changed; name another "
            "with --out, or move that one away"
        )


def _facts(folder: Path, path: Path, ledger: Ledger) -> NotebookFacts:
    from lowres.faces.notebook import NotebookFacts

    recipe, source = read_recipe(str(folder / RECIPE_FILE)), read_source(folder)
    beside = Path(os.path.relpath(folder.resolve(), path.resolve().parent)).as_posix()
    name = folder.resolve().name
    settings = differing_settings(recipe)
    where = _text(source.name)
    if source.path:
        images = Path(os.path.relpath(Path(source.location(folder)).resolve(), path.resolve().parent)).as_posix()
        where = f"lowres.project_root() / {_text(images)}"
    preflight = ledger.stages.get("preflight")
    return NotebookFacts(
        name=name,
        recipe=recipe.name,
        install=f"lowres[cpu]=={version('lowres')}",
        source=where,
        recipe_words=_recipe_words(recipe, settings, beside, name),
        beside=_text(beside),
        folder_name=_text(name),
        settings=_literal(settings or {}),
        accepts=bool(preflight and preflight.facts.get("accepted")),
        has_frozen_phase=recipe.has_frozen_phase,
        fine_tunes=recipe.fine_tuning.epochs > 0,
    )


def _recipe_words(recipe: Recipe, settings: dict[str, str] | None, beside: str, name: str) -> str:
    if settings is not None:
        return _text(recipe.name)
    return f"lowres.find_study({_text(beside)}, {_text(name)}) / {_text(RECIPE_FILE)}"


def _literal(settings: dict[str, str]) -> str:
    """The settings as Python writes them; they come as JSON."""
    if not settings:
        return ""
    return "{" + ", ".join(f"{_text(key)}: {json.loads(value)!r}" for key, value in settings.items()) + "}"


def _text(words: str) -> str:
    """The words as a literal in double quotes, which JSON and Python share."""
    return json.dumps(words, ensure_ascii=False)
