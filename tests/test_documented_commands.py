"""What the documentation tells people to type works: every command is understood, and the tutorial's are run."""

import ast
import shlex

import pytest
import typer
from typer.testing import CliRunner

from documents import ROOT, blocks, commands, tiny_words
from lowres.cli.application import application
from lowres.files.recipes import packaged_names, read_recipe
from tiny_study import TINY_SETTINGS

TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
PAGES = sorted((ROOT / "docs").rglob("*.md"))
PROGRAM = typer.main.get_command(application)
SETTINGS = [word for key, text in TINY_SETTINGS.items() for word in ("--set", f"{key}={text}")]
# A file of its own tests the proof of heat maps.
SETTINGS += ["--set", "explanation.faithfulness_images=0"]
PICTURES_A_CLASS = 15


def lowres_commands(page):
    text = page.read_text(encoding="utf-8")
    lines = [line for language in ("sh", "bash") for block in blocks(text, language) for line in block.splitlines()]
    return [line for line in lines if line.startswith("lowres ")]


@pytest.mark.parametrize(
    ("page", "command"),
    [pytest.param(page, line, id=f"{page.stem}: {line}") for page in PAGES for line in lowres_commands(page)],
)
def test_a_command_of_a_page_is_understood(page, command):
    name, *words = shlex.split(command)[1:]
    context = PROGRAM.commands[name].make_context(name, list(words))
    if "recipe" in context.params:
        recipe = context.params["recipe"] or "transfer"
        assert recipe in packaged_names()
        settings = dict(one.split("=", 1) for one in context.params["settings"] or [])
        read_recipe(recipe).with_settings(settings)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_program_of_a_page_is_python(page):
    for program in blocks(page.read_text(encoding="utf-8"), "python"):
        # What begins with a percent sign is for the notebook.
        ast.parse("\n".join(line for line in program.splitlines() if not line.startswith("%")))


def test_a_command_that_is_not_understood_is_told():
    with pytest.raises(Exception, match="--recipes"):
        PROGRAM.commands["study"].make_context("study", ["digits", "--recipes", "quick"])


@pytest.mark.slow
def test_the_tutorial_runs_from_its_first_line_to_its_last(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (program,) = blocks(TUTORIAL, "python")
    exec(compile(program, "tutorial.md", "exec"), {})
    assert len(list((tmp_path / "pictures").glob("*/*.png"))) == 1797
    for folder in (tmp_path / "pictures").iterdir():
        for picture in sorted(folder.iterdir(), key=lambda path: int(path.stem))[PICTURES_A_CLASS:]:
            picture.unlink()
    done = [command for command in commands(TUTORIAL) if command.startswith("lowres ")]
    assert [shlex.split(command)[1] for command in done] == ["check", "study", "predict", "predict", "study", "compare"]
    for command in done:
        result = CliRunner().invoke(application, tiny_words(command, SETTINGS))
        assert result.exit_code == 0, f"{command}\n{result.output}\n{result.exception!r}"
    # Every path that the page tells the reader to open is there.
    for place in ("studies/mine/report.html", "studies/mine/model.keras", "answers.csv"):
        assert place in TUTORIAL
        assert (tmp_path / place).exists()
