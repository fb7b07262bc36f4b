"""The command `export`: a finished study in the formats of other programs, each proven before it is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lowres.cli.study_options import AsJson

if TYPE_CHECKING:
    from lowres.pipeline.export import ExportAnswer

NOT_KEPT = 1
ABOUT = "Write a finished study for other programs, and keep only what says the same in its own runtime."
EXIT_CODES = "Exit codes: 0 every format was kept; 1 some did not agree and left nothing behind; 2 nothing was begun."

Study = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder of a finished study.")]
Formats = Annotated[
    list[str],
    typer.Option(
        "--format",
        help="keras, saved-model, litert, onnx, openvino; litert-int8 and the like; or all. May be given again.",
    ),
]
Agreement = Annotated[
    float | None,
    typer.Option("--agreement", help="Lowest share of images on which an export must name the study's class."),
]
Images = Annotated[
    int, typer.Option("--images", help="How many validation images the gate shows; all, where there are fewer.")
]


def add_export(application: typer.Typer) -> None:
    """Give the command line `export`."""
    application.command("export", help=ABOUT, epilog=EXIT_CODES)(export)


def export(
    study: Study, formats: Formats, agreement: Agreement = None, images: Images = 1000, as_json: AsJson = False
) -> None:
    """Export the study and show how each format compares; leave with 1 where one was not kept."""
    from lowres.cli.exporting_words import answer_json, answer_text
    from lowres.cli.progress import progress_on
    from lowres.pipeline.export import export_study
    from lowres.pipeline.stages.export_stage import ExportOptions

    with progress_on(to_stderr=as_json) as progress:
        answer: ExportAnswer = export_study(study, formats, ExportOptions(agreement, images), progress)
    typer.echo(json.dumps(answer_json(answer), indent=2) if as_json else answer_text(answer))
    if answer.refused:
        raise typer.Exit(NOT_KEPT)
