"""A process that fails, falls silent or is interrupted is gone afterwards, and its last words are told."""

import os

import numpy as np
import pytest

from lowres.errors import ParityFailed
from lowres.pipeline.export_process import run_apart

BEGINNING = "import os, pathlib, time\npathlib.Path(__file__).with_name('pid').write_text(str(os.getpid()))\n"


@pytest.fixture
def run(tmp_path):
    """Run a script as an export's own; return what was measured."""

    def start(script, tell=lambda _: None, seconds=60.0, images=4):
        (tmp_path / "predict.py").write_text(BEGINNING + script)
        np.save(tmp_path / "asked.npy", np.zeros((images, 2, 2, 3), np.uint8))
        return run_apart(tmp_path, tmp_path / "asked.npy", tmp_path / "answered.npy", 2, tell, seconds)

    yield start
    # Where the machine is so busy that it never came to its first line, there is no number to look for.
    if (tmp_path / "pid").exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text()), 0)


def test_what_it_prints_does_not_disturb(run):
    measured = run("print('hello', 3, '{}', [1])\ndef predict(pixels): return pixels[:, 0, 0]")
    assert measured["latency_runs"] == 60
    assert measured["frameworks"] == []


def test_its_last_words_are_told(run):
    with pytest.raises(ParityFailed, match=r"ended with 1: .*RuntimeError: no such operation"):
        run("raise RuntimeError('no such operation')")


def test_silence_ends_it(run):
    with pytest.raises(ParityFailed, match="got nothing in 5 seconds"):
        run("time.sleep(60)", seconds=5.0)


def test_an_interrupt_ends_it(run):
    def stop(done):
        raise KeyboardInterrupt

    slow_after_the_beginning = "def predict(pixels): time.sleep(0.6 * (len(pixels) > 1)); return pixels[:, 0, 0]"
    with pytest.raises(KeyboardInterrupt):
        run(slow_after_the_beginning, tell=stop, images=200)
