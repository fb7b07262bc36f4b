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


@pytest.mark.slow
@pytest.mark.skipif(os.environ["KERAS_BACKEND"] != "tensorflow", reason="it is TensorFlow that has the choice")
@pytest.mark.parametrize("chosen", ["", "0"])
def test_onednn_is_taken_on_every_processor_but_where_the_user_will_not_have_it(chosen):
    """In a process of its own, as TensorFlow reads it once."""
    program = "from lowres.networks.backend import load_backend\nload_backend()\n"
    program += "from tensorflow.python.util import _pywrap_util_port; print(_pywrap_util_port.IsMklEnabled())"
    variables = {key: value for key, value in os.environ.items() if key != "TF_ENABLE_ONEDNN_OPTS"}
    variables |= {"TF_ENABLE_ONEDNN_OPTS": chosen} if chosen else {}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=variables)
    assert done.stdout.strip() == str(chosen == "")


@pytest.mark.skipif(os.environ["KERAS_BACKEND"] != "tensorflow", reason="it is TensorFlow that loses the order")
def test_no_weight_may_change_before_a_gradient_has_read_it():
    import tensorflow

    load_backend()
    assert tensorflow.config.optimizer.get_experimental_options()["dependency_optimization"] is False


@pytest.mark.slow
@pytest.mark.parametrize("is_deterministic", [False, True])
def test_deterministic_operations_are_switched_on_where_asked_for(is_deterministic):
    """In a process of its own, since nothing switches them off again."""
    asked = {
        "tensorflow": "from tensorflow.python.framework import config; print(config.is_op_determinism_enabled())",
        "torch": "import torch; print(torch.are_deterministic_algorithms_enabled())",
        "jax": "import os; print('deterministic_ops=true' in os.environ.get('XLA_FLAGS', ''))",
    }
    program = f"from lowres.networks.backend import load_backend\nload_backend({is_deterministic})\n"
    program += asked[os.environ["KERAS_BACKEND"]]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(is_deterministic)


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


@pytest.mark.slow
def test_nothing_is_printed():
    program = "from lowres.networks.backend import load_backend; print(load_backend())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == (os.environ["KERAS_BACKEND"], "")
