"""The page of the commands, written from the command line itself: the words that `--help` prints."""

from __future__ import annotations

from typing import Any

import typer

from docsite.markdown import code, prose, table
from lowres.cli.application import application

_OPENING = """# Commands

Written from the program's own `--help`. Every command ends with exit code 0 where it did what was asked, 1 where a
check failed or something could not be read, 2 where it refused, with the reason, and 130 where it was stopped.

"""


def command_page() -> str:
    """Return the page: a table of all commands, then each with its usage, arguments and options."""
    commands = typer.main.get_command(application).commands
    overview = table(
        ("Command", "What it does"),
        ([f"[`lowres {name}`](#lowres-{name})", prose(command.help)] for name, command in commands.items()),
    )
    return _OPENING + overview + "".join(_section(name, command) for name, command in commands.items())


def _section(name: str, command: Any) -> str:
    context = command.make_context(name, [], resilient_parsing=True)
    usage = " ".join(["lowres", name, *command.collect_usage_pieces(context)])
    text = f"\n## lowres {name}\n\n{prose(command.help)}\n\n```text\n{usage}\n```\n"
    for kind in ("argument", "option"):
        records = [one.get_help_record(context) for one in command.params if one.param_type_name == kind]
        if records:
            rows = ([code(words), prose(said)] for words, said in records)
            text += "\n" + table((kind.capitalize(), "What it does" if kind == "option" else "What it is"), rows)
    return text
