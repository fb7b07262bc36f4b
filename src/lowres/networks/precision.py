"""Which arithmetic a processor is quick at: bfloat16 or float32."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import keras

from lowres.values.findings import Finding

Precision = Literal["bfloat16", "float32"]
_PROCESSOR_FACTS = Path("/proc/cpuinfo")


def processor_is_quick_at_bfloat16() -> bool:
    """Whether bfloat16 beats float32 here: on AMD with AVX512-BF16 (twice as quick), and with AMX tiles.

    Having the instructions is not enough: on a Xeon with AVX512-BF16 whose AMX was switched off, EfficientNet-Lite0
    took 14.7 ms of processor time an image in bfloat16 and 12.7 in float32.
    """
    facts = _processor_facts()
    flags = set(facts.get("flags", "").split())
    return "amx_bf16" in flags or ("avx512_bf16" in flags and "AMD" in facts.get("vendor_id", ""))


def products_beat_convolutions(precision: str) -> bool:
    """Whether matrix products make a kernel's gradient sooner than TensorFlow's own, in numbers of that precision.

    Beside oneDNN they do in bfloat16 with AMX tiles, and in float32 on an EPYC with AVX2 and no more; in float32 on a
    Xeon with AVX512 and no AMX they gain nothing (networks/training/operations/kernel_gradients.py; docs/log.md,
    2026-11-28). Others were not measured.
    """
    flags = set(_processor_facts().get("flags", "").split())
    if keras.backend.backend() != "tensorflow" or _has_card():
        return False
    if precision == "bfloat16":
        return "amx_bf16" in flags
    return precision == "float32" and "avx2" in flags and "avx512f" not in flags


def training_precision(choice: str) -> Precision:
    """Return what `fine_tuning.precision` means on this machine; auto: bfloat16 where it is quicker."""
    if choice != "auto":
        return "bfloat16" if choice == "bfloat16" else "float32"
    return "bfloat16" if _has_card() or processor_is_quick_at_bfloat16() else "float32"


def judge_precision(choice: str) -> Finding:
    """Return whether the arithmetic asked for suits this machine; WARN where each product would be imitated.

    On an EPYC without AVX512-BF16, a step of EfficientNet-Lite0 from blocks_5 made 63 images a second in float32 and 6
    in bfloat16 (160 px; docs/log.md, 2026-11-26; no file holds them).
    """
    name, precision = "precision", training_precision(choice)
    flags = set(_processor_facts().get("flags", "").split())
    # A system that says nothing of its processor may have it.
    has_it = _has_card() or not flags or flags & {"avx512_bf16", "amx_bf16"}
    if precision == "float32" or has_it:
        return Finding(name, "PASS", f"fine_tuning.precision = {choice}: {precision} on this machine")
    return Finding(
        name,
        "WARN",
        f"fine_tuning.precision = {choice} on a processor without bfloat16: every product is imitated, at several "
        "times the time of float32",
        "set fine_tuning.precision = auto",
    )


def _has_card() -> bool:
    if keras.backend.backend() == "torch":
        # Keras 3.15 has no list of devices for PyTorch.
        import torch

        return bool(torch.cuda.is_available())
    try:
        return bool(keras.distribution.list_devices("gpu"))
    except (RuntimeError, ValueError):
        return False


def _processor_facts() -> dict[str, str]:
    """The first processor's entries; empty where the system keeps none."""
    if not _PROCESSOR_FACTS.exists():
        return {}
    text = _PROCESSOR_FACTS.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    rows = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, _, value in rows}
