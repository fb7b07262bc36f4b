"""Ctrl-C and kill -9 anywhere leave a study that the next run finishes, and two runs never work on one study."""

import json
import signal

import numpy as np
import pytest

from lowres.files.study_folder import open_study
from lowres.pipeline.study import run_study
from tiny_study import lowres, start_lowres, tiny_choice, tiny_words


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The study as it comes out when nobody disturbs it."""
    folder = tmp_path_factory.mktemp("undisturbed") / "study"
    run_study(tiny_choice(folder))
    return folder


def wait_for(process, stage):
    """Read the command's lines until it begins that stage."""
    for line in process.stdout:
        if line.startswith(stage) and "..." in line:
            return
    raise AssertionError(process.stderr.read())


def interrupt(words, stage, how):
    """Run the command, end it in the middle of a stage, and return its exit code and what it said."""
    with start_lowres("study", *words) as process:
        wait_for(process, stage)
        process.send_signal(how)
        _, said = process.communicate(timeout=60)
    return process.returncode, said


def assert_equal_results(folder, other):
    for name in ("split.csv", "predictions/validation.npz", "predictions/test.npz", "evaluation.json"):
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name
    with np.load(folder / "explanation.npz") as one, np.load(other / "explanation.npz") as two:
        np.testing.assert_array_equal(one["maps"], two["maps"])
    assert list(folder.rglob(".part-*")) == []


@pytest.mark.slow
def test_killed_in_stage_after_stage_it_comes_to_the_same(tmp_path, undisturbed):
    folder = tmp_path / "study"
    for stage in ("images", "features", "head", "train", "predict", "explain", "report"):
        code, _ = interrupt(tiny_words(folder), stage, signal.SIGKILL)
        assert code == -signal.SIGKILL
        assert json.loads((folder / "study.json").read_text())["running"] == stage
    outcomes = {outcome.name: outcome for outcome in run_study(tiny_choice(folder)).stages}
    assert [name for name, outcome in outcomes.items() if outcome.made] == ["report"]
    assert outcomes["report"].reasons == ("it did not finish last time",)
    assert_equal_results(folder, undisturbed)


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_the_words_to_go_on(tmp_path, undisturbed):
    folder = tmp_path / "study"
    code, said = interrupt(tiny_words(folder), "features", signal.SIGINT)
    assert code == 130
    assert said.strip().endswith("stopped; run the same command to go on")
    assert "Traceback" not in said
    outcomes = {outcome.name: outcome for outcome in run_study(tiny_choice(folder)).stages}
    assert outcomes["features"].reasons == ("it did not finish last time",)
    assert_equal_results(folder, undisturbed)


def test_a_second_run_is_refused_and_told_whose_study_it_is(tmp_path):
    with open_study(tmp_path / "study"):
        done = lowres("study", *tiny_words(tmp_path / "study"))
    assert done.returncode == 2
    assert "expected a study nobody works on" in done.stderr
    assert "works on now; wait until it is done" in done.stderr


@pytest.mark.slow
def test_of_two_runs_started_together_one_works_and_one_is_refused(tmp_path, undisturbed):
    words = ("study", *tiny_words(tmp_path / "study"))
    with start_lowres(*words) as one, start_lowres(*words) as two:
        ends = [process.communicate(timeout=120) for process in (one, two)]
    codes = sorted(process.returncode for process in (one, two))
    assert codes == [0, 2], ends
    assert_equal_results(tmp_path / "study", undisturbed)
