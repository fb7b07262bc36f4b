"""A notebook is the same bytes for the same study, valid by nbformat, runs to its end, and keeps a person's work."""

import json
import re
import shutil
from dataclasses import replace

import nbformat
import pytest

from lowres.errors import NotebookError, StudyError
from lowres.files.study.study_folder import open_study
from lowres.pipeline.notebook import write_notebook

TEMPLATE = """# %% [markdown]
# # {{ name }}

# %%
import lowres

study = lowres.Study(folder=lowres.find_study({{ beside }}, {{ folder_name }}))
lowres.split(study).figures["class_counts"]

# %%
lowres.evaluate(study)
"""


@pytest.fixture
def study(picture_study, tmp_path):
    shutil.copytree(picture_study.parent / "pictures", tmp_path / "pictures")
    shutil.copytree(picture_study, tmp_path / "study")
    with open_study(tmp_path / "study") as opened:
        # That these stand is all a notebook asks that is not run.
        for name in ("explain", "report"):
            opened.finish(replace(opened.ledger.stages["evaluate"], name=name))
    return tmp_path / "study"


def test_the_same_study_gives_the_same_bytes_and_a_valid_notebook(study, tmp_path):
    one, other = write_notebook(study), write_notebook(study, study / "other.ipynb")
    assert one.path == study / "notebook.ipynb"
    assert one.path.read_bytes() == other.path.read_bytes()
    book = nbformat.read(one.path, as_version=4)
    nbformat.validate(book)
    headings = [cell.source.splitlines()[0] for cell in book.cells if cell.source.startswith("## ")]
    assert [heading.split(".")[0] for heading in headings] == [f"## {number}" for number in range(1, 11)]
    for cell in book.cells:
        if cell.cell_type == "code":
            compile(cell.source, "cell", "exec")
            assert len(cell.source.splitlines()) <= 15
        else:
            # Below the heading, and but for code: a number in the text could be wrong one day.
            body = re.sub(r"`[^`]*`", "", cell.source.partition("\n")[2])
            assert not re.search(r"\d", body), body


def test_it_runs_where_the_study_lies_and_shows_what_the_study_knows(study, tmp_path):
    template = tmp_path / "own.py"
    template.write_text(TEMPLATE)
    told = []
    answer = write_notebook(study, template=template, execute=True, advance=lambda *done: told.append(done))
    assert (answer.cells, answer.figures, answer.executed) == (3, 1, True)
    assert told[-1] == (2, 2)
    outputs = nbformat.read(answer.path, as_version=4).cells[2].outputs
    evaluation = json.loads((study / "evaluation.json").read_bytes())
    (shown,) = [one for one in outputs if one.output_type == "execute_result"]
    assert f"accuracy {evaluation['accuracy']:.2%}" in shown.data["text/plain"]
    assert "<table>" in shown.data["text/html"]


def test_a_cell_that_fails_is_named_and_what_ran_is_kept(study, tmp_path):
    template = tmp_path / "own.py"
    template.write_text("# %%\n1 + 1\n\n# %%\nimport lowres\n\nlowres.load('nowhere')\n")
    with pytest.raises(NotebookError, match="StudyError: expected a study folder at nowhere") as refusal:
        write_notebook(study, template=template, execute=True)
    assert "lowres.load('nowhere')" in str(refusal.value)
    assert not (study / "notebook.ipynb").exists()
    book = nbformat.read(study / "notebook-failed.ipynb", as_version=4)
    assert book.cells[0].outputs[0].data["text/plain"] == "2"
    assert len(book.cells[1].outputs[0].traceback) == 1


def test_what_a_person_changed_is_not_written_over(study):
    answer = write_notebook(study)
    write_notebook(study)
    book = json.loads(answer.path.read_text())
    book["cells"][0]["source"].append("my own words")
    answer.path.write_text(json.dumps(book))
    with pytest.raises(NotebookError, match="got one that a person changed; name another with --out"):
        write_notebook(study)
    assert "my own words" in answer.path.read_text()
    for foreign in ("", "{}", '{"cells": []}', "words"):
        answer.path.write_text(foreign)
        with pytest.raises(NotebookError, match="that a person changed"):
            write_notebook(study)


def test_an_unfinished_study_says_what_is_missing_and_what_finishes_it(study):
    with open_study(study) as opened:
        opened.forget("report")
        opened.forget("explain")
    with pytest.raises(StudyError, match="without explain, report; finish it: lowres study .*study, or .* --execute"):
        write_notebook(study)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# %%\n{{ accuracy }}\n", "'accuracy' is undefined in .*own.py; known are accepts, beside"),
        ("# %%\nok\n{% if %}\n", "own.py, line 3; known are"),
        ("\n", "expected cells in .*own.py, got none; begin each with a line '# %%'"),
    ],
)
def test_a_template_with_mistakes_is_told_where(study, tmp_path, text, complaint):
    (tmp_path / "own.py").write_text(text)
    with pytest.raises(NotebookError, match=complaint):
        write_notebook(study, template=tmp_path / "own.py")


def test_places_that_are_none_are_told(study, tmp_path):
    with pytest.raises(StudyError, match="expected a study folder at .*pictures, got none"):
        write_notebook(tmp_path / "pictures")
    with pytest.raises(NotebookError, match="expected a folder for the notebook at .*gone, got none"):
        write_notebook(study, tmp_path / "gone" / "one.ipynb")
    with pytest.raises(NotebookError, match="expected a template at .*none.py, got nothing there"):
        write_notebook(study, template=tmp_path / "none.py")
