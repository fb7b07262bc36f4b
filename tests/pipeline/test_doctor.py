"""Faults are planted in what the machine and its frameworks report; each is named, weighed, and repaired in words."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lowres.files.machine import Machine
from lowres.pipeline import doctor
from lowres.pipeline.doctor import check_backend, check_cache, check_cards, examine_machine

GIB = 2**30
MACHINE = Machine("Linux 6 x86_64", "3.11.7", "AMD EPYC", ("avx2", "avx512f", "avx512_bf16"), 2, 24 * GIB, ())
KERAS = {
    "version": "3.15.1",
    "backend": "tensorflow",
    "cards": [],
    "memory_growth": None,
    "processor_seconds": 0.15,
    "loading_seconds": 5.04,
    "modules": 2500,
    "uncompiled_modules": 3,
}
OPENVINO = {"version": "2026.4", "devices": ["CPU"], "precisions": ["BF16", "WINOGRAD", "FP32"]}
CARD = KERAS | {"cards": ["Quadro T1000"], "memory_growth": True, "card_seconds": 0.015}


@pytest.fixture
def examine(monkeypatch, tmp_path):
    """Examine a machine of which everything is known."""
    monkeypatch.setenv("LOWRES_CACHE", str(tmp_path / "cache"))

    def examined(machine=MACHINE, **report):
        monkeypatch.setattr(doctor, "read_machine", lambda: machine)
        monkeypatch.setattr(doctor, "backend_report", lambda: {"keras": KERAS, "openvino": OPENVINO} | report)
        return {finding.name: finding for finding in examine_machine()}

    return examined


def test_a_good_machine_without_a_card_only_hears_what_that_costs(examine):
    findings = examine()
    assert {name for name, finding in findings.items() if finding.status != "PASS"} == {"graphics card"}
    assert findings["graphics card"].status == "WARN"
    assert "10 to 50 times as long as on a card" in findings["graphics card"].repair
    assert findings["processor"].measured == "AMD EPYC: avx2, avx512f, avx512_bf16"
    assert findings["openvino at work"].measured == "CPU: BF16, FP32"
    # 2 * 2048^3 operations in 0.15 s.
    assert findings["backend at work"].measured == "tensorflow: 115 GFLOP/s on the processor"


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ({"processor_features": ("avx2",)}, "processor", "not quick at bfloat16"),
        ({"processor_features": ()}, "processor", "not quick at bfloat16"),
        ({"processor": "Intel Xeon"}, "processor", "not quick at bfloat16"),
        ({"processor_features": None}, "processor", "float32 is used"),
        ({"cores": 1}, "cores", "allow this process more processors"),
        ({"memory_bytes": 3 * GIB}, "memory", "choose a smaller input_pixels"),
        ({"memory_bytes": 0}, "memory", "make sure there are 4 GiB"),
    ],
)
def test_a_weak_machine_is_warned_of_what_it_lacks(examine, change, name, words):
    finding = examine(replace(MACHINE, **change))[name]
    assert finding.status == "WARN"
    assert words in finding.repair


def test_a_processor_with_tiles_passes(examine):
    assert (
        examine(replace(MACHINE, processor="Intel Xeon", processor_features=("amx_bf16",)))["processor"].status
        == "PASS"
    )


def test_a_card_that_does_the_work_passes_with_its_time():
    finding = check_cards(MACHINE, CARD)
    assert finding.status == "PASS"
    assert finding.measured == "Quadro T1000: 1,145 GFLOP/s, 10.0 times the processor"


def test_a_card_the_backend_does_not_see_fails():
    finding = check_cards(replace(MACHINE, graphics_cards=("Quadro T1000",)), KERAS)
    assert (finding.status, finding.measured) == ("FAIL", "Quadro T1000, unused")
    assert "'lowres[gpu]' in place of tensorflow-cpu" in finding.repair


def test_a_card_as_slow_as_the_processor_is_suspicious():
    finding = check_cards(MACHINE, CARD | {"card_seconds": 0.14})
    assert finding.status == "WARN"
    assert "seen but hardly used" in finding.repair


def test_a_backend_that_is_compiled_anew_by_every_process_is_named_with_the_cause(examine, monkeypatch):
    loading = examine()["backend's loading"]
    assert (loading.status, loading.measured) == ("PASS", "5.0 s, 3 of its 2,500 modules not kept compiled")
    uncompiled = KERAS | {"loading_seconds": 21.8, "uncompiled_modules": 2490}
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    loading = examine(keras=uncompiled)["backend's loading"]
    assert (loading.status, loading.measured) == ("WARN", "21.8 s, 2,490 of its 2,500 modules not kept compiled")
    assert loading.repair.startswith("PYTHONDONTWRITEBYTECODE is set, so that every process compiles them anew")
    assert f"{sys.executable} -m compileall -q -j 0 " in loading.repair
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE")
    assert examine(keras=uncompiled)["backend's loading"].repair.startswith("their folder cannot be written")
    assert examine(keras={"fault": "ImportError: x"})["backend's loading"].status == "PASS"


def test_memory_growth_is_told(examine):
    assert examine(keras=CARD)["memory growth"].measured == "on"
    assert examine()["memory growth"].measured == "no card to reserve memory on"
    off = examine(keras=CARD | {"memory_growth": False})["memory growth"]
    assert (off.status, off.measured) == ("WARN", "off")


@pytest.mark.parametrize("report", [{"fault": "its process ended with -11"}, {"keras": {"fault": "ImportError: x"}}])
def test_frameworks_that_do_not_load_are_a_finding_and_no_crash(examine, report):
    finding = examine(**report)["backend at work"]
    assert finding.status == "FAIL"
    assert finding.measured in ("its process ended with -11", "ImportError: x")
    assert "pip install --force-reinstall 'lowres[cpu]'" in finding.repair


def test_an_engine_that_does_not_load_is_a_warning_and_one_that_is_not_there_is_told_once():
    _, broken = check_backend({"keras": KERAS, "openvino": {"fault": "OSError: libtbb"}})
    assert (broken.status, broken.measured) == ("WARN", "OSError: libtbb")
    absent = {"fault": "ModuleNotFoundError: No module named 'openvino'"}
    assert len(check_backend({"keras": KERAS, "openvino": absent})) == 1


def test_a_cache_folder_is_tried_and_its_disk_measured(tmp_path, monkeypatch):
    assert check_cache(tmp_path / "cache").status in ("PASS", "WARN")
    monkeypatch.setattr(doctor, "free_bytes", lambda folder: 100 * GIB)
    assert check_cache(tmp_path).measured == f"{tmp_path}: 100 GiB free"
    monkeypatch.setattr(doctor, "free_bytes", lambda folder: GIB)
    assert check_cache(tmp_path).status == "WARN"
    # Not even root makes folders there.
    closed = check_cache(Path("/sys/cache"))
    assert closed.status == "FAIL"
    assert "LOWRES_CACHE" in closed.repair
