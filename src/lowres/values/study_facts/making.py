"""Facts about the making of a study: minutes, machine, versions, and the files it left behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lowres.values.study_facts.fact import Fact
from lowres.values.study_facts.records import StudyRecords

_STAGES = "study.json: stages"
_FRAMEWORKS = {"TensorFlow": ("tensorflow", "tensorflow-cpu"), "JAX": ("jax",), "PyTorch": ("torch",)}
_PLAIN = {
    "Keras": "keras",
    "NumPy": "numpy",
    "scikit-learn": "scikit-learn",
    "OpenVINO": "openvino",
    "lowres": "lowres",
}


def making_facts(records: StudyRecords) -> Iterator[Fact]:
    """Yield what the study took, what it ran on, and what it wrote."""
    yield from _seconds(records)
    machine = records.preflight.get("machine") or {}
    for name, key, unit in (("processor", "processor", "words"), ("cores", "cores", "count")):
        if key in machine:
            yield Fact(name, machine[key], unit, f"preflight.json: machine.{key}")  # type: ignore[arg-type]
    if "memory_bytes" in machine:
        yield Fact("memory", machine["memory_bytes"], "bytes", "preflight.json: machine.memory_bytes")
        cards = ", ".join(machine["graphics_cards"]) or "none"
        yield Fact("graphics cards", cards, "words", "preflight.json: machine.graphics_cards")
    versions = records.stages["train"].versions
    for name, packages in [*_FRAMEWORKS.items(), *((name, (package,)) for name, package in _PLAIN.items())]:
        found = next((package for package in packages if package in versions), None)
        if found:
            yield Fact(f"{name} version", versions[found], "version", f"{_STAGES}.train.versions.{found}")
    yield from _preflight(records.preflight)
    yield from _files(records)


def _seconds(records: StudyRecords) -> Iterator[Fact]:
    seconds = {name: stage.seconds for name, stage in records.stages.items()}
    for name, value in seconds.items():
        yield Fact(f"{name} seconds", value, "seconds", f"{_STAGES}.{name}.seconds")
    frozen = seconds["features"] + seconds["head"]
    yield Fact("total seconds", sum(seconds.values()), "seconds", f"{_STAGES}: the sum of seconds")
    before = sum(seconds.values()) - seconds["report"]
    yield Fact("seconds before the report", before, "seconds", f"{_STAGES}: the sum of seconds but report's")
    if records.recipe.has_frozen_phase:
        yield Fact("frozen seconds", frozen, "seconds", f"{_STAGES}.features.seconds + head.seconds")
    if records.tuned is not None:
        yield Fact("tuned seconds", seconds["train"], "seconds", f"{_STAGES}.train.seconds")
        both = (frozen if records.recipe.has_frozen_phase else 0) + seconds["train"]
        yield Fact("training seconds", both, "seconds", f"{_STAGES}: seconds of features, head and train")
    else:
        yield Fact("training seconds", frozen, "seconds", f"{_STAGES}.features.seconds + head.seconds")


def _preflight(told: Mapping[str, object]) -> Iterator[Fact]:
    findings = told["findings"]
    for finding in findings:  # type: ignore[attr-defined]
        name = finding["name"]
        yield Fact(f"preflight: {name}", finding["measured"], "words", f"preflight.json: findings[{name}].measured")
        yield Fact(f"preflight status: {name}", finding["status"], "words", f"preflight.json: findings[{name}].status")


def _files(records: StudyRecords) -> Iterator[Fact]:
    written = [path for stage in records.stages.values() for path in stage.outputs]
    for name, ending in (("figures", ".png"), ("model files", ".keras"), ("prediction files", ".npz")):
        found = [path for path in written if path.endswith(ending)]
        if name == "prediction files":
            found = [path for path in found if path.startswith("predictions/")]
        yield Fact(name, len(found), "count", f"{_STAGES}: outputs ending in {ending}")
    others = len([path for path in written if not path.endswith(".png")])
    yield Fact("files beside figures", others, "count", f"{_STAGES}: outputs that are no .png")
    yield Fact("files written", len(written), "count", f"{_STAGES}: every output")
