"""Addresses of TensorFlow Serving's REST protocol."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from lowres.errors import NotServed, RequestRefused
from lowres.faces.serving.desk import Desk
from lowres.faces.serving.protocols import tensorflow_serving as protocol
from lowres.faces.serving.refusals import json_response
from lowres.faces.serving.routes import REFUSALS, Name, Version, takes_json
from lowres.faces.serving.visit import visit_of

_PREDICT = takes_json(
    {"properties": {"instances": {"type": "array"}, "inputs": {}, "signature_name": {"type": "string"}}},
    {"instances": [{"b64": "iVBORw0KGgo="}]},
)
_CLASSIFY = takes_json(
    {
        "properties": {
            "examples": {"type": "array", "items": {"type": "object"}},
            "context": {"type": "object"},
            "signature_name": {"type": "string"},
        },
        "required": ["examples"],
    },
    {"examples": [{"image": {"b64": "iVBORw0KGgo="}}]},
)
_BY_VERSION = "/v1/models/{name}/versions/{version}"


def tensorflow_serving_routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["TensorFlow Serving"], responses=REFUSALS)

    async def predict(request: Request, name: Name, version: Version | None = None) -> Response:
        visit = visit_of(request)
        read = partial(protocol.read_predict, body=visit.body, limits=desk.limits)
        asked, answered = await desk.answer(visit, name, version, read, lambda ask: ask.sent)
        return json_response(protocol.predict_reply(answered.model, asked, answered.logits))

    async def classify(request: Request, name: Name, version: Version | None = None) -> Response:
        visit = visit_of(request)
        read = partial(protocol.read_classify, body=visit.body, limits=desk.limits)
        _, answered = await desk.answer(visit, name, version, read, lambda sent: sent)
        return json_response(protocol.classify_reply(answered.model, answered.logits))

    async def regress(request: Request, name: Name, version: Version | None = None) -> Response:
        desk.shelf.model(name, version)
        raise RequestRefused("expected :predict or :classify, got :regress; a classifier has no regression to give")

    async def status(request: Request, name: Name, version: Version | None = None) -> Response:
        states = [one for one in desk.shelf.states(name) if version in (None, one.version)]
        if not states:
            raise NotServed(f"Could not find version {version} of model {name}")
        return json_response(protocol.status_reply(states))

    async def metadata(request: Request, name: Name, version: Version | None = None) -> Response:
        return json_response(protocol.metadata_reply(desk.shelf.model(name, version)))

    for path in ("/v1/models/{name}", _BY_VERSION):
        add = partial(router.add_api_route, response_class=Response)
        add(f"{path}:predict", predict, methods=["POST"], openapi_extra=_PREDICT)
        add(f"{path}:classify", classify, methods=["POST"], openapi_extra=_CLASSIFY)
        add(f"{path}:regress", regress, methods=["POST"])
        add(f"{path}/metadata", metadata, methods=["GET"])
        add(path, status, methods=["GET"])
    return router
