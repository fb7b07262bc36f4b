"""The command `notebook`: a study as ten sections of cells that a person can read, change and run."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lowres.cli.study_options import AsJson

ABOUT = "Write a study as a notebook of ten sections, every number of which comes out of a cell."

Study = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder of a study.")]
Out = Annotated[Path | None, typer.Option("--out", help="Where it goes; STUDY/notebook.ipynb where left out.")]
Execute = Annotated[bool, typer.Option("--execute", help="Run it too; what the study has not made is made then.")]
Template = Annotated[
    Path | None, typer.Option("--template", help="Cells of your own: a .py file with '# %%' before each, for Jinja2.")
]


def add_notebook(application: typer.Typer) -> None:
    """Give the command line `notebook`."""
    application.command("notebook", help=ABOUT)(notebook)


def notebook(
    study: Study, out: Out = None, execute: Execute = False, template: Template = None, as_json: AsJson = False
) -> None:
    """Write the notebook and say where it lies."""
    from lowres.cli.progress import progress_on
    from lowres.pipeline.notebook import write_notebook

    with progress_on(to_stderr=as_json) as progress:
        answer = write_notebook(
            study, out, template, execute, lambda done, total: progress.advance("cells", done, total)
        )
    if as_json:
        typer.echo(json.dumps(asdict(answer) | {"path": answer.path.as_posix()}, indent=2))
        return
    ran = f", run, {answer.figures} figures inside" if answer.executed else ", not run yet"
    typer.echo(f"notebook  {answer.path}: {answer.cells} cells{ran}")
