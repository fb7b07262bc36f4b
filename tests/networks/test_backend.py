"""Keras loads quietly on a backend that is installed, or it is said why not."""

import json
import os
import subprocess
import sys

import pytest

from lowres.errors import MissingDependency
from lowres.networks import backend as room
from lowres.networks.backend import load_backend


@pytest.fixture
def only(monkeypatch, tmp_path):
    """Pretend that only these backends are installed, and that the user chose nothing."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "")

    def installed(*names):
        monkeypatch.setattr(room, "find_spec", lambda name: name in names or None)

    return installed


def test_it_says_which_one_runs():
    assert load_backend() == os.environ["KERAS_BACKEND"]


@pytest.mark.skipif(os.environ["KERAS_BACKEND"] != "tensorflow", reason="it is TensorFlow that loses the order")
def test_no_weight_may_change_before_a_gradient_has_read_it():
    import tensorflow

    load_backend()
    assert tensorflow.config.optimizer.get_experimental_options()["dependency_optimization"] is False


# How each backend is asked whether it computes repeatably, and TensorFlow whether it takes oneDNN.
ASKED = {
    "tensorflow": (
        "from tensorflow.python.framework import config; from tensorflow.python.util import _pywrap_util_port as port; "
        "print(config.is_op_determinism_enabled(), port.IsMklEnabled())"
    ),
    "torch": "import torch; print(torch.are_deterministic_algorithms_enabled())",
    "jax": "import os; print('deterministic_ops=true' in os.environ.get('XLA_FLAGS', ''))",
}


@pytest.mark.slow
@pytest.mark.parametrize(("onednn", "is_deterministic"), [("", False), ("0", True)], ids=["as it is", "as it is asked"])
def test_it_loads_without_a_word_repeatable_where_asked_with_onednn_unless_the_user_will_not(onednn, is_deterministic):
    """In a process of its own, as frameworks read what they are told once, and nothing switches it off again."""
    backend = os.environ["KERAS_BACKEND"]
    program = "from lowres.networks.backend import load_backend\n"
    program += f"print(load_backend({is_deterministic}))\n{ASKED[backend]}"
    variables = {key: value for key, value in os.environ.items() if key != "TF_ENABLE_ONEDNN_OPTS"}
    variables |= {"TF_ENABLE_ONEDNN_OPTS": onednn} if onednn else {}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=variables)
    named, found = done.stdout.splitlines()
    takes_onednn = [str(not onednn)] if backend == "tensorflow" else []
    assert (named, found.split(), done.stderr) == (backend, [str(is_deterministic), *takes_onednn], "")


def test_the_first_one_installed_is_taken_where_nothing_is_chosen(only):
    only("jax", "torch")
    load_backend()
    assert os.environ["KERAS_BACKEND"] == "jax"


def test_what_keras_itself_is_set_to_is_left_alone(only, tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "torch"}))
    only("tensorflow", "torch")
    load_backend()
    assert os.environ["KERAS_BACKEND"] == ""


@pytest.mark.parametrize("text", ["", "[]", '{"backend": "tensorflow"}'])
def test_a_setting_that_names_nothing_installed_gives_way(only, tmp_path, text):
    (tmp_path / "keras.json").write_text(text)
    only("jax")
    load_backend()
    assert os.environ["KERAS_BACKEND"] == "jax"


def test_none_installed_is_said_with_what_to_install(only):
    only()
    with pytest.raises(MissingDependency, match=r"a backend for Keras .*, got none installed; pip install 'lowres"):
        load_backend()


def test_one_that_does_not_load_is_named_with_its_last_words(only, monkeypatch):
    only("tensorflow")

    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "keras":
                os.write(2, b"libcudnn.so.9: wrong ELF class\n")
                raise ImportError("DLL load failed")

    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    expected = r"backend .tensorflow., got ImportError.*DLL load failed.*; its last words: libcudnn\.so\.9: wrong ELF"
    with pytest.raises(MissingDependency, match=expected):
        load_backend()


def test_memory_of_cards_is_asked_for_as_it_is_needed(monkeypatch):
    tensorflow = pytest.importorskip("tensorflow")
    grows = []

    def set_growth(card, is_growing):
        grows.append((card, is_growing))
        if card == "busy":
            raise RuntimeError("Physical devices cannot be modified after being initialized")

    monkeypatch.setattr(tensorflow.config, "list_physical_devices", lambda kind: ["busy", "idle"])
    monkeypatch.setattr(tensorflow.config.experimental, "set_memory_growth", set_growth)
    room._settle_tensorflow("tensorflow")
    assert grows == [("busy", True), ("idle", True)]
    room._settle_tensorflow("torch")
    assert len(grows) == 2
