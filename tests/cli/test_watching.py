"""`lowres monitor`: its words, its exit code, what it writes, and what it refuses."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from faces.watching.verdicts import verdict
from lowres.cli.application import application
from lowres.errors import StoreError
from lowres.pipeline.watching import watch
from lowres.values.monitoring.served_record import RecordedModel
from values.watching.synthetic import reference as known_reference

MODEL = RecordedModel("cats", 7, "0123456789abcdef", ("cat", "dog", "bird"))


class Verdict:
    """As the command sees it."""

    def __init__(self, **choices):
        self._json = verdict(**choices)

    def to_json(self):
        return self._json


def found(*verdicts, lost=None):
    calm = all(one.to_json()["calm"] for one in verdicts) and not lost
    facts = {"model": MODEL, "verdicts": verdicts, "waiting": 3, "lost": lost or {}, "is_calm": calm}
    return SimpleNamespace(**facts, reference=known_reference(np.random.default_rng(0), 50))


@pytest.fixture
def watched(monkeypatch):
    answers = []
    monkeypatch.setattr(watch, "watch_study", lambda *given, **choices: answers.pop(0))
    return answers


def run(*words):
    return CliRunner().invoke(application, ["monitor", "study", "--store", "records.sqlite", *words])


def test_a_calm_look_leaves_with_0(watched):
    watched.append(found(Verdict()))
    result = run()
    assert result.exit_code == 0
    assert result.output.strip().endswith(": calm")


def test_an_alarm_leaves_with_1_and_goes_wherever_it_was_asked_to(watched, tmp_path):
    watched.append(found(Verdict(calm=False)))
    log, prom = tmp_path / "watch.log", tmp_path / "watch.prom"
    result = run("--json", "--log", str(log), "--prometheus", str(prom), "--webhook", "http://127.0.0.1:9/")
    assert result.exit_code == 1
    look = json.loads(log.read_text())
    assert look["calm"] is False
    assert look["windows"][0]["causes"][0]["kind"] == "brightness"
    assert "lowres_watch_alarm" in prom.read_text()
    assert "the webhook 127.0.0.1:9 took nothing" in result.output


def test_lost_predictions_are_an_alarm(watched):
    watched.append(found(lost={"a full disk": 12}))
    result = run()
    assert result.exit_code == 1
    assert "12 predictions were not recorded: a full disk" in result.output


def test_a_look_that_fails_does_not_end_the_watch(monkeypatch):
    looks = [found(Verdict()), StoreError("expected an answer of the database, got none"), found(Verdict(calm=False))]

    def next_look(*given, **choices):
        # Ctrl-C, once all have been.
        one = looks.pop(0) if looks else KeyboardInterrupt()
        if isinstance(one, BaseException):
            raise one
        return one

    monkeypatch.setattr(watch, "watch_study", next_look)
    result = run("--every", "0.01s", "--log", "/dev/full")
    assert "got none; looking again in 0.01s" in result.output
    assert "ALARM: pictures are darker" in result.output
    assert result.output.count("No space left on device") == 2


def test_a_first_look_that_fails_is_refused(monkeypatch):
    def refuse(*given, **choices):
        raise StoreError("expected a store")

    monkeypatch.setattr(watch, "watch_study", refuse)
    assert run("--every", "0.01s").exit_code == 2


def test_a_file_that_cannot_be_written_is_told_and_keeps_no_alarm_back(watched, tmp_path):
    watched += [found(Verdict()), found(Verdict(calm=False))]
    (tmp_path / "file").touch()
    words = ("--log", str(tmp_path / "file" / "watch.log"), "--prometheus", str(tmp_path / "watch.prom"))
    assert run(*words).exit_code == 2
    assert "lowres_watch_alarm" in (tmp_path / "watch.prom").read_text()
    assert run(*words).exit_code == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--every", "often"), "expected a time such as 30s, 10m, 1h or 1d for --every, got 'often'"),
        (("--webhook", "ftp://x"), "expected a webhook as http:// or https:// address"),
        (("--thresholds", "nowhere.toml"), "expected thresholds in nowhere.toml"),
    ],
)
def test_what_is_no_option_is_refused(words, told):
    result = run(*words)
    assert result.exit_code == 2
    assert told in result.output
