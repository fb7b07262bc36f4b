"""`lowres.Study`: one data set, one recipe, one folder; what the functions of the library bring on, stage by stage."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lowres.faces.progress_lines import PlainProgress
from lowres.pipeline.choice import choose_study

if TYPE_CHECKING:
    from lowres.pipeline.progress import Progress
    from lowres.pipeline.study import StudyAnswer
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.recipes.recipe import Recipe

_AGAIN = "again"


class Study:
    """A study by the words the command line takes, nothing of it made or read yet.

    source: `cifar10`, `digits`, a path to labelled images, or a study's folder, to go on with it. recipe: a name or a
    .toml file; `transfer` (digits: `quick-96`) where left out. folder: `studies/SOURCE-RECIPE` where left out.
    settings: values of the recipe by dotted name, such as `{"network.input_pixels": 96}`. fresh: train anew, in a
    folder beside it whose name ends in `-again`; what was made before stays. accept_preflight: train although
    preflight forbids it. deterministic: only repeatable operations train. skip_damaged: leave out unreadable files.
    unlabelled: a folder of more pictures, without labels, for a recipe with self_training.
    given: data or weights fetched by hand. progress: who is told what happens; lines of text on stdout where left out.
    Refused with RecipeError: an unknown recipe or setting; with StudyError: two studies at once.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | None = None,
        *,
        recipe: str | os.PathLike[str] | None = None,
        folder: str | os.PathLike[str] | None = None,
        settings: Mapping[str, object] | None = None,
        fresh: bool = False,
        accept_preflight: bool = False,
        deterministic: bool = False,
        skip_damaged: bool = False,
        unlabelled: str | os.PathLike[str] | None = None,
        given: Iterable[str | os.PathLike[str]] = (),
        progress: Progress | None = None,
    ) -> None:
        """Settle what is meant."""
        choice = choose_study(
            None if source is None else os.fspath(source),
            None if recipe is None else os.fspath(recipe),
            {key: value if isinstance(value, str) else json.dumps(value) for key, value in (settings or {}).items()},
            None if folder is None else Path(folder),
            skip_damaged,
            accept_preflight,
            None if unlabelled is None else Path(unlabelled),
        )
        if fresh:
            choice = replace(choice, folder=choice.folder.with_name(f"{choice.folder.resolve().name}-{_AGAIN}"))
        self._choice = replace(choice, is_deterministic=deterministic)
        self._given = tuple(Path(one) for one in given)
        self._progress = progress

    @property
    def folder(self) -> Path:
        """Where it lies, or will."""
        return self._choice.folder

    @property
    def source(self) -> str:
        """What its images are called."""
        return self._choice.source.name

    @property
    def recipe(self) -> Recipe:
        """Every choice of it."""
        return self._choice.recipe

    def bring(self, stage: str) -> StudyAnswer:
        """Bring it to a stage, running what has changed and nothing else; refused with whatever that stage refuses."""
        from lowres.pipeline.study import run_study

        return run_study(self._choice, stage, self._watcher(), self._given)

    @contextmanager
    def brought(self, stage: str) -> Iterator[StudyRun]:
        """Bring it to a stage and give what later stages read; nobody else works on it while the block runs."""
        from lowres.pipeline.study import brought

        with brought(self._choice, stage, self._watcher(), self._given) as (run, _):
            yield run

    def _watcher(self) -> Progress:
        return self._progress or ChangesOnly(sys.stdout)

    def __repr__(self) -> str:
        """Name it."""
        return f"Study({self.source!r}, recipe={self.recipe.name!r}, folder={str(self.folder)!r})"

    def _repr_html_(self) -> str:
        from lowres.faces.inline_html import block, facts

        rows = (("images", self.source), ("recipe", self.recipe.name), ("folder", self.folder.as_posix()))
        return block("Study", facts((*rows, ("seed", str(self.recipe.seed)))))


class ChangesOnly(PlainProgress):
    """Lines about what is made; what stands is passed over in silence."""

    def stage_stands(self, name: str, note: str) -> None:
        """Say nothing."""


def meant(study: Study | str | os.PathLike[str]) -> Study:
    """Return the study, or the one that the words mean."""
    return study if isinstance(study, Study) else Study(study)
