"""The options that every command on a study takes, written once and put behind each command's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from lowres.cli.verbs import key_values

if TYPE_CHECKING:
    from lowres.pipeline.choice import StudyChoice


class Check(StrEnum):
    """What may be gone past with `--accept`."""

    PREFLIGHT = "preflight"


Source = Annotated[
    str | None,
    typer.Argument(help="cifar10, digits (the default), a path to your own images, or a study folder to go on with."),
]
Tensorboard = Annotated[
    Path | None,
    typer.Option("--tensorboard", metavar="DIR", help="Write every epoch for TensorBoard too, into this folder."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object; progress goes to stderr.")]


@dataclass(frozen=True)
class StudyOptions:
    """Which study is meant and how it is brought on, as typed."""

    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe", "-r", help="A recipe by name, or a .toml file; transfer (digits: quick-96) where left out."
        ),
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", "-s", metavar="KEY=VALUE", help="Change one value of the recipe; may be given again."),
    ] = None
    study: Annotated[
        Path | None, typer.Option("--study", help="Folder of the study; studies/SOURCE-RECIPE where left out.")
    ] = None
    from_files: Annotated[
        list[Path] | None, typer.Option("--from", help="Data or weights fetched by hand; may be given again.")
    ] = None
    skip_damaged: Annotated[
        bool, typer.Option("--skip-damaged", help="Leave out files that are no readable pictures.")
    ] = False
    unlabelled: Annotated[
        Path | None,
        typer.Option(
            "--unlabelled", metavar="DIR", help="More pictures, without labels, for a recipe with self_training."
        ),
    ] = None
    accept: Annotated[
        Check | None,
        typer.Option("--accept", metavar="CHECK", help="Train although this check forbids it: preflight."),
    ] = None
    deterministic: Annotated[
        bool,
        typer.Option(
            "--deterministic", help="Train with repeatable operations only, and prove it first: three updates, twice."
        ),
    ] = False

    def choice(self, source: str | None, more_settings: list[str] | None = None) -> StudyChoice:
        """Return the study that these words and the source mean."""
        from lowres.pipeline.choice import choose_study

        settings = key_values([*(self.settings or []), *(more_settings or [])])
        accepts = self.accept is not None
        choice = choose_study(
            source, self.recipe, settings, self.study, self.skip_damaged, accepts, unlabelled=self.unlabelled
        )
        return replace(choice, is_deterministic=self.deterministic)

    @property
    def are_given(self) -> bool:
        """Whether any of them but `--set` was typed."""
        return any(getattr(self, field.name) for field in fields(self) if field.name != "settings")


def with_study_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command as the command line shall see it: its parameter `of_study` spread into the study's options.

    They stand where `of_study` stands; the command itself gets them as one `StudyOptions`.
    """
    hints = get_type_hints(command, include_extras=True)
    shared = get_type_hints(StudyOptions, include_extras=True)
    names = [field.name for field in fields(StudyOptions)]
    spread = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name != "of_study":
            spread.append(parameter.replace(annotation=hints[parameter.name]))
            continue
        for field in fields(StudyOptions):
            spread.append(
                inspect.Parameter(field.name, parameter.kind, default=field.default, annotation=shared[field.name])
            )

    def spread_command(**words: Any) -> None:
        of_study = StudyOptions(**{name: words.pop(name) for name in names})
        command(of_study=of_study, **words)

    spread_command.__signature__ = inspect.Signature(spread)  # type: ignore[attr-defined]
    spread_command.__annotations__ = {parameter.name: parameter.annotation for parameter in spread}
    spread_command.__name__, spread_command.__doc__ = command.__name__, command.__doc__
    return spread_command
