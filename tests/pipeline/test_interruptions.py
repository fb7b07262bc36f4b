"""Ctrl-C and kill -9 anywhere leave a study that the next run finishes, and two runs never work on one study."""

import json
import signal

import keras
import numpy as np
import pytest

from lowres.files.study.study_folder import open_study
from tiny_study import lowres, start_lowres, tiny_words

EPOCHS = 3
TUNED = {"fine_tuning__epochs": str(EPOCHS), "fine_tuning__from_layer": "tiny_conv2", "augmentation__shift_pixels": "1"}


def words(folder):
    """With two phases, and only what repeats bit by bit."""
    return [*tiny_words(folder, **TUNED), "--deterministic"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The study as it comes out when nobody disturbs it."""
    folder = tmp_path_factory.mktemp("undisturbed") / "study"
    assert lowres("study", *words(folder)).returncode == 0
    return folder


def wait_for(process, stage):
    """Read the command's lines until it begins that stage; of training, until its first epoch has ended."""
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if (f"epoch 1 of {EPOCHS}: loss" in line) if stage == "train" else (line.startswith(stage) and "..." in line):
            return lines
    raise AssertionError(process.stderr.read())


def interrupt(folder, stage, how):
    """Run the command, end it in the middle of a stage; return its exit code, its lines by then, and its last words."""
    with start_lowres("study", *words(folder)) as process:
        lines = wait_for(process, stage)
        process.send_signal(how)
        _, said = process.communicate(timeout=60)
    return process.returncode, lines, said


def assert_equal_results(folder, other):
    for name in ("split.csv", "predictions/validation.npz", "predictions/test.npz", "evaluation.json"):
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name
    with np.load(folder / "explanation.npz") as one, np.load(other / "explanation.npz") as two:
        np.testing.assert_array_equal(one["maps"], two["maps"])
    models = (keras.saving.load_model(study / "model.keras", compile=False) for study in (folder, other))
    for ours, theirs in zip(*(model.get_weights() for model in models), strict=True):
        assert ours.tobytes() == theirs.tobytes()
    assert list(folder.rglob(".part-*")) == []


@pytest.mark.slow
def test_killed_in_stage_after_stage_it_comes_to_the_same(tmp_path, undisturbed):
    folder = tmp_path / "study"
    for stage in ("images", "features", "head", "train", "predict", "explain", "report"):
        code, lines, _ = interrupt(folder, stage, signal.SIGKILL)
        assert code == -signal.SIGKILL
        if stage == "predict":
            # Killed amid its second epoch, or just before, training does not make the first again.
            assert [line for line in lines if line.startswith("going on after epoch")]
            assert not [line for line in lines if line.startswith("epoch 1 of")]
            first = next(line for line in lines if line.startswith("first answer: "))
            assert first.endswith("with the trunk frozen; about 1 min of fine-tuning to come, at most")
        assert json.loads((folder / "study.json").read_text())["running"] == stage
    done = lowres("study", *words(folder))
    assert done.returncode == 0, done.stderr
    assert "(it did not finish last time)" in next(line for line in done.stdout.splitlines() if "report " in line)
    assert_equal_results(folder, undisturbed)
    trained = json.loads((folder / "study.json").read_text())["stages"]["train"]["facts"]["fine_tuning"]
    assert trained["proven_repeatable"] is True


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_the_words_to_go_on(tmp_path, undisturbed):
    folder = tmp_path / "study"
    code, _, said = interrupt(folder, "features", signal.SIGINT)
    assert code == 130
    assert said.strip().endswith("stopped; run the same command to go on")
    assert "Traceback" not in said
    done = lowres("study", *words(folder))
    assert "(it did not finish last time)" in next(line for line in done.stdout.splitlines() if "features" in line)
    assert_equal_results(folder, undisturbed)


def test_a_second_run_is_refused_and_told_whose_study_it_is(tmp_path):
    with open_study(tmp_path / "study"):
        done = lowres("study", *tiny_words(tmp_path / "study"))
    assert done.returncode == 2
    assert "expected a study nobody works on" in done.stderr
    assert "works on now; wait until it is done" in done.stderr


@pytest.mark.slow
def test_of_two_runs_started_together_one_works_and_one_is_refused(tmp_path, undisturbed):
    command = ("study", *words(tmp_path / "study"))
    with start_lowres(*command) as one, start_lowres(*command) as two:
        ends = [process.communicate(timeout=120) for process in (one, two)]
    codes = sorted(process.returncode for process in (one, two))
    assert codes == [0, 2], ends
    assert_equal_results(tmp_path / "study", undisturbed)
