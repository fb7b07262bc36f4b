"""What a command line asks for: which images, which recipe, which study folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from lowres.errors import StudyError
from lowres.files.recipes import default_recipe, read_recipe
from lowres.files.sources.open_source import BUILT_IN
from lowres.files.study.study_folder import RECIPE_FILE, StudySource, is_study, read_source
from lowres.values.recipes.recipe import Recipe

DEFAULT_SOURCE = "digits"
STUDIES_FOLDER = Path("studies")


@dataclass(frozen=True)
class StudyChoice:
    """One data set, one recipe, one folder.

    accepts_preflight: train although preflight forbids it. is_deterministic: only what can be repeated bit by bit.
    tensorboard: where the training is written for TensorBoard as well.
    """

    source: StudySource
    recipe: Recipe
    folder: Path
    accepts_preflight: bool = False
    is_deterministic: bool = False
    tensorboard: Path | None = None


def choose_study(
    source: str | None = None,
    recipe: str | None = None,
    settings: dict[str, str] | None = None,
    folder: Path | None = None,
    skip_damaged: bool = False,
    accepts_preflight: bool = False,
    unlabelled: Path | None = None,
) -> StudyChoice:
    """Return what these words mean; nothing is made or read but the recipe and a study's own study.json.

    A `source` that is a study folder, or none with a `folder` that is one, goes on with that study: its images and its
    recipe, unless another is named. Otherwise the words say everything: `digits` where they name no images, the
    recipe `transfer` (for digits `quick-96`) where they name none, and the study lies in `studies/<source>-<recipe>`.
    unlabelled: a folder of pictures without labels, for self-training.
    """
    own = _study_meant(source, folder)
    if own is not None:
        known = read_source(own)
        chosen = read_recipe(recipe or str(own / RECIPE_FILE)).with_settings(settings or {})
        known = replace(known, skip_damaged=skip_damaged or known.skip_damaged)
        return StudyChoice(_with_unlabelled(known, own, unlabelled), chosen, own, accepts_preflight)
    name = source or DEFAULT_SOURCE
    chosen = read_recipe(recipe or default_recipe(name)).with_settings(settings or {})
    place = folder or STUDIES_FOLDER / f"{_word(name)}-{_word(chosen.name)}"
    images = _with_unlabelled(_source(name, place, skip_damaged), place, unlabelled)
    return StudyChoice(images, chosen, place, accepts_preflight)


def _study_meant(source: str | None, folder: Path | None) -> Path | None:
    if source is None:
        return folder if folder is not None and is_study(folder) else None
    if source in BUILT_IN or not is_study(Path(source)):
        return None
    if folder is not None and folder.resolve() != Path(source).resolve():
        raise StudyError(
            f"expected images as the source of a study in {folder}, got {source}, which is a study itself; "
            "leave --study out to go on with it"
        )
    return Path(source)


def _source(name: str, study: Path, skip_damaged: bool) -> StudySource:
    if name in BUILT_IN:
        return StudySource(name, skip_damaged=skip_damaged)
    return StudySource(Path(name).expanduser().resolve().name or "images", _seen_from(study, Path(name)), skip_damaged)


def _with_unlabelled(source: StudySource, study: Path, unlabelled: Path | None) -> StudySource:
    return source if unlabelled is None else replace(source, unlabelled=_seen_from(study, unlabelled))


def _seen_from(study: Path, place: Path) -> str:
    return Path(os.path.relpath(place.expanduser().resolve(), study.resolve())).as_posix()


def _word(name: str) -> str:
    """Fit for a folder's name: the last part of a path, letters, digits, dots and hyphens."""
    return re.sub(r"[^\w.]+", "-", Path(name).expanduser().resolve().name).strip("-.") or "images"
