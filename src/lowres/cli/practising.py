"""The commands `questions` and `slides`: to practise with, to present with, and to hold one's own text to the study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

CONTRADICTED = 1
ABOUT_QUESTIONS = "Write practice questions about a finished study, or check what a text says about it."
ABOUT_SLIDES = "Write slides about a finished study."
EXIT_CODES = "Exit codes of --check: 0 nothing is contradicted; 1 something is; 2 nothing could be checked."

Study = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder of a finished study.")]
Folder = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder for both files; the study where left out.")
]
Page = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="The page to write; slides.html in the study where left out."),
]
Document = Annotated[
    Path | None,
    typer.Option("--check", metavar="FILE", help="Check the numbers of this Markdown text instead, claim by claim."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def add_practice(application: typer.Typer) -> None:
    """Give the command line `questions` and `slides`."""
    application.command("questions", help=ABOUT_QUESTIONS, epilog=EXIT_CODES)(questions)
    application.command("slides", help=ABOUT_SLIDES)(slides)


def questions(study: Study, check: Document = None, out: Folder = None, as_json: AsJson = False) -> None:
    """Write the questions, or check a text; leave with 1 where the study contradicts it."""
    from lowres.pipeline.practice import write_questions

    if check is not None:
        if out is not None:
            raise typer.BadParameter("--check writes no files; leave --out out")
        _check(study, check, as_json)
        return
    answer = write_questions(study, out)
    if as_json:
        told = {"questions": answer.questions, "text": answer.text.as_posix(), "cards": answer.cards.as_posix()}
        typer.echo(json.dumps(told, indent=2))
    else:
        typer.echo(f"questions {answer.questions}\ntext      {answer.text}\ncards     {answer.cards}")


def slides(study: Study, out: Page = None, as_json: AsJson = False) -> None:
    """Write the slides."""
    from lowres.pipeline.practice import write_slides

    answer = write_slides(study, out)
    if as_json:
        typer.echo(json.dumps({"slides": answer.slides, "page": answer.page.as_posix()}, indent=2))
    else:
        typer.echo(f"slides    {answer.slides}\npage      {answer.page}")


def _check(study: Path, document: Path, as_json: bool) -> None:
    from lowres.cli.practising_words import check_json, check_text
    from lowres.pipeline.practice import check_document

    answer = check_document(study, document)
    typer.echo(json.dumps(check_json(answer), indent=2) if as_json else check_text(answer))
    if answer.count("contradicted"):
        raise typer.Exit(CONTRADICTED)
