"""`lowres serve` in a process of its own: answers, a new version, a roll back, an end by signal; what it refuses."""

import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from lowres.cli.application import application
from lowres.files.monitoring.store import open_store
from lowres.files.pictures.asked_pictures import asked_pictures
from lowres.files.pictures.picture_batches import picture_batches
from lowres.files.study.predictions_file import read_predictions
from lowres.values.predictions import softmax

LONGEST_SECONDS = 240


def ask(url, data=None):
    body = None if data is None else json.dumps(data).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=LONGEST_SECONDS) as answer:
        return json.load(answer)


def until(found):
    """Wait until something is found, and return it."""
    began = time.monotonic()
    while not (value := found()):
        assert time.monotonic() - began < LONGEST_SECONDS
        time.sleep(0.1)
    return value


@pytest.fixture(autouse=True)
def _as_it_was():
    """The log of requests is the process's own; the command sets it up, and other tests listen to it."""
    log = logging.getLogger("lowres.access")
    before = log.level, log.propagate, log.handlers
    yield
    log.setLevel(before[0])
    log.propagate, log.handlers = before[1:]


@pytest.fixture(scope="module")
def served(picture_study, tmp_path_factory):
    """A folder with version 1 of the study, served; its address, and the process."""
    folder = tmp_path_factory.mktemp("models") / "shades"
    shutil.copytree(picture_study, folder / "1")
    errors = folder.parent / "stderr"
    with errors.open("w") as stderr, (folder.parent / "stdout").open("w") as stdout:
        process = subprocess.Popen(
            [sys.executable, "-m", "lowres", "serve", str(folder), "--port", "0"]
            + ["--record", str(folder.parent / "records.sqlite"), "--keep-images", "all"],
            stdout=stdout,
            stderr=stderr,
        )
    try:
        url = until(lambda: process.poll() or re.search(r"ready at (http://\S+);", errors.read_text()))[1]
        yield folder, url, process
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_served_study_from_its_first_answer_to_its_last(served, picture_study):
    folder, url, process = served
    known = read_predictions(picture_study / "predictions/test.npz")
    temperature = json.loads((picture_study / "evaluation.json").read_bytes())["temperature"]
    words = [str(picture_study.parent / "pictures" / id) for id in known.ids]
    pixels = np.concatenate([one.pixels for one in picture_batches(asked_pictures(words), (12, 12), "squash", 32)])
    answer = ask(f"{url}/v1/models/shades:predict", {"instances": pixels.tolist()})
    np.testing.assert_allclose(answer["predictions"], softmax(known.logits, temperature), atol=1e-5)

    # A new version takes over, and a pin takes it back.
    shutil.copytree(folder / "1", folder / "2")
    until(lambda: ask(f"{url}/models")["models"][0]["current"] == "2")
    (folder / "current").write_text("1")
    until(lambda: ask(f"{url}/models")["models"][0]["current"] == "1")
    again = ask(f"{url}/v1/models/shades/versions/2:predict", {"instances": pixels.tolist()})
    np.testing.assert_allclose(again["predictions"], answer["predictions"], atol=1e-6)

    process.send_signal(signal.SIGTERM)
    assert process.wait(LONGEST_SECONDS) == 0
    said = (folder.parent / "stderr").read_text().splitlines()
    assert said[-1] == "lowres: ended; every request that was taken is answered"
    assert "lowres: shades: version 1 answers now" in said
    logged = [json.loads(line) for line in (folder.parent / "stdout").read_text().splitlines()]
    assert (logged[0]["path"], logged[0]["status"], logged[0]["pictures"]) == (
        "/v1/models/shades:predict",
        200,
        len(known.ids),
    )
    with open_store(str(folder.parent / "records.sqlite"), make=False) as store:
        for version in (1, 2):
            window = store.read_window("shades", version)
            np.testing.assert_allclose(window.probabilities, answer["predictions"], atol=1e-5)
            assert np.isfinite(window.embeddings.astype(np.float32)).all()
            np.testing.assert_array_equal(list(store.read_pictures(window.ids.tolist()).values()), pixels)
    with pytest.raises(urllib.error.URLError, match="refused"):
        ask(f"{url}/models")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere",), "expected a study, or a folder of numbered studies, at nowhere, got nothing; make one"),
        (("nowhere", "--token-file", "none"), "expected a token in none, got"),
        (("nowhere", "--token-file", "empty"), "expected one line of printable ASCII in empty, got something else"),
        (("a b",), "expected a name of letters, digits, dots, dashes and underscores for a b"),
        (("nowhere", "--host", "203.0.113.7"), "got 203.0.113.7"),
        (("nowhere", "--kept", "0"), "Invalid value for '--kept'"),
        ((), "Missing argument"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_2(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").touch()
    done = CliRunner().invoke(application, ["serve", "--port", "0", *words])
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())


def test_without_the_extra_it_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    done = CliRunner().invoke(application, ["serve", "nowhere"])
    assert done.exit_code == 2
    assert "pip install 'lowres[serve]'" in done.output


def test_an_open_door_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "LOWRES_TOKEN", "")
    words = ["serve", "nowhere", "--host", "0.0.0.0", "--port", "0"]
    assert "anybody who reaches 0.0.0.0 may ask" in CliRunner().invoke(application, words).output
    monkeypatch.setitem(os.environ, "LOWRES_TOKEN", "secret")
    assert "anybody" not in CliRunner().invoke(application, words).output


def test_the_readme_lists_its_options(repository):
    readme = (repository / "README.md").read_text(encoding="utf-8")
    rows = readme.split("| Of `serve` |")[1].split("\n\n")[0].splitlines()[2:]
    listed = [tuple(cell.strip(" `") for cell in row.strip("|").split("|")) for row in rows]
    command = typer.main.get_command(application).commands["serve"]
    options = [one for one in command.params if one.param_type_name == "option"]
    assert listed == [(one.opts[0], one.help) for one in options]
