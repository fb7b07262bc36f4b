"""Which installed packages lowres needs, and which are known to break each other."""

from __future__ import annotations

import re

from lowres.values.findings import Finding

KERAS_FROM = (3, 15)
BACKENDS = ("tensorflow", "tensorflow-cpu", "jax", "torch")
LOOKED_AT = (
    "lowres", "keras", *BACKENDS, "openvino", "numpy", "scikit-learn", "tf-keras", "tf2onnx", "torchvision",
)  # fmt: skip
_HOW_TO_INSTALL = "install one: pip install 'lowres[cpu]', or 'lowres[gpu]' where there is an NVIDIA card"


def check_packages(versions: dict[str, str]) -> list[Finding]:
    """Return the findings on installed packages, given their versions by name (those missing left out)."""
    findings = [_keras(versions), _backend(versions), _openvino(versions)]
    return findings + [finding for pair in (_legacy_keras, _onnx, _torchvision) for finding in pair(versions)]


def _keras(versions: dict[str, str]) -> Finding:
    found = versions.get("keras")
    if found is None:
        return Finding("keras", "FAIL", "not installed", "pip install 'keras>=3.15'")
    if _numbers(found) < KERAS_FROM:
        # keras#20256: callbacks used in two phases stop the second at once.
        repair = "older ones stop a second phase at once and cannot export LiteRT: pip install 'keras>=3.15'"
        return Finding("keras", "FAIL", found, repair)
    return Finding("keras", "PASS", found)


def _backend(versions: dict[str, str]) -> Finding:
    installed = [name for name in BACKENDS if name in versions]
    measured = ", ".join(f"{name} {versions[name]}" for name in installed) or "none installed"
    if not installed:
        return Finding("backend", "FAIL", measured, _HOW_TO_INSTALL)
    if {"tensorflow", "tensorflow-cpu"} <= set(installed):
        repair = (
            "both write the same files, so either may run or neither: pip uninstall tensorflow tensorflow-cpu, then "
            f"{_HOW_TO_INSTALL} (keras-hub and tensorflow-serving-api pull tensorflow in beside tensorflow-cpu)"
        )
        return Finding("backend", "FAIL", measured, repair)
    return Finding("backend", "PASS", measured)


def _openvino(versions: dict[str, str]) -> Finding:
    if "openvino" in versions:
        return Finding("openvino", "PASS", versions["openvino"])
    cost = "the frozen pass runs in Keras, on a processor about four times slower: pip install openvino"
    return Finding("openvino", "WARN", "not installed", cost)


def _legacy_keras(versions: dict[str, str]) -> list[Finding]:
    if "tf-keras" not in versions:
        return []
    repair = "it is Keras 2: with TF_USE_LEGACY_KERAS set it takes Keras 3's place; pip uninstall tf-keras"
    return [Finding("tf-keras", "WARN", versions["tf-keras"], repair)]


def _onnx(versions: dict[str, str]) -> list[Finding]:
    if "tf2onnx" not in versions:
        return []
    return [
        Finding("tf2onnx", "PASS", f"{versions['tf2onnx']}; it converts float32 only, which is what lowres exports")
    ]


def _torchvision(versions: dict[str, str]) -> list[Finding]:
    if "torchvision" not in versions or "+cpu" not in versions.get("torch", ""):
        return []
    repair = "it does not import beside a torch built for processors only; keep it in an environment of its own"
    return [Finding("torchvision", "WARN", versions["torchvision"], repair)]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
