"""`questions --check` says line by line what a study says, and leaves with the number that says whether it objects."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from described_study import described_facts
from lowres.cli.application import application
from lowres.pipeline import practice
from lowres.pipeline.practice import CheckAnswer
from lowres.values.claims.claim import claims_of


@pytest.fixture
def check(monkeypatch):
    """Run `lowres questions STUDY --check FILE` on a text against the described system; return stdout."""

    def run(text, *words, code):
        answer = CheckAnswer(Path("study"), Path("text.md"), claims_of(text, described_facts()), 5)
        monkeypatch.setattr(practice, "check_document", lambda study, document: answer)
        done = CliRunner().invoke(application, ["questions", "study", "--check", "text.md", *words])
        assert done.exit_code == code, done.output
        return done.stdout

    return run


def test_a_contradiction_is_told_with_the_studys_figure_and_its_place(check):
    said = check("Test accuracy: 52 %.\n\nTarget: 65 %.\n\nIt has 2.2GB available VRAM.", code=1)
    assert said.splitlines() == [
        "line 1    NO   test accuracy: 52 %; the study: 48.90 % (evaluation.json: accuracy)",
        "line 3    yes  target: 65 % (evaluation.json: target)",
        "line 5    ?    memory of the graphics card: 2.2GB; cannot be known: a study does not keep how much memory a "
        "graphics card has",
        "",
        "claims    3: 1 confirmed, 1 contradicted, 1 unknown",
        "others    2 more numbers are no claims about this study that lowres knows",
    ]


def test_json(check):
    told = json.loads(check("Test accuracy: 48.9 %.", "--json", code=0))
    assert (told["confirmed"], told["contradicted"], told["unknown"]) == (1, 0, 0)
    (claim,) = told["claims"]
    assert (claim["line"], claim["written"], claim["verdict"]) == (1, "48.9 %", "confirmed")
    assert claim["study"] == [
        {"name": "test accuracy", "value": 0.489, "unit": "fraction", "origin": "evaluation.json: accuracy"}
    ]


def test_what_is_no_study_is_refused(tmp_path):
    done = CliRunner().invoke(application, ["questions", str(tmp_path / "none")])
    assert (done.exit_code, "expected a study folder" in done.output) == (2, True)
    done = CliRunner().invoke(application, ["slides", str(tmp_path / "none")])
    assert (done.exit_code, "expected a study folder" in done.output) == (2, True)


def test_check_and_out_do_not_go_together(tmp_path):
    done = CliRunner().invoke(application, ["questions", "study", "--check", "a.md", "--out", str(tmp_path)])
    assert (done.exit_code, "--check writes no files" in done.output) == (2, True)
