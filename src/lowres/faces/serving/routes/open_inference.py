"""Addresses of the Open Inference Protocol, version 2."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lowres import __version__
from lowres.faces.serving.desk import Desk
from lowres.faces.serving.protocols import open_inference as protocol
from lowres.faces.serving.refusals import json_response
from lowres.faces.serving.routes import REFUSALS, Name, Version, takes_json
from lowres.faces.serving.shelf import State
from lowres.faces.serving.visit import visit_of

_LENGTH = "Inference-Header-Content-Length"
_NOT_READY = 503
_INFER = takes_json(
    {
        "properties": {
            "id": {"type": "string"},
            "inputs": {"type": "array", "items": {"type": "object"}},
            "outputs": {"type": "array", "items": {"type": "object"}},
            "parameters": {"type": "object"},
        },
        "required": ["inputs"],
    },
    {"inputs": [{"name": "image", "datatype": "BYTES", "shape": [1], "data": ["iVBORw0KGgo="]}]},
)


def open_inference_routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["Open Inference Protocol"], responses=REFUSALS)
    get = partial(router.get, response_class=Response)

    @get("/v2")
    async def server() -> Response:
        return json_response({"name": "lowres", "version": __version__, "extensions": list(protocol.EXTENSIONS)})

    @get("/v2/health/live")
    async def live() -> Response:
        return json_response({"live": True})

    @get("/v2/health/ready", responses={_NOT_READY: {"description": "Some model has no version that answers."}})
    async def ready() -> Response:
        return json_response({"ready": desk.shelf.is_ready}, 200 if desk.shelf.is_ready else _NOT_READY)

    @router.post("/v2/repository/index", response_class=Response)
    async def index() -> Response:
        return json_response([row for name in desk.shelf.names for row in _index(desk, name)])

    async def infer(request: Request, name: Name, version: Version | None = None) -> Response:
        visit = visit_of(request)
        length = visit.header(_LENGTH.lower().encode())
        read = partial(protocol.read_infer, body=visit.body, header_bytes=length, limits=desk.limits)
        asked, answered = await desk.answer(visit, name, version, read, lambda ask: ask.sent)
        body, json_bytes = protocol.infer_reply(answered.model, asked, answered.logits)
        if json_bytes is None:
            return Response(body, media_type="application/json")
        return Response(body, headers={_LENGTH: str(json_bytes)}, media_type="application/octet-stream")

    async def metadata(request: Request, name: Name, version: Version | None = None) -> Response:
        model = desk.shelf.model(name, version)
        return json_response(protocol.metadata_reply(model, tuple(desk.shelf.loaded(name))))

    async def model_ready(request: Request, name: Name, version: Version | None = None) -> Response:
        desk.shelf.model(name, version)
        return json_response({"name": name, "ready": True})

    for path in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}"):
        add = partial(router.add_api_route, response_class=Response)
        add(f"{path}/infer", infer, methods=["POST"], openapi_extra=_INFER)
        add(f"{path}/ready", model_ready, methods=["GET"])
        add(path, metadata, methods=["GET"])
    return router


def _index(desk: Desk, name: str) -> list[dict[str, Any]]:
    """The rows of a model in the repository's index, in the words of Triton's repository extension."""
    words = {State.AVAILABLE: "READY", State.LOADING: "LOADING", State.UNLOADING: "UNLOADING", State.END: "UNAVAILABLE"}
    return [
        {"name": name, "version": str(one.version), "state": words[one.state], "reason": one.problem}
        for one in desk.shelf.states(name)
    ]
