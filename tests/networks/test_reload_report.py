"""The lines that the reloading process reads and writes, without a process of its own."""

import json

import keras
import numpy as np
import pytest

from lowres.errors import MissingDependency
from lowres.networks import reload_report as room
from lowres.networks.reload_report import answers


@pytest.fixture
def saved(tmp_path):
    """A saved network that doubles, two rows for it, and the line that asks about them."""
    inputs = keras.Input((2,))
    keras.Model(inputs, keras.layers.Rescaling(2.0)(inputs)).save(tmp_path / "model.keras")
    np.save(tmp_path / "pixels.npy", np.array([[1, 2], [3, 4]], np.float32))
    return json.dumps({"model": str(tmp_path / "model.keras"), "pixels": str(tmp_path / "pixels.npy")})


def test_every_line_is_answered(saved, tmp_path):
    lost = json.dumps({"model": str(tmp_path / "lost.keras"), "pixels": "none.npy"})
    first, second, third = (json.loads(line) for line in answers([saved, lost, saved]))
    assert first == third == {"logits": [[2.0, 4.0], [6.0, 8.0]]}
    assert second["fault"].startswith("ValueError: File not found")


def test_a_machine_without_keras_says_so_once(saved, monkeypatch):
    def fail():
        raise MissingDependency("expected a backend for Keras, got none installed")

    monkeypatch.setattr(room, "load_backend", fail)
    (line,) = answers([saved, saved])
    assert json.loads(line) == {"fault": "expected a backend for Keras, got none installed"}
