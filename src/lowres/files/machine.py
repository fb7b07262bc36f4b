"""Facts about the machine, read from the operating system without loading any framework."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

# The last two do bfloat16; a frozen pass in it takes half the time on AMD and with AMX.
USEFUL_PROCESSOR_FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
_GIB = 2**30


@dataclass(frozen=True)
class Machine:
    """What lowres runs on.

    cores and memory_bytes are what this process may use, container limits counted; memory_bytes is 0 where unknown.
    processor_features: those of `USEFUL_PROCESSOR_FEATURES` the processor has, in that order; None where unknown.
    graphics_cards: NVIDIA cards the operating system sees, by name, whether or not any framework uses them.
    """

    system: str
    python: str
    processor: str
    processor_features: tuple[str, ...] | None
    cores: int
    memory_bytes: int
    graphics_cards: tuple[str, ...]

    @property
    def memory_gib(self) -> float:
        """Memory in GiB."""
        return self.memory_bytes / _GIB


def read_machine(root: Path = Path("/")) -> Machine:
    """Return the facts of this machine; `root` is where /proc and /sys hang (tests hang their own)."""
    cpuinfo = _first_values(root / "proc/cpuinfo")
    flags = cpuinfo.get("flags", cpuinfo.get("Features", "")).split()
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=".".join(map(str, sys.version_info[:3])),
        processor=cpuinfo.get("model name", platform.processor() or platform.machine()),
        processor_features=tuple(name for name in USEFUL_PROCESSOR_FEATURES if name in flags) if flags else None,
        cores=_cores(root),
        memory_bytes=_memory_bytes(root),
        graphics_cards=_graphics_cards(root),
    )


def installed_versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of those packages that are installed, without importing any."""
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, str] = {}
    for package in packages:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def load_average() -> float | None:
    """Return how many processes wanted a core on average in the last minute; None where the system does not say."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def free_bytes(folder: Path) -> int:
    """Return the bytes free on the disk that holds `folder`, or will once it is made."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def peak_memory_bytes() -> int:
    """Return the most memory this process has held at once; 0 where the system does not tell."""
    try:
        import resource
    except ModuleNotFoundError:
        # Windows has none.
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def write_fault(folder: Path) -> str:
    """Return why a file cannot be written in `folder` (made where it is missing), or nothing where it can."""
    probe = folder / f".lowres-probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"lowres")
        probe.unlink()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _cores(root: Path) -> int:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _text(root / "sys/fs/cgroup/cpu.max").partition(" ")
    if quota.isdigit() and period.strip().isdigit():
        # A container's share, rounded up: 1.5 processors keep two threads busy.
        return max(1, min(allowed, -(-int(quota) // int(period))))
    return allowed


def _memory_bytes(root: Path) -> int:
    kibibytes = _first_values(root / "proc/meminfo").get("MemTotal", "0").split()[0]
    limits = [int(kibibytes) * 1024] if kibibytes.isdigit() else []
    for name in ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"):
        limit = _text(root / name).strip()
        limits += [int(limit)] if limit.isdigit() else []
    return min((limit for limit in limits if limit > 0), default=0)


def _graphics_cards(root: Path) -> tuple[str, ...]:
    folder = root / "proc/driver/nvidia/gpus"
    cards = sorted(folder.glob("*/information")) if folder.is_dir() else []
    return tuple(_first_values(card).get("Model", "NVIDIA card") for card in cards)


def _first_values(path: Path) -> dict[str, str]:
    """Read `key : value` lines; the first processor of /proc/cpuinfo stands for all."""
    values: dict[str, str] = {}
    for line in _text(path).splitlines():
        key, colon, value = line.partition(":")
        if colon:
            values.setdefault(key.strip(), value.strip())
    return values


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def give_back_memory() -> None:
    """Return to the system what nothing uses any more: models hang in cycles, and glibc keeps what they leave."""
    import ctypes
    import gc

    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        # Only glibc has it.
        ctypes.CDLL(None).malloc_trim(0)
