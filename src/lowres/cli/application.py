"""The whole command line: every command in its order; nothing heavy is imported before a command runs."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from lowres.cli import (
    benching,
    exporting,
    judging,
    notebooks,
    practising,
    predicting,
    recording,
    reviewing,
    serving,
    stage_commands,
    watching,
)
from lowres.cli.study_options import AsJson
from lowres.errors import LowresError

REFUSED, STOPPED = 2, 130
# TensorFlow greets at length on stderr; who wants to read that sets the variable.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


class _Commands(TyperGroup):
    """Turns what lowres refuses, and Ctrl-C, into a sentence on stderr and an exit code."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except LowresError as error:
            typer.echo(f"lowres: {error}", err=True)
            raise typer.Exit(REFUSED) from error
        except BrokenPipeError:
            # Whoever read no longer does; that is said by nobody.
            raise
        except OSError as error:
            typer.echo(f"lowres: {_of_the_system(error)}", err=True)
            raise typer.Exit(REFUSED) from error
        except KeyboardInterrupt as error:
            typer.echo("stopped; run the same command to go on", err=True)
            raise typer.Exit(STOPPED) from error


def _of_the_system(error: OSError) -> str:
    """What the system refused, where nobody nearer to it knew more to say."""
    where = f" at {error.filename}" if error.filename else ""
    return (
        f"expected the system to read and write, got {type(error).__name__}{where}: {error.strerror or error}; what "
        "was whole before still is: see to the disk, the network or the rights, and run the same command to go on"
    )


application = typer.Typer(
    cls=_Commands,
    help="Train, prove and explain image classifiers when the data is small.",
    epilog="Begin with: lowres study",
    no_args_is_help=True,
    add_completion=False,
    # Rich help costs a fifth of a second and the plain one says the same.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


stage_commands.add_stages(application)
predicting.add_predict(application)
serving.add_serve(application)
watching.add_monitor(application)
reviewing.add_review(application)
recording.add_forget(application)
benching.add_bench(application)
exporting.add_export(application)
notebooks.add_notebook(application)
practising.add_practice(application)
judging.add_comparisons(application)


@application.command("doctor")
def doctor(as_json: AsJson = False) -> None:
    """Look this machine over."""
    from lowres.cli.verbs import examine

    examine(as_json)


@application.command("recipes")
def recipes(
    name: Annotated[str | None, typer.Argument(help="One recipe, shown whole; all in short where left out.")] = None,
    backbones: Annotated[bool, typer.Option("--backbones", help="List the backbones a recipe may name.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the recipes, or explain one."""
    from lowres.cli.verbs import show_backbones, show_recipes

    if backbones:
        show_backbones(as_json)
    else:
        show_recipes(name, as_json)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from lowres import __version__

        typer.echo(__version__)
        raise typer.Exit


@application.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass
