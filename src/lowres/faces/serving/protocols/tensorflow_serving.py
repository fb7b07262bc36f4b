"""TensorFlow Serving's REST protocol: predict in row and column form, classify, status and metadata.

The protocol: https://www.tensorflow.org/tfx/serving/api_rest. A model has one input, `pixels`, or picture files as
`{"b64": "..."}` in its place, and one output: the signature `serving_default` gives calibrated probabilities, `logits`
the logits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import RequestRefused
from lowres.faces.serving.limits import Limits
from lowres.faces.serving.protocols.json_bodies import json_object, text_of
from lowres.faces.serving.sent_pixels import (
    Sent,
    encoded_bytes,
    file_pixels,
    joined,
    number_pixels,
    refuse_crowd,
)
from lowres.faces.serving.served_model import ServedModel
from lowres.faces.serving.shelf import State, VersionState
from lowres.values.predictions import softmax

PIXELS, FILE = "pixels", "image"
OUTPUTS = {"serving_default": "probabilities", "logits": "logits"}
_DEFAULT = "serving_default"


@dataclass(frozen=True, eq=False)
class PredictAsk:
    """sent: the pictures. is_row: asked in row form, so answered in it. output: what is wanted."""

    sent: Sent
    is_row: bool
    output: str


def read_predict(model: ServedModel, body: bytes, limits: Limits) -> PredictAsk:
    """Return what a `:predict` asks; refused with RequestRefused: what the protocol or the model does not take."""
    data = json_object(body)
    signature = text_of(data, "signature_name") or _DEFAULT
    if signature not in OUTPUTS:
        raise RequestRefused(f"expected a signature among {', '.join(OUTPUTS)}, got {signature!r}; leave it out")
    is_row = "instances" in data
    if is_row == ("inputs" in data):
        raise RequestRefused(
            f"expected either instances or inputs, got {'both' if is_row else 'neither'}; send one of the two"
        )
    sent = _rows(model, data["instances"], limits) if is_row else _columns(model, data["inputs"], limits)
    return PredictAsk(sent, is_row, OUTPUTS[signature])


def predict_reply(model: ServedModel, ask: PredictAsk, logits: NDArray[np.float32]) -> dict[str, Any]:
    """Return the answer in the form that was asked in; with one output its name is left out, as the protocol has it."""
    values = softmax(logits, model.rules.temperature) if ask.output == "probabilities" else logits
    return {"predictions" if ask.is_row else "outputs": values.tolist()}


def read_classify(model: ServedModel, body: bytes, limits: Limits) -> Sent:
    """Return the pictures of a `:classify`: `examples` with `image` (a file) or `pixels` each, and what they share."""
    data = json_object(body)
    examples, context = data.get("examples"), data.get("context") or {}
    if not isinstance(examples, list) or not isinstance(context, dict):
        raise RequestRefused("expected examples as a list and context as an object; see /openapi.json")
    refuse_crowd(len(examples), limits)
    signature = text_of(data, "signature_name") or _DEFAULT
    if signature != _DEFAULT:
        raise RequestRefused(f"expected the signature {_DEFAULT} to classify by, got {signature!r}; leave it out")
    return joined([_example(model, example, context, limits, f"example {n}") for n, example in enumerate(examples)])


def classify_reply(model: ServedModel, logits: NDArray[np.float32]) -> dict[str, Any]:
    """Return label and calibrated probability of every class, in the order of the network's outputs."""
    shares = softmax(logits, model.rules.temperature).tolist()
    return {"results": [[[name, share] for name, share in zip(model.class_names, row, strict=True)] for row in shares]}


def status_reply(states: Iterable[VersionState]) -> dict[str, Any]:
    """Return GetModelStatusResponse as JSON."""
    return {"model_version_status": [_status(one) for one in states]}


def metadata_reply(model: ServedModel) -> dict[str, Any]:
    """Return GetModelMetadataResponse as JSON: the two signatures."""
    height, width, channels = model.pixel_shape
    pixels = _tensor("pixels", "DT_UINT8", (-1, height, width, channels))
    signatures = {
        name: {
            "inputs": {PIXELS: pixels},
            "outputs": {output: _tensor(output, "DT_FLOAT", (-1, len(model.class_names)))},
            "method_name": "tensorflow/serving/predict",
        }
        for name, output in OUTPUTS.items()
    }
    return {
        "model_spec": {"name": model.name, "signature_name": "", "version": str(model.version)},
        "metadata": {"signature_def": {"signature_def": signatures}},
    }


def _rows(model: ServedModel, instances: Any, limits: Limits) -> Sent:
    if not isinstance(instances, list):
        raise RequestRefused("expected instances as a list, got something else; send [one, another, ...]")
    refuse_crowd(len(instances), limits)
    if not any(isinstance(one, dict) for one in instances):
        return number_pixels(model, instances, limits, "instances")
    return joined([_value(model, one, limits, f"instance {n}") for n, one in enumerate(instances)])


def _columns(model: ServedModel, inputs: Any, limits: Limits) -> Sent:
    if isinstance(inputs, dict) and "b64" not in inputs:
        inputs = _only_input(inputs, "inputs")
    # One file alone is a scalar of the column form.
    return _rows(model, [inputs] if isinstance(inputs, dict) else inputs, limits)


def _value(model: ServedModel, value: Any, limits: Limits, where: str) -> Sent:
    """One picture: nested numbers, a file, or either of them by the input's name."""
    if isinstance(value, dict) and "b64" not in value:
        value = _only_input(value, where)
    if isinstance(value, dict):
        return file_pixels(model, encoded_bytes(value, where), limits, where)
    return number_pixels(model, [value], limits, where)


def _only_input(named: dict[str, Any], where: str) -> Any:
    if len(named) != 1 or not {PIXELS, FILE} & set(named):
        found = ", ".join(sorted(map(str, named))[:4]) or "nothing"
        raise RequestRefused(f"expected {PIXELS} or {FILE} in {where}, got {found}; send one of the two")
    return next(iter(named.values()))


def _example(model: ServedModel, example: Any, context: dict[str, Any], limits: Limits, where: str) -> Sent:
    if not isinstance(example, dict):
        raise RequestRefused(f"expected an object as {where}, got something else; name its feature {FILE} or {PIXELS}")
    twice = sorted(set(example) & set(context))
    if twice:
        raise RequestRefused(f"expected {', '.join(twice)} in the context or in {where}, got both; leave one out")
    value = _only_input(example | context, where)
    if isinstance(value, list) and value and not isinstance(value[0], list):
        # A feature of an Example is flat.
        flat = np.asarray(value)
        is_whole = flat.ndim == 1 and flat.size == np.prod(model.pixel_shape)
        value = flat.reshape(model.pixel_shape).tolist() if is_whole else value
    return _value(model, value, limits, where)


def _status(one: VersionState) -> dict[str, Any]:
    is_fine = not one.problem
    code = "OK" if is_fine else "FAILED_PRECONDITION" if one.state is State.END else "UNKNOWN"
    status = {"error_code": code, "error_message": one.problem}
    return {"version": str(one.version), "state": one.state.value, "status": status}


def _tensor(name: str, kind: str, shape: tuple[int, ...]) -> dict[str, Any]:
    dimensions = [{"size": str(size), "name": ""} for size in shape]
    return {"dtype": kind, "tensor_shape": {"dim": dimensions, "unknown_rank": False}, "name": name}
