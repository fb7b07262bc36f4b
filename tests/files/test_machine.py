"""Facts of a machine are read right from files as Linux writes them, and never crash where they are missing."""

import gc
import os
import platform
from pathlib import Path

import pytest

from lowres.files.machine import (
    free_bytes,
    give_back_memory,
    installed_versions,
    peak_memory_bytes,
    read_machine,
    write_fault,
)

CPUINFO = """processor\t: 0
model name\t: AMD EPYC 9R14
flags\t\t: fpu avx2 avx512f avx512_bf16 sse

processor\t: 1
model name\t: another
flags\t\t: fpu
"""


def _hang(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_the_processor_is_the_first_one_with_the_features_that_matter(tmp_path: Path) -> None:
    machine = read_machine(_hang(tmp_path, proc__cpuinfo=CPUINFO))
    assert machine.processor == "AMD EPYC 9R14"
    assert machine.processor_features == ("avx2", "avx512f", "avx512_bf16")


def test_memory_is_the_machines_or_the_containers_limit(tmp_path: Path) -> None:
    _hang(tmp_path, proc__meminfo="MemTotal:       25165824 kB\nMemFree: 1 kB\n")
    assert read_machine(tmp_path).memory_gib == 24
    limits = tmp_path / "sys/fs/cgroup"
    limits.mkdir(parents=True)
    (limits / "memory.max").write_text(f"{2 * 2**30}\n")
    assert read_machine(tmp_path).memory_gib == 2
    (limits / "memory.max").write_text("max\n")
    assert read_machine(tmp_path).memory_gib == 24


def test_cores_are_what_the_container_may_use(tmp_path: Path) -> None:
    allowed = len(os.sched_getaffinity(0))
    assert read_machine(tmp_path).cores == allowed
    limit = tmp_path / "sys/fs/cgroup/cpu.max"
    limit.parent.mkdir(parents=True)
    limit.write_text("50000 100000\n")
    assert read_machine(tmp_path).cores == 1
    limit.write_text("max 100000\n")
    assert read_machine(tmp_path).cores == allowed


def test_cards_are_named_as_their_driver_names_them(tmp_path: Path) -> None:
    card = tmp_path / "proc/driver/nvidia/gpus/0000:01:00.0"
    card.mkdir(parents=True)
    (card / "information").write_text("Model: \t\t Quadro T1000\nIRQ: 1\n")
    assert read_machine(tmp_path).graphics_cards == ("Quadro T1000",)


def test_a_machine_that_tells_nothing_is_described_all_the_same(tmp_path: Path) -> None:
    machine = read_machine(tmp_path)
    assert machine.processor_features is None
    assert machine.memory_bytes == 0
    assert machine.graphics_cards == ()
    assert machine.processor


def test_this_machine_is_read() -> None:
    machine = read_machine()
    assert machine.memory_bytes == pytest.approx(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), rel=0.05)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux keeps that file")
def test_the_peak_of_memory_is_the_one_linux_tells() -> None:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kibibytes = int(status.split("VmHWM:")[1].split()[0])
    assert peak_memory_bytes() == pytest.approx(1024 * kibibytes, rel=0.05)


def test_free_space_of_a_folder_that_is_not_there_yet_is_its_parents(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "yet") == pytest.approx(free_bytes(tmp_path), rel=0.1)


def test_a_folder_is_tried_by_writing(tmp_path: Path) -> None:
    assert write_fault(tmp_path / "cache") == ""
    assert list((tmp_path / "cache").iterdir()) == []
    # Not even root makes files there.
    assert write_fault(Path("/sys/cache"))


def test_versions_are_of_what_is_installed() -> None:
    import numpy

    assert installed_versions(("numpy", "no-such-package")) == {"numpy": numpy.__version__}


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked to")
def test_memory_that_hung_in_cycles_goes_back_to_the_system():
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    gc.disable()
    try:
        # Small pieces, which glibc keeps for itself, held by one cycle.
        cycle = [[bytearray(1000) for _ in range(60_000)]]
        cycle.append(cycle)
        # What lies above is in use, so they are not at the end, from where they would go back by themselves.
        above = bytearray(1000)
        full = resident()
        del cycle
        give_back_memory()
    finally:
        gc.enable()
    assert len(above) == 1000
    assert full - resident() > 40 * 2**20
