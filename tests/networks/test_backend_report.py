"""The report on the frameworks is one JSON line with everything doctor reads, and a fault in one spares the other."""

import json
import os
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
    assert found["keras"]["loading_seconds"] > 0
    assert 0 <= found["keras"]["uncompiled_modules"] <= found["keras"]["modules"]
    assert found["keras"]["modules"] > 500
    assert found["keras"]["card_seconds"] is None or found["keras"]["cards"]
    assert "CPU" in found["openvino"]["devices"]
    assert "FP32" in found["openvino"]["precisions"]


@pytest.mark.parametrize(("told_not_to", "uncompiled"), [("", 0), ("1", 1)])
def test_modules_that_python_keeps_no_compiled_file_of_are_counted(tmp_path, told_not_to, uncompiled):
    (tmp_path / "compiled_or_not.py").write_text("")
    words = "import sys, compiled_or_not; from lowres.networks.backend_report import count_compiled as count; "
    words += "print(*count(['compiled_or_not', 'sys']))"
    places = os.pathsep.join([str(tmp_path), *sys.path])
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": told_not_to, "PYTHONPATH": places}
    command = [sys.executable, "-c", words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == ["1", str(uncompiled)]


def test_a_fault_is_told_in_words_and_spares_the_rest(monkeypatch):
    def fail():
        raise ImportError("libcudart.so.12: cannot open shared object file")

    monkeypatch.setattr(room, "_keras", fail)
    monkeypatch.setattr(room, "_openvino", lambda: {"version": "1"})
    found = report()
    assert found["keras"] == {"fault": "ImportError: libcudart.so.12: cannot open shared object file"}
    assert found["openvino"] == {"version": "1"}
    assert found["seconds"] >= 0
