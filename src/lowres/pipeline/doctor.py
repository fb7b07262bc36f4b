"""Whether this machine can do the work, what it lacks, what that costs, and what to do."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

from lowres.files.cache_folder import CACHE_VARIABLE, cache_folder
from lowres.files.machine import Machine, free_bytes, installed_versions, read_machine, write_fault
from lowres.pipeline.backend_process import backend_report
from lowres.pipeline.package_checks import LOOKED_AT, check_packages
from lowres.values.findings import Finding

ENOUGH_MEMORY_GIB = 4.0
ENOUGH_FREE_GIB = 3.0
# A card that is not this many times as fast as the processor is not doing the work.
FASTER_TIMES = 2.0
# A few modules have no compiled file on every machine.
MOST_UNCOMPILED = 0.2
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
_GIB = 2**30
_CARD_FREE_COST = "frozen features need none; training a whole network takes 10 to 50 times as long as on a card"


def examine_machine() -> list[Finding]:
    """Return every finding on packages, processor, memory, graphics cards and the cache folder of this machine.

    The frameworks are asked in a process of their own; no fault in them reaches this one.
    """
    machine = read_machine()
    report = backend_report()
    findings = [_python(machine), *check_packages(installed_versions(LOOKED_AT))]
    findings += [_processor(machine), _cores(machine), _memory(machine)]
    findings += [
        *check_backend(report),
        check_loading(report.get("keras", {})),
        check_cards(machine, report.get("keras", {})),
        _growth(report),
    ]
    return [*findings, check_cache(cache_folder())]


def check_backend(report: dict[str, Any]) -> list[Finding]:
    """Return whether Keras with its backend, and OpenVINO, load and work, from what their process reported."""
    keras, openvino = (report.get(name, {}) for name in ("keras", "openvino"))
    fault = report.get("fault") or keras.get("fault")
    if fault:
        repair = "pip install --force-reinstall 'lowres[cpu]', or set KERAS_BACKEND to a backend that is installed"
        findings = [Finding("backend at work", "FAIL", fault, repair)]
    else:
        seconds = keras["processor_seconds"]
        findings = [Finding("backend at work", "PASS", f"{keras['backend']}: {_rate(seconds)} on the processor")]
    if "fault" in openvino and "No module named 'openvino'" not in openvino["fault"]:
        repair = "pip install --force-reinstall openvino"
        findings.append(Finding("openvino at work", "WARN", openvino["fault"], repair))
    elif "precisions" in openvino:
        precisions = ", ".join(sorted(set(openvino["precisions"]) & {"BF16", "FP16", "FP32", "INT8"}))
        findings.append(Finding("openvino at work", "PASS", f"{', '.join(openvino['devices'])}: {precisions}"))
    return findings


def check_loading(keras: dict[str, Any]) -> Finding:
    """Return whether every process that loads Keras has to compile it first, as nothing keeps it compiled."""
    name = "backend's loading"
    if "loading_seconds" not in keras:
        return Finding(name, "PASS", "not tried, as it does not load")
    modules, uncompiled = keras["modules"], keras["uncompiled_modules"]
    measured = f"{keras['loading_seconds']:.1f} s, {uncompiled:,} of its {modules:,} modules not kept compiled"
    if uncompiled <= modules * MOST_UNCOMPILED:
        return Finding(name, "PASS", measured)
    cause = f"{NO_BYTECODE} is set" if os.environ.get(NO_BYTECODE) else "their folder cannot be written"
    repair = (
        f"{cause}, so that every process compiles them anew, which takes most of that time; compile them once: "
        f"{sys.executable} -m compileall -q -j 0 {sysconfig.get_path('purelib')}"
    )
    return Finding(name, "WARN", measured, repair)


def check_cards(machine: Machine, keras: dict[str, Any]) -> Finding:
    """Return whether a graphics card is there and does the work, timed against the processor."""
    used = keras.get("cards") or []
    if not used and machine.graphics_cards:
        repair = "the backend does not see it: install 'lowres[gpu]' in place of tensorflow-cpu, and check its driver"
        return Finding("graphics card", "FAIL", f"{', '.join(machine.graphics_cards)}, unused", repair)
    if not used:
        return Finding("graphics card", "WARN", "none", f"nothing is broken: {_CARD_FREE_COST}")
    times = keras["processor_seconds"] / keras["card_seconds"]
    measured = f"{', '.join(used)}: {_rate(keras['card_seconds'])}, {times:.1f} times the processor"
    if times < FASTER_TIMES:
        repair = "it is seen but hardly used: check its driver, and what else runs on it"
        return Finding("graphics card", "WARN", measured, repair)
    return Finding("graphics card", "PASS", measured)


def check_cache(folder: Path) -> Finding:
    """Return whether the cache folder can be written and has room for features and data sets."""
    fault = write_fault(folder)
    if fault:
        repair = f"change its permissions, or name another folder in the variable {CACHE_VARIABLE}"
        return Finding("cache folder", "FAIL", f"{folder}: {fault}", repair)
    free_gib = free_bytes(folder) / _GIB
    measured = f"{folder}: {free_gib:.0f} GiB free"
    if free_gib < ENOUGH_FREE_GIB:
        repair = f"CIFAR-10 with its features takes up to {ENOUGH_FREE_GIB:.0f} GiB: free some, or set {CACHE_VARIABLE}"
        return Finding("cache folder", "WARN", measured, repair)
    return Finding("cache folder", "PASS", measured)


def _python(machine: Machine) -> Finding:
    return Finding("python", "PASS", f"{machine.python} on {machine.system}")


def _processor(machine: Machine) -> Finding:
    features = machine.processor_features
    if features is None:
        measured = f"{machine.processor}: its features are unknown"
        return Finding("processor", "WARN", measured, "nothing is broken: float32 is used")
    measured = f"{machine.processor}: {', '.join(features) or 'no vector features'}"
    if "amx_bf16" in features or ("avx512_bf16" in features and "AMD" in machine.processor):
        return Finding("processor", "PASS", measured)
    cost = "not quick at bfloat16 (AMX, or AMD's AVX512-BF16), so the frozen pass runs in float32, up to twice as long"
    return Finding("processor", "WARN", measured, f"nothing is broken: {cost}")


def _cores(machine: Machine) -> Finding:
    if machine.cores == 1:
        return Finding("cores", "WARN", "1", "allow this process more processors where there are more")
    return Finding("cores", "PASS", str(machine.cores))


def _memory(machine: Machine) -> Finding:
    if not machine.memory_bytes:
        return Finding("memory", "WARN", "unknown", "make sure there are 4 GiB")
    measured = f"{machine.memory_gib:.1f} GiB"
    if machine.memory_gib < ENOUGH_MEMORY_GIB:
        return Finding(
            "memory", "WARN", measured, "below 4 GiB: close other programs, or choose a smaller input_pixels"
        )
    return Finding("memory", "PASS", measured)


def _growth(report: dict[str, Any]) -> Finding:
    grows = report.get("keras", {}).get("memory_growth")
    if grows is False:
        repair = "the backend takes the whole card at once; for JAX set XLA_PYTHON_CLIENT_PREALLOCATE=false"
        return Finding("memory growth", "WARN", "off", repair)
    return Finding("memory growth", "PASS", "no card to reserve memory on" if grows is None else "on")


def _rate(seconds: float) -> str:
    # The report multiplies two matrices of 2,048 rows.
    return f"{2 * 2048**3 / seconds / 1e9:,.0f} GFLOP/s"
