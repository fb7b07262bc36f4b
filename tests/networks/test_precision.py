"""bfloat16 is taken where it was measured to be quicker, and nowhere else."""

from __future__ import annotations

import pytest

from lowres.networks import precision
from lowres.networks.precision import (
    judge_precision,
    processor_is_quick_at_bfloat16,
    products_beat_convolutions,
    training_precision,
)

PROCESSORS = {
    "EPYC Genoa": ("AuthenticAMD", "fpu avx2 avx512f avx512_bf16", True),
    "EPYC Milan": ("AuthenticAMD", "fpu avx2", False),
    "Xeon with its AMX": ("GenuineIntel", "avx512f avx512_bf16 amx_bf16 amx_tile", True),
    "Xeon whose AMX is off": ("GenuineIntel", "avx512f avx512_bf16", False),
}


@pytest.fixture
def processor(tmp_path, monkeypatch):
    """Pretend to run on a processor with these facts, and that there is no card."""

    def pretend(vendor, flags):
        path = tmp_path / "cpuinfo"
        # Two processors: what the second is must not matter.
        path.write_text(f"vendor_id\t: {vendor}\nflags\t\t: {flags}\n\nvendor_id\t: Other\nflags\t\t: amx_bf16\n")
        monkeypatch.setattr(precision, "_PROCESSOR_FACTS", path)

    monkeypatch.setattr(precision.keras.distribution, "list_devices", lambda kind: [])
    return pretend


@pytest.mark.parametrize(("vendor", "flags", "is_quick"), PROCESSORS.values(), ids=PROCESSORS)
def test_the_processor_decides(processor, vendor, flags, is_quick):
    processor(vendor, flags)
    assert processor_is_quick_at_bfloat16() == is_quick
    assert training_precision("auto") == ("bfloat16" if is_quick else "float32")


@pytest.mark.parametrize(
    ("name", "quicker_in"),
    [
        ("EPYC Genoa", []),
        ("EPYC Milan", ["float32"]),
        ("Xeon with its AMX", ["bfloat16"]),
        ("Xeon whose AMX is off", []),
    ],
)
def test_products_are_taken_where_they_were_measured_to_be_quicker(processor, monkeypatch, name, quicker_in):
    processor(*PROCESSORS[name][:2])
    monkeypatch.setattr(precision.keras.backend, "backend", lambda: "tensorflow")
    assert [one for one in ("bfloat16", "float32") if products_beat_convolutions(one)] == quicker_in
    monkeypatch.setattr(precision.keras.distribution, "list_devices", lambda kind: [f"{kind}:0"])
    assert not products_beat_convolutions("bfloat16")
    assert not products_beat_convolutions("float32")


def test_products_are_a_matter_of_tensorflow(processor, monkeypatch):
    processor(*PROCESSORS["EPYC Milan"][:2])
    monkeypatch.setattr(precision.keras.backend, "backend", lambda: "jax")
    assert not products_beat_convolutions("float32")


def test_a_system_that_says_nothing_gets_float32(tmp_path, monkeypatch, processor):
    monkeypatch.setattr(precision, "_PROCESSOR_FACTS", tmp_path / "none")
    assert training_precision("auto") == "float32"


def test_a_card_does_bfloat16(processor, monkeypatch):
    processor(*PROCESSORS["EPYC Milan"][:2])
    monkeypatch.setattr(precision.keras.distribution, "list_devices", lambda kind: [f"{kind}:0"])
    assert training_precision("auto") == "bfloat16"


def test_a_backend_that_cannot_list_cards_has_none(processor, monkeypatch):
    def failing(kind):
        raise RuntimeError(f"no backend for {kind}")

    processor(*PROCESSORS["EPYC Milan"][:2])
    monkeypatch.setattr(precision.keras.distribution, "list_devices", failing)
    assert training_precision("auto") == "float32"


@pytest.mark.parametrize("choice", ["float32", "bfloat16"])
def test_a_choice_is_followed(processor, choice):
    for vendor, flags, _ in PROCESSORS.values():
        processor(vendor, flags)
        assert training_precision(choice) == choice


def test_bfloat16_on_a_processor_without_is_a_warning(processor, tmp_path, monkeypatch):
    statuses = {}
    for name, (vendor, flags, _) in PROCESSORS.items():
        processor(vendor, flags)
        statuses[name] = [judge_precision(choice).status for choice in ("bfloat16", "auto", "float32")]
    assert statuses.pop("EPYC Milan") == ["WARN", "PASS", "PASS"]
    assert set(map(tuple, statuses.values())) == {("PASS", "PASS", "PASS")}
    monkeypatch.setattr(precision, "_PROCESSOR_FACTS", tmp_path / "none")
    assert judge_precision("bfloat16").status == "PASS"
