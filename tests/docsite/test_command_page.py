"""The page of the commands says what `--help` prints: every command, every option, in the same words."""

import re

import pytest
import typer
from docsite.command_page import command_page
from typer.testing import CliRunner

from lowres.cli.application import application

COMMANDS = typer.main.get_command(application).commands
PAGE = command_page()


def section(name: str) -> str:
    return re.split(r"^## ", PAGE.split(f"\n## lowres {name}\n")[1], flags=re.MULTILINE)[0]


def words(text: str) -> str:
    """Without what Markdown or the width of a terminal adds."""
    return re.sub(r"\W+", "", text.replace("&lt;", "<"))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_told_as_its_help_tells_it(name):
    printed = CliRunner().invoke(application, [name, "--help"]).output
    told = section(name)
    assert words(COMMANDS[name].help) in words(told)
    options = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", printed)) - {"--help"}
    assert options <= set(re.findall(r"--[a-z][\w-]*", told))
    for option in COMMANDS[name].params:
        assert words(option.help or "") in words(told)
        assert words(option.help or "") in words(printed)


def test_every_command_is_in_the_table_above():
    assert re.findall(r"^\| \[`lowres ([\w-]+)`\]", PAGE, flags=re.MULTILINE) == list(COMMANDS)
