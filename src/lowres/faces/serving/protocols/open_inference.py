"""The Open Inference Protocol (v2) over HTTP, with binary tensors and classifications as Triton's clients ask for them.

The protocol: https://github.com/kserve/open-inference-protocol. A model takes either `pixels` (numbers) or `image`
(BYTES, picture files; base64 where they stand in JSON), and gives `probabilities` (calibrated) and `logits`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import RequestRefused
from lowres.faces.serving.limits import Limits
from lowres.faces.serving.protocols.json_bodies import json_bytes, json_object, text_of
from lowres.faces.serving.protocols.tensors import InputTensor, input_tensors
from lowres.faces.serving.sent_pixels import Sent, checked_pixels, encoded_bytes, file_pixels, joined, refuse_crowd
from lowres.faces.serving.served_model import ServedModel
from lowres.values.predictions import softmax

PIXELS, FILE = "pixels", "image"
OUTPUTS = ("probabilities", "logits")
EXTENSIONS = ("binary_tensor_data", "classification", "model_repository")
PLATFORM = "lowres"


@dataclass(frozen=True)
class WantedOutput:
    """An output that is asked for. is_binary: behind the JSON. classes: as so many classes in words, 0 as numbers."""

    name: str
    is_binary: bool = False
    classes: int = 0


@dataclass(frozen=True, eq=False)
class InferAsk:
    """sent: the pictures. id: to be given back, or the empty string."""

    sent: Sent
    id: str
    outputs: tuple[WantedOutput, ...]


def read_infer(model: ServedModel, body: bytes, header_bytes: str | None, limits: Limits) -> InferAsk:
    """Return what an `/infer` asks; header_bytes: of Inference-Header-Content-Length, where binary tensors follow.

    Refused with RequestRefused: what the protocol or the model does not take.
    """
    length = _header_length(header_bytes, len(body))
    data = json_object(body[:length])
    tensors = input_tensors(data.get("inputs"), body[length:])
    names = [tensor.name for tensor in tensors]
    if names not in ([PIXELS], [FILE]):
        raise RequestRefused(
            f"expected one input, {PIXELS} or {FILE}, got {', '.join(names)}; see the model's metadata"
        )
    return InferAsk(_sent(model, tensors[0], limits), text_of(data, "id"), _outputs(data))


def infer_reply(model: ServedModel, ask: InferAsk, logits: NDArray[np.float32]) -> tuple[bytes, int | None]:
    """Return the body of the answer, and the length of its JSON where binary tensors follow, else None."""
    outputs, tails = [], []
    for wanted in ask.outputs:
        output, tail = _output(model, wanted, logits)
        outputs.append(output)
        tails.append(tail)
    reply: dict[str, Any] = {"model_name": model.name, "model_version": str(model.version), "outputs": outputs}
    head = json_bytes(reply | ({"id": ask.id} if ask.id else {}))
    is_binary = any(wanted.is_binary for wanted in ask.outputs)
    return head + b"".join(tails), len(head) if is_binary else None


def metadata_reply(model: ServedModel, versions: tuple[int, ...]) -> dict[str, Any]:
    """Return the model's metadata; the input that may stand in for `pixels` is named among its parameters."""
    height, width, channels = model.pixel_shape
    classes = len(model.class_names)
    return {
        "name": model.name,
        "versions": [str(version) for version in versions],
        "platform": PLATFORM,
        "inputs": [{"name": PIXELS, "datatype": "UINT8", "shape": [-1, height, width, channels]}],
        "outputs": [{"name": name, "datatype": "FP32", "shape": [-1, classes]} for name in OUTPUTS],
        "parameters": {"in_place_of_pixels": f"{FILE}, BYTES [-1]", "class_names": list(model.class_names)},
    }


def _header_length(text: str | None, whole: int) -> int:
    if text is None:
        return whole
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > whole:
        raise RequestRefused(
            f"expected Inference-Header-Content-Length up to {whole}, the body's bytes, got {text[:40]!r}; correct it"
        )
    return int(text)


def _sent(model: ServedModel, tensor: InputTensor, limits: Limits) -> Sent:
    where = f"input {tensor.name}"
    refuse_crowd(tensor.shape[0] if tensor.shape else 1, limits)
    if tensor.name == PIXELS:
        if tensor.numbers is None:
            raise RequestRefused(f"expected numbers in {where}, got {tensor.datatype}; send UINT8")
        return checked_pixels(model, tensor.numbers, where)
    if tensor.elements is None:
        raise RequestRefused(f"expected BYTES in {where}, got {tensor.datatype}; send picture files")
    files = (
        one if isinstance(one, bytes) else encoded_bytes({"b64": one}, f"{where}, element {n}")
        for n, one in enumerate(tensor.elements)
    )
    return joined([file_pixels(model, one, limits, f"{where}, element {n}") for n, one in enumerate(files)])


def _outputs(data: dict[str, Any]) -> tuple[WantedOutput, ...]:
    is_binary = _parameters(data).get("binary_data_output") is True
    asked = data.get("outputs")
    if asked is None or asked == []:
        return tuple(WantedOutput(name, is_binary) for name in OUTPUTS)
    if not isinstance(asked, list) or not all(isinstance(one, dict) for one in asked):
        raise RequestRefused("expected outputs as a list of objects, got something else; leave it out for all of them")
    return tuple(_wanted(one, is_binary) for one in asked)


def _wanted(one: dict[str, Any], is_binary: bool) -> WantedOutput:
    name, parameters = text_of(one, "name"), _parameters(one)
    if name not in OUTPUTS:
        raise RequestRefused(f"expected an output among {', '.join(OUTPUTS)}, got {name!r}; see the model's metadata")
    classes = parameters.get("classification", 0)
    if not isinstance(classes, int) or isinstance(classes, bool) or classes < 0:
        raise RequestRefused(f"expected a number of classes in classification, got {classes!r}; send 1 or more")
    return WantedOutput(name, parameters.get("binary_data", is_binary) is True, classes)


def _parameters(data: dict[str, Any]) -> dict[str, Any]:
    parameters = data.get("parameters")
    return parameters if isinstance(parameters, dict) else {}


def _output(model: ServedModel, wanted: WantedOutput, logits: NDArray[np.float32]) -> tuple[dict[str, Any], bytes]:
    values = logits
    if wanted.name == "probabilities":
        values = softmax(logits, model.rules.temperature).astype(np.float32)
    if wanted.classes:
        return _classifications(model, wanted, values)
    output: dict[str, Any] = {"name": wanted.name, "datatype": "FP32", "shape": list(values.shape)}
    if not wanted.is_binary:
        return output | {"data": values.ravel().tolist()}, b""
    tail = values.astype("<f4").tobytes()
    return output | {"parameters": {"binary_data_size": len(tail)}}, tail


def _classifications(
    model: ServedModel, wanted: WantedOutput, values: NDArray[np.float32]
) -> tuple[dict[str, Any], bytes]:
    """The highest values as `value:index:label`, as Triton's classification extension has it."""
    count = min(wanted.classes, len(model.class_names))
    order = np.argsort(-values, axis=1, kind="stable")[:, :count]
    words = [
        f"{row[at]:f}:{at}:{model.class_names[at]}" for row, places in zip(values, order, strict=True) for at in places
    ]
    output: dict[str, Any] = {"name": wanted.name, "datatype": "BYTES", "shape": [len(values), count]}
    if not wanted.is_binary:
        return output | {"data": words}, b""
    tail = b"".join(struct.pack("<I", len(word.encode())) + word.encode() for word in words)
    return output | {"parameters": {"binary_data_size": len(tail)}}, tail
