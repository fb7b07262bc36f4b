"""lowres' own addresses: the page, one picture's answer and heat map, health, numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from lowres.faces.serving.desk import Answered, Desk
from lowres.faces.serving.page import Page
from lowres.faces.serving.protocols import own as protocol
from lowres.faces.serving.refusals import json_response
from lowres.faces.serving.routes import REFUSALS
from lowres.faces.serving.visit import visit_of
from lowres.files.study.version_folders import HIGHEST_VERSION

ModelName = Annotated[str | None, Query(alias="model", max_length=100)]
ModelVersion = Annotated[int | None, Query(alias="version", ge=1, le=HIGHEST_VERSION)]
ClassName = Annotated[str | None, Query(alias="class")]
Against = Annotated[str | None, Query()]
AnswerId = Annotated[
    str | None,
    Query(alias="answer", max_length=100, description="Id of the answer that is explained; it is not recorded again."),
]
_NOT_READY, _NOT_THERE = 503, 404
# Its own policy stands in the page.
_DASHBOARD_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
Dashboard = Callable[[str], str]
_FILE = {"schema": {"type": "string", "format": "binary"}}
_ONE_PICTURE = {
    "requestBody": {
        "required": True,
        "content": {
            "image/*": _FILE,
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "image": {"type": "object", "properties": {"b64": {"type": "string"}}},
                        "pixels": {"type": "array"},
                        "class": {"type": "string"},
                        "against": {"type": "string"},
                    },
                }
            },
        },
    }
}


def own_routes(desk: Desk, page: Page, dashboard: Dashboard | None = None) -> APIRouter:
    """Return the routes; dashboard: gives the page of a model, None where nothing is recorded."""
    router = APIRouter(tags=["lowres"])
    get = partial(router.get, response_class=Response)
    # Probes and link checkers ask for the head alone.
    head = partial(router.head, include_in_schema=False)
    post = partial(router.post, response_class=Response, openapi_extra=_ONE_PICTURE, responses=REFUSALS)

    @head("/")
    @get("/")
    async def look() -> Response:
        return Response(page.html, headers=page.headers, media_type="text/html")

    @head("/healthz")
    @get("/healthz")
    async def healthz() -> Response:
        return Response("alive\n", media_type="text/plain")

    @head("/readyz")
    @get("/readyz", responses={_NOT_READY: {"description": "Some model has no version that answers."}})
    async def readyz() -> Response:
        is_ready = desk.shelf.is_ready
        return Response(
            "ready\n" if is_ready else "not ready\n", 200 if is_ready else _NOT_READY, media_type="text/plain"
        )

    @get("/dashboard", responses=REFUSALS | {_NOT_THERE: {"description": "Nothing is recorded here."}})
    async def dashboard_of(model: ModelName = None) -> Response:
        if dashboard is None:
            told = "expected a server that records its predictions, got one that does not; lowres serve --record FILE"
            return json_response({"error": told}, _NOT_THERE)
        html = await asyncio.to_thread(dashboard, desk.shelf.model(model or desk.shelf.names[0]).name)
        return Response(html, headers=_DASHBOARD_HEADERS, media_type="text/html")

    @get("/metrics", responses=REFUSALS)
    async def metrics() -> Response:
        return Response(desk.observations.text(), media_type=CONTENT_TYPE_LATEST)

    @get("/models", responses=REFUSALS)
    async def models() -> Response:
        return json_response(protocol.models_reply(desk.shelf))

    @post("/answer")
    async def answer(request: Request, name: ModelName = None, version: ModelVersion = None) -> Response:
        _, answered = await _answered(desk, request, name, version)
        return json_response(_reply(request, answered))

    @post("/explain")
    async def explain(
        request: Request,
        name: ModelName = None,
        version: ModelVersion = None,
        target: ClassName = None,
        against: Against = None,
        answer_id: AnswerId = None,
    ) -> Response:
        asked, answered = await _answered(desk, request, name, version, is_recorded=answer_id is None)
        classes = protocol.targets_of(answered.model, asked, answered.logits)
        heat = await desk.explain(answered, *classes)
        explanation = protocol.explanation_reply(answered.model, answered.pixels, heat, *classes)
        return json_response(_reply(request, answered) | {"explanation": explanation})

    return router


async def _answered(
    desk: Desk, request: Request, name: str | None, version: int | None, is_recorded: bool = True
) -> tuple[protocol.OnePicture, Answered]:
    visit = visit_of(request)
    if name is None and len(desk.shelf.names) > 1:
        name = desk.shelf.names[0]
    read = partial(
        protocol.read_picture,
        body=visit.body,
        content_type=visit.header(b"content-type") or "",
        query=dict(request.query_params),
        limits=desk.limits,
    )
    return await desk.answer(visit, name, version, read, lambda asked: asked.sent, is_recorded)


def _reply(request: Request, answered: Answered) -> dict[str, Any]:
    return protocol.answer_reply(answered.model, answered.logits, visit_of(request).id)
