"""The report on the frameworks is one JSON line with everything doctor reads, and a fault in one spares the other."""

import json
import subprocess
import sys

import pytest

from lowres.networks import backend_report as room
from lowres.networks.backend_report import report


@pytest.mark.slow
def test_it_prints_one_line_that_doctor_understands():
    command = [sys.executable, "-m", "lowres.networks.backend_report"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["keras"]["backend"] in ("tensorflow", "jax", "torch")
    assert 0 < found["keras"]["processor_seconds"] < 60
    assert found["keras"]["card_seconds"] is None or found["keras"]["cards"]
    assert "CPU" in found["openvino"]["devices"]
    assert "FP32" in found["openvino"]["precisions"]


def test_a_fault_is_told_in_words_and_spares_the_rest(monkeypatch):
    def fail():
        raise ImportError("libcudart.so.12: cannot open shared object file")

    monkeypatch.setattr(room, "_keras", fail)
    monkeypatch.setattr(room, "_openvino", lambda: {"version": "1"})
    found = report()
    assert found["keras"] == {"fault": "ImportError: libcudart.so.12: cannot open shared object file"}
    assert found["openvino"] == {"version": "1"}
    assert found["seconds"] >= 0
