"""The formats a study can be exported to: what runs each, and how often each must agree with the study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from lowres.errors import ExportError

Precision = Literal["float32", "float16", "int8"]
ALL = "all"
# Of float formats: a study whose features were computed in bfloat16 turns about one near-tie in a hundred by itself.
FLOAT_AGREEMENT = 0.97
# Of int8: eight bits turn more near-ties, in both directions; what that costs in accuracy stands beside it.
INT8_AGREEMENT = 0.92


@dataclass(frozen=True)
class ExportFormat:
    """One way of writing a classifier for another program.

    name: what `--format` calls it. family: what several precisions of one kind are called together. precision: of its
    weights. file: what the runtime opens, relative to the export. runtime: the module it is imported by. packages:
    distributions that may hold that module, the usual one first. batch_images: images that run at once when throughput
    is measured; 1 where the file holds one image at a time. agreement: the lowest share of images on which it may name
    the class that the study names.
    """

    name: str
    family: str
    precision: Precision
    file: str
    runtime: str
    packages: tuple[str, ...]
    converters: tuple[str, ...] = ()
    batch_images: int = 32
    agreement: float = FLOAT_AGREEMENT


_TENSORFLOW = ("tensorflow-cpu", "tensorflow")
FORMATS: dict[str, ExportFormat] = {
    one.name: one
    for one in (
        ExportFormat("keras", "keras", "float32", "model.keras", "keras", ("keras",)),
        ExportFormat("saved-model", "saved-model", "float32", "1", "tensorflow", _TENSORFLOW, ("tensorflow",)),
        *(
            ExportFormat(
                f"litert-{precision}",
                "litert",
                precision,
                "model.tflite",
                "ai_edge_litert",
                ("ai-edge-litert",),
                ("tensorflow",),
                batch_images=1,
                agreement=INT8_AGREEMENT if precision == "int8" else FLOAT_AGREEMENT,
            )
            for precision in ("float32", "float16", "int8")
        ),
        ExportFormat(
            "onnx", "onnx", "float32", "model.onnx", "onnxruntime", ("onnxruntime",), ("tensorflow", "tf2onnx", "onnx")
        ),
        ExportFormat("openvino-f32", "openvino", "float32", "model.xml", "openvino", ("openvino",), ("tensorflow",)),
        ExportFormat(
            "openvino-int8",
            "openvino",
            "int8",
            "model.xml",
            "openvino",
            ("openvino",),
            ("tensorflow", "nncf"),
            agreement=INT8_AGREEMENT,
        ),
    )
}


def chosen_formats(words: Sequence[str]) -> tuple[ExportFormat, ...]:
    """Return the formats that these words mean, each once, in the order of the table.

    A word is a format, a family (`litert` is all its precisions), `all`, or several of them with commas. Refused with
    ExportError: an unknown one, with the nearest; none at all.
    """
    names = [name.strip() for word in words for name in word.split(",") if name.strip()]
    known = [ALL, *dict.fromkeys(one.family for one in FORMATS.values()), *FORMATS]
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "name one of them"
            raise ExportError(f"expected a format among {', '.join(dict.fromkeys(known))}, got {name!r}; {hint}")
    found = tuple(one for one in FORMATS.values() if {ALL, one.family, one.name} & set(names))
    if not found:
        raise ExportError(f"expected at least one format, got none; name one of {', '.join(dict.fromkeys(known))}")
    return found
