"""`lowres predict` answers in every format, passes bad files by, and leaves with the number that says so."""

import csv
import io
import json

import pytest
import typer
from pyarrow import parquet
from typer.testing import CliRunner

from lowres.cli.application import application
from lowres.cli.predicting_words import TableRows, study_notes
from lowres.pipeline.predict_pictures import open_finished_study
from lowres.values.judging.prediction_rows import AnswerRules


@pytest.fixture
def say(picture_study, monkeypatch):
    """Run `lowres predict` on the finished study beside its pictures; return stdout and stderr."""
    monkeypatch.chdir(picture_study.parent)

    def run(*words, code=0, listed=None):
        done = CliRunner().invoke(application, ["predict", "study", *words], input=listed, catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done.stdout, done.stderr

    return run


def test_a_table_for_people(say):
    rows, told = say("pictures/red/00.png", "pictures/nothing.png", code=1)
    header, first, second = rows.splitlines()
    assert header.split() == ["sure", "class", "nats", "review", "picture", "(next", "classes)"]
    assert first.split()[1:3] == ["%", "red"]
    assert "pictures/red/00.png (" in first
    assert second.split() == ["unread", "pictures/nothing.png:", "nothing", "is", "there"]
    assert "pictures are brought to 12 x 12 pixels (squash), as the study's own were" in told
    assert "unread    1 picture; their rows say why" in told
    assert "read      1 picture in " in told


def test_csv_on_stdout_is_nothing_but_csv(say):
    rows = list(csv.DictReader(io.StringIO(say("pictures", "--format", "csv", "--top", "9")[0])))
    assert len(rows) == 63
    assert {row["predicted"] for row in rows} <= {"dark", "light", "red"}
    assert all(float(row["class_3_probability"]) <= float(row["probability"]) for row in rows)
    assert {row["needs_review"] for row in rows} <= {"true", "false"}


def test_a_list_on_stdin(say):
    rows, told = say("-", "--format", "jsonl", listed="pictures/red/01.png\n\npictures/dark/*.jpg\nx.png\n", code=1)
    lines = [json.loads(line) for line in rows.splitlines()]
    assert [line["id"] for line in lines] == ["pictures/red/01.png", "pictures/dark/large.jpg", "x.png"]
    assert lines[2] == {"id": "x.png", "problem": "nothing is there"}
    assert say("-", "--format", "jsonl", listed="")[0] == ""


def test_one_json_object_with_the_rows_in_it(say):
    data = json.loads(say("pictures/red", "--json", "--flips")[0])
    assert (data["study"], data["class_names"], data["entropy_unit"]) == ("study", ["dark", "light", "red"], "nats")
    assert len(data["predictions"]) == data["read"] == 21
    assert (data["unread"], data["engine"], data["image_pixels"]) == (0, "keras float32", [12, 12])
    assert data["needs_review"] == sum(row["needs_review"] for row in data["predictions"])


@pytest.mark.parametrize(("words", "name"), [((), "rows.parquet"), (("--format", "parquet"), "rows.bin")])
def test_a_file_of_rows_and_one_object_about_it(say, tmp_path, words, name):
    data = json.loads(say("pictures/red", "--out", str(tmp_path / name), *words, "--json")[0])
    assert (data["read"], data["out"]) == (21, (tmp_path / name).as_posix())
    assert "predictions" not in data
    assert parquet.read_table(tmp_path / name).num_rows == 21


def test_its_csv_can_be_judged(say, tmp_path):
    say("pictures", "--out", str(tmp_path / "rows.csv"))
    with (tmp_path / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    truths = [row["id"].split("/")[1] for row in rows]
    labels = "\n".join(["id,label", *(f"{row['id']},{truth}" for row, truth in zip(rows, truths, strict=True))])
    (tmp_path / "labels.csv").write_text(labels)
    words = [
        "evaluate",
        "--predictions",
        str(tmp_path / "rows.csv"),
        "--labels",
        str(tmp_path / "labels.csv"),
        "--json",
    ]
    judged = json.loads(CliRunner().invoke(application, words, catch_exceptions=False).stdout)
    right = sum(row["predicted"] == truth for row, truth in zip(rows, truths, strict=True))
    assert (judged["n"], judged["accuracy"]) == (63, right / 63)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("https://x/y.png",), "got https://x/y.png, an address, and lowres fetches no pictures; save it first"),
        (("pictures", "--format", "parquet"), "expected --out FILE.parquet beside --format parquet, got none"),
        (("pictures", "--format", "csv", "--json"), "expected --json or --format, got both"),
        (("pictures", "--out", "x.txt"), "expected --out to end in .csv, .jsonl or .parquet, or --format to name one"),
        (("pictures", "--out", "x.csv", "--format", "table"), "got x.csv as a table; tables are for people"),
        ((), "Missing argument 'IMAGES...'"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_2(say, words, message):
    rows, told = say(*words, code=2)
    assert rows == ""
    assert message in " ".join(told.split())


def test_what_the_study_cannot_say_is_said_once(picture_study):
    study = open_finished_study(picture_study)
    silent = type(study)(study.folder, study.recipe, study.size, study.class_names, AnswerRules())
    notes = study_notes(silent, flips=True)
    assert notes[1].startswith("no row says whether a person should look: the study names no confidence for it; run: ")
    assert notes[2] == "temperature and thresholds were chosen for pictures without their mirror images"
    never = type(study)(study.folder, study.recipe, study.size, ("a",), AnswerRules(1, float("inf"), 0.01))
    assert "every answer wants a person" in study_notes(never, flips=False)[1]
    assert "that at most 1.0 % are wrong" in study_notes(never, flips=False)[1]


def test_the_readme_lists_its_options(repository):
    readme = (repository / "README.md").read_text(encoding="utf-8")
    rows = readme.split("| Of `predict` |")[1].split("\n\n")[0].splitlines()[2:]
    listed = [tuple(cell.strip(" `") for cell in row.strip("|").split("|")) for row in rows]
    command = typer.main.get_command(application).commands["predict"]
    options = [one for one in command.params if one.param_type_name == "option"]
    assert listed == [(one.opts[0], one.help) for one in options]


def test_columns_stand_below_each_other():
    stream = io.StringIO()
    table = TableRows(stream, ("a", "x" * 60))
    table.write([])
    assert stream.getvalue().index("nats") == 9 + 24 + 2 + 1
