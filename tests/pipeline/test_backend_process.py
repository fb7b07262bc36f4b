"""Whatever happens in the process that loads the frameworks, the asker gets words."""

import subprocess
import sys

import pytest

from lowres.pipeline import backend_process as room
from lowres.pipeline.backend_process import backend_report


@pytest.fixture
def in_its_place(monkeypatch):
    """Let the child run another program."""
    popen = subprocess.Popen

    def plant(program):
        monkeypatch.setattr(
            room.subprocess, "run", lambda command, **more: _run(popen, [sys.executable, "-c", program], more)
        )

    return plant


def _run(popen, command, more):
    timeout = more.pop("timeout")
    with popen(command, stdout=-1, stderr=-1, text=True, env=more["env"]) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def test_the_last_line_is_the_answer(in_its_place):
    in_its_place('print(\'a greeting\'); print(\'{"keras": {"version": "3"}}\')')
    assert backend_report() == {"keras": {"version": "3"}}


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import os; os.abort()", "ended with -6: it said nothing"),
        ("import sys; sys.exit('no such library')", "ended with 1: no such library"),
        ("print('nothing of use')", "ended with 0: it said nothing"),
        ("print('[1]')", "ended with 0: it said nothing"),
        ("", "ended with 0"),
    ],
)
def test_an_end_without_an_answer_is_described(in_its_place, program, words):
    in_its_place(program)
    assert words in backend_report()["fault"]


def test_silence_ends_after_a_while(in_its_place):
    in_its_place("import time; time.sleep(60)")
    assert backend_report(longest_seconds=0.2)["fault"] == "no answer in 0 seconds"


def test_a_python_that_cannot_be_started_is_named(monkeypatch):
    monkeypatch.setattr(room.sys, "executable", "/nowhere/python")
    assert "/nowhere/python cannot be started: " in backend_report()["fault"]
