"""lowres' own answers: a picture's calibrated row as `lowres predict` has it, its confusions, and its heat map."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import RequestRefused
from lowres.faces.report.pictures import inline_heat, inline_picture
from lowres.faces.serving.limits import Limits
from lowres.faces.serving.protocols.json_bodies import json_object, text_of
from lowres.faces.serving.sent_pixels import Pixels, Sent, encoded_bytes, file_pixels, number_pixels
from lowres.faces.serving.served_model import HeatMap, ServedModel
from lowres.faces.serving.shelf import Shelf
from lowres.values.explaining.explanation import for_display
from lowres.values.judging.prediction_rows import prediction_rows

TOP = 5
CONFUSIONS = 3
_JSON = "application/json"


@dataclass(frozen=True, eq=False)
class OnePicture:
    """sent: the picture. target, against: class names, or the empty string."""

    sent: Sent
    target: str = ""
    against: str = ""


def read_picture(
    model: ServedModel, body: bytes, content_type: str, query: Mapping[str, str], limits: Limits
) -> OnePicture:
    """Return the one picture of a request: the body is its file, or JSON with `image` or `pixels`.

    class, against: which class is explained, and which it is told from; in the query or in the JSON.
    Refused with RequestRefused: no picture, or no class of the model.
    """
    asked: Mapping[str, Any] = query
    if content_type.partition(";")[0].strip().lower() == _JSON:
        data = json_object(body)
        asked = dict(query) | {key: text_of(data, key) for key in ("class", "against") if key in data}
        sent = _from_json(model, data, limits)
    else:
        sent = file_pixels(model, body, limits)
    words = [asked.get(key, "") for key in ("class", "against")]
    for word in words:
        if word and word not in model.class_names:
            raise RequestRefused(f"expected a class of {model.name}, got {word[:60]!r}; see /models")
    return OnePicture(sent, *words)


def answer_reply(model: ServedModel, logits: NDArray[np.float32], id: str) -> dict[str, Any]:
    """Return the answer for one picture; what the study has no ground for has no key."""
    (row,) = prediction_rows([id], logits, model.class_names, model.rules, TOP)
    threshold = model.rules.review_threshold
    reply = {"model": model.name, "version": str(model.version)} | row.to_json()
    if threshold is not None:
        reply |= {"review_threshold": None if math.isinf(threshold) else threshold}
    return reply | {
        "often_confused": [
            {"class": one.true, "count": one.count, "of": model.answered.get(row.class_name, 0)}
            for one in model.mistaken_for.get(row.class_name, ())[:CONFUSIONS]
        ]
    }


def targets_of(model: ServedModel, asked: OnePicture, logits: NDArray[np.float32]) -> tuple[int, int | None]:
    """Return the class explained, the answer where none was named, and the one it is told from.

    Refused with RequestRefused: twice the same class.
    """
    target = model.class_names.index(asked.target) if asked.target else int(logits[0].argmax())
    against = model.class_names.index(asked.against) if asked.against else None
    if target == against:
        raise RequestRefused(f"expected another class to tell {asked.against} from, got itself; name another")
    return target, against


def explanation_reply(
    model: ServedModel, pixels: Pixels, heat: HeatMap, target: int, against: int | None
) -> dict[str, Any]:
    """Return the heat map: raw, and as a see-through picture to lay over `seen`, the pixels the network was shown."""
    shown = for_display(heat.heat[None])[0]
    return {
        "class": model.class_names[target],
        "against": None if against is None else model.class_names[against],
        "method": heat.method,
        "layer": heat.layer,
        "shape": list(heat.heat.shape),
        "heat": [[round(float(value), 6) for value in row] for row in heat.heat],
        "overlay": inline_heat(shown).uri,
        "seen": inline_picture(pixels[0]).uri,
        "is_blank": bool(not shown.any()),
    }


def models_reply(shelf: Shelf) -> dict[str, Any]:
    """Return what is served, for people and for the page."""
    return {"models": [_model(shelf, name) for name in shelf.names]}


def _model(shelf: Shelf, name: str) -> dict[str, Any]:
    current, loaded = shelf.current(name), shelf.loaded(name)
    facts: dict[str, Any] = {
        "name": name,
        "current": None if current is None else str(current),
        "versions": [
            {"version": str(one.version), "state": one.state.value} | ({"problem": one.problem} if one.problem else {})
            for one in shelf.states(name)
        ],
    }
    if current not in loaded or current is None:
        return facts
    model = loaded[current]
    return facts | {
        "identity": model.identity,
        "class_names": list(model.class_names),
        "pixels": list(model.pixel_shape),
        "engine": model.engine,
        "explains": model.explain is not None,
    }


def _from_json(model: ServedModel, data: dict[str, Any], limits: Limits) -> Sent:
    if ("image" in data) == ("pixels" in data):
        raise RequestRefused('expected either image ({"b64": "..."}) or pixels, got both or neither; send one')
    if "image" in data:
        return file_pixels(model, encoded_bytes(data["image"], "image"), limits, "image")
    return number_pixels(model, [data["pixels"]], limits, "pixels")
