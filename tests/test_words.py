"""The README says what is true: its commands run, its tables are the program's own words, its paths exist."""

import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

import documents
from documents import ROOT
from lowres.cli.application import application
from lowres.cli.stage_commands import VERBS
from lowres.files.recipes import packaged_names

README = (ROOT / "README.md").read_text(encoding="utf-8")
# A measured figure has decimals; "95 % interval" has none.
FIGURE = re.compile(r"\d+\.\d+ ?%")
PATH = re.compile(r"`((?:docs|benchmarks|scripts|src|tests)/[\w./-]*|[a-z]+\.txt)`")


def blocks(language: str) -> list[str]:
    """The fenced blocks of the README in one language: every `sh` and `python` block is run."""
    return documents.blocks(README, language)


def table(first_header: str) -> dict[str, str]:
    """A table of the README by its first header."""
    return documents.table(README, first_header)


COMMANDS = documents.commands(README)
PROGRAM = typer.main.get_command(application)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the commands run one after the other, with the pictures the README speaks of."""
    folder = tmp_path_factory.mktemp("readme")
    random = np.random.default_rng(0)
    for brightness, name in ((60, "cats"), (190, "dogs")):
        (folder / "pictures" / name).mkdir(parents=True)
        for number in range(20):
            pixels = random.integers(brightness - 50, brightness + 50, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "pictures" / name / f"{number}.png")
    (folder / "more-pictures").mkdir()
    for number in range(20):
        pixels = random.integers(10, 240, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "more-pictures" / f"{number}.png")
    return folder


def run_tiny(command: str) -> tuple[int, str]:
    """Run the command and return its exit code and all it said: `make` only says what it would do, studies are tiny.

    In this process, so that TensorFlow is loaded once for all of them; test_application starts processes of their own.
    """
    program, *words = shlex.split(command)
    if program == "make":
        words = ["make", "--dry-run", "--directory", str(ROOT), *words]
        done = subprocess.run(words, capture_output=True, text=True)
        return done.returncode, f"{done.stdout}\n{done.stderr}"
    result = CliRunner().invoke(application, documents.tiny_words(command, documents.TINY_SETTINGS))
    return result.exit_code, f"{result.output}\n{result.exception!r}"


def test_the_readme_has_commands_to_run():
    assert {"make study", "make test"} <= set(COMMANDS)
    assert any(command.startswith("lowres study digits") for command in COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_runs(command, folder, monkeypatch):
    monkeypatch.chdir(folder)
    code, said = run_tiny(command)
    assert code == 0, f"{command}\n{said}"


@pytest.mark.slow
@pytest.mark.parametrize("program", blocks("python"))
def test_a_program_of_the_readme_runs(program, folder, monkeypatch):
    monkeypatch.chdir(folder)
    exec(compile(program, "README.md", "exec"), {})


@pytest.mark.slow
def test_the_study_folder_is_as_drawn(folder):
    drawing = next(block for block in blocks("text") if block.startswith("studies/first/"))
    names = [line.split()[0] for line in drawing.splitlines()[1:]]
    assert "report.html" in names
    missing = [name for name in names if not list((folder / "studies" / "first").glob(name))]
    assert not missing


def test_the_table_of_commands_is_what_help_says():
    assert table("Command") == {f"lowres {name}": command.help for name, command in PROGRAM.commands.items()}


def test_every_verb_has_the_options_of_the_table():
    for verb in VERBS:
        options = [option for option in PROGRAM.commands[verb].params if option.param_type_name == "option"]
        own = {"report": {"--pdf"}, "study": {"--tensorboard", "--from-review"}, "train": {"--tensorboard"}}
        words = table("Option") | (table(f"Of `{verb}`") if verb in ("evaluate", "explain") else {})
        assert {option.opts[0]: option.help for option in options if option.opts[0] not in own.get(verb, ())} == words


@pytest.mark.parametrize("name", ["export", "forget", "monitor", "predict", "questions", "review", "slides"])
def test_a_command_has_the_options_of_its_own_table(name):
    options = [option for option in PROGRAM.commands[name].params if option.param_type_name == "option"]
    assert {option.opts[0]: option.help for option in options} == table(f"Of `{name}`")


@pytest.mark.parametrize("name", PROGRAM.commands)
def test_help_prints_the_words_of_the_readme(name):
    printed = subprocess.run(
        [sys.executable, "-m", "lowres", name, "--help"], capture_output=True, text=True, check=True
    )
    text = " ".join(printed.stdout.split())
    assert table("Command")[f"lowres {name}"] in text
    assert all(option in text for option in (table("Option") if name in VERBS else []))


def test_the_table_of_recipes_names_every_recipe():
    assert list(table("Recipe")) == packaged_names()


@pytest.mark.parametrize(
    "document", sorted({ROOT / "README.md", *(ROOT / "docs").rglob("*.md")}), ids=lambda path: path.name
)
def test_every_path_a_document_names_exists(document):
    missing = [path for path in PATH.findall(document.read_text(encoding="utf-8")) if not (ROOT / path).exists()]
    assert not missing


@pytest.mark.parametrize("section", re.split(r"^## ", README, flags=re.MULTILINE), ids=lambda text: text.split("\n")[0])
def test_a_figure_of_the_readme_names_its_file(section):
    figures = FIGURE.findall(section)
    files = re.findall(r"benchmarks/results/[\w-]+\.json", section)
    assert not figures or files, f"figures that name no file in benchmarks/results: {figures}"
    assert all((ROOT / file).exists() for file in files)
