"""What was saved is loaded by another process; whatever happens to that process, the asker gets words."""

import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest

from lowres.pipeline.training import reload_process as room
from lowres.pipeline.training.reload_process import ReloadProcess

PIXELS = np.random.default_rng(0).integers(0, 255, (3, 8, 8, 3), dtype=np.uint8)


@keras.saving.register_keras_serializable("tests")
class OnlyHere(keras.layers.Layer):
    """A layer that no other process knows."""

    def call(self, inputs):
        return inputs * 2.0


def network(*layers):
    pixels = keras.Input((8, 8, 3), dtype="uint8")
    x = keras.layers.Rescaling(1 / 255)(pixels)
    for layer in layers:
        x = layer(x)
    return keras.Model(pixels, keras.layers.Dense(4)(keras.layers.Flatten()(x)))


@pytest.fixture(scope="module")
def process():
    with ReloadProcess() as process:
        yield process


@pytest.fixture
def asked(process, tmp_path):
    """Save a model, let the other process load it, return what that says."""

    def ask(model):
        model.save(tmp_path / "model.keras")
        np.save(tmp_path / "pixels.npy", PIXELS)
        process.ask(tmp_path / "model.keras", tmp_path / "pixels.npy")
        return process.answer()

    return ask


@pytest.fixture
def in_its_place(monkeypatch):
    """Let the other process run another program."""
    popen = subprocess.Popen

    def plant(program):
        monkeypatch.setattr(
            room.subprocess, "Popen", lambda command, **more: popen([sys.executable, "-c", program], **more)
        )

    return plant


def test_a_model_of_built_in_layers_answers_as_here(asked):
    model = network(keras.layers.Conv2D(3, 3))
    np.testing.assert_allclose(asked(model)["logits"], model.predict_on_batch(PIXELS), atol=1e-5)


def test_a_lambda_is_not_loaded_and_the_process_goes_on(asked):
    fault = asked(network(keras.layers.Lambda(lambda x: x + 1.0)))["fault"]
    assert "Lambda" in fault
    assert "logits" in asked(network())


def test_a_layer_only_this_process_knows_is_not_loaded(asked):
    assert "OnlyHere" in asked(network(OnlyHere()))["fault"]


def test_a_file_that_is_cut_off_is_not_loaded(process, tmp_path):
    network().save(tmp_path / "model.keras")
    np.save(tmp_path / "pixels.npy", PIXELS)
    content = (tmp_path / "model.keras").read_bytes()
    (tmp_path / "model.keras").write_bytes(content[: len(content) // 2])
    assert not zipfile.is_zipfile(tmp_path / "model.keras")
    process.ask(tmp_path / "model.keras", tmp_path / "pixels.npy")
    assert "model.keras" in process.answer()["fault"]


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import os; os.abort()", "ended with -6: it said nothing"),
        ("import sys; sys.exit('no such library')", "ended with 1: no such library"),
        ("print('a greeting'); print('[1]')", "ended with 0: it said nothing"),
        ('import sys; sys.stdin.readline(); print(\'{"fault": "of its own"}\', flush=True)', "of its own"),
    ],
)
def test_an_end_without_logits_is_described(in_its_place, tmp_path, program, words):
    in_its_place(program)
    with ReloadProcess() as process:
        process.ask(tmp_path / "model.keras", tmp_path / "pixels.npy")
        assert words in process.answer()["fault"]


def test_silence_ends_after_a_while(in_its_place, tmp_path):
    in_its_place("import time; time.sleep(60)")
    with ReloadProcess(longest_seconds=0.2) as process:
        process.ask(tmp_path / "model.keras", tmp_path / "pixels.npy")
        assert process.answer() == {"fault": "no answer in 0 seconds"}


def test_it_ends_when_whoever_started_it_is_gone():
    program = (
        "import os; from lowres.pipeline.training.reload_process import ReloadProcess\n"
        "process = ReloadProcess(); print(process._process.pid, flush=True); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 9
    _wait_until_gone(int(done.stdout))


def _wait_until_gone(number, seconds=180.0):
    import os
    import time

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError(f"process {number} still lives")
