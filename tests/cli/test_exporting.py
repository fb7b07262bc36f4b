"""`lowres export` shows a row a format, tells why one was not kept, and leaves with the number that says so."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from faces.parities import ONE, TWO
from lowres.cli.application import application
from lowres.pipeline import export
from lowres.pipeline.export import ExportAnswer
from lowres.pipeline.stages.export_stage import ExportOptions


@pytest.fixture
def say(monkeypatch):
    """Run `lowres export` with an answer that stands already; return what was asked, and stdout."""

    def run(answer, *words, code=0):
        asked = []

        def answered(folder, formats, options, _progress):
            asked.append((folder, tuple(formats), options))
            return answer

        monkeypatch.setattr(export, "export_study", answered)
        done = CliRunner().invoke(application, ["export", *words], catch_exceptions=False)
        assert done.exit_code == code, done.output
        return asked, done.stdout

    return run


BOTH = ExportAnswer(Path("study"), (ONE, TWO), (), Path("study/report.html"))


def test_a_row_a_format(say):
    asked, said = say(BOTH, "study", "--format", "openvino", "--format", "litert,onnx", "--images", "2000")
    assert asked == [(Path("study"), ("openvino", "litert,onnx"), ExportOptions(None, 2000))]
    header, first, second, *rest = said.splitlines()
    assert header.split()[:2] == ["format", "agrees"]
    assert first.split() == (
        [
            "openvino-f32",
            "99.2%",
            "97.0%",
            "0.042",
            "90.5%",
            "88.5",
            "to",
            "92.2",
            "+0.1",
            "pp",
            "13.6",
            "MB",
            "12.3",
            "ms",
            "81",
        ]
    )
    assert second.split()[0] == "litert-int8"
    assert rest == [
        "measured  on 1,000 validation images, each format in a process of its own, 2 cores",
        "exports   study/exports",
        "report    study/report.html",
    ]


def test_what_was_not_kept_is_told_and_the_exit_code_says_so(say):
    answer = replace(BOTH, kept=(), refused=(("onnx", "expected more, got less"),), report=None)
    asked, said = say(answer, "study", "--format", "onnx", "--agreement", "0.99", code=1)
    assert asked[0][2].agreement == 0.99
    assert said == "not kept  onnx: expected more, got less\n"


def test_json(say):
    data = json.loads(say(BOTH, "study", "--format", "all", "--json")[1])
    assert [one["format"] for one in data["exports"]] == ["openvino-f32", "litert-int8"]
    assert (data["refused"], data["report"], data["study"]) == ([], "study/report.html", "study")


def test_a_format_has_to_be_named():
    done = CliRunner().invoke(application, ["export", "study"])
    assert done.exit_code == 2
    assert "--format" in done.output


def test_what_is_refused_is_a_sentence():
    done = CliRunner().invoke(application, ["export", "nowhere", "--format", "keras"])
    assert done.exit_code == 2
    assert "expected a study folder at nowhere" in done.output
