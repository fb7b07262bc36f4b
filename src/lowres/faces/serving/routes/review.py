"""The addresses of a review: the page, its queue, a picture, a verdict."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lowres.errors import RequestRefused
from lowres.faces.serving.desk import Desk
from lowres.faces.serving.page import Page
from lowres.faces.serving.refusals import json_response
from lowres.faces.serving.review import MOST_QUEUED, ReviewDesk, picture_reply, queue_reply
from lowres.faces.serving.routes import REFUSALS
from lowres.faces.serving.visit import visit_of

ModelName = Annotated[str | None, Query(alias="model", max_length=100)]
Reviewer = Annotated[str, Query(min_length=1, max_length=100)]
Most = Annotated[int, Query(ge=1, le=MOST_QUEUED)]
_VERDICT = "expected a JSON object with id, reviewer, and class (a name, or null for cannot tell) or withdrawn: true"


def review_routes(desk: Desk, page: Page, review: ReviewDesk) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["review"])
    get = partial(router.get, response_class=Response)

    def name_of(model: str | None) -> str:
        return desk.shelf.model(model or desk.shelf.names[0]).name

    @get("/review")
    async def look() -> Response:
        return Response(page.html, headers=page.headers, media_type="text/html")

    @get("/review/queue", responses=REFUSALS)
    async def queue(reviewer: Reviewer, model: ModelName = None, most: Most = 20) -> Response:
        queued, judged = await asyncio.to_thread(review.queue, name_of(model), reviewer, most)
        return json_response(queue_reply(queued, judged))

    @get("/review/picture/{id}", responses=REFUSALS)
    async def picture(id: str, model: ModelName = None) -> Response:
        return json_response(picture_reply(await asyncio.to_thread(review.picture, name_of(model), id)))

    @router.post("/review/label", response_class=Response, openapi_extra=_BODY, responses=REFUSALS)
    async def label(request: Request, model: ModelName = None) -> Response:
        said = _verdict(visit_of(request).body)
        await asyncio.to_thread(
            review.say, name_of(model), said["id"], said["reviewer"], said["class"], said["withdrawn"]
        )
        return json_response({"id": said["id"], "kept": True})

    return router


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["id", "reviewer"],
                    "properties": {
                        "id": {"type": "string", "minLength": 1, "maxLength": 100},
                        "reviewer": {"type": "string", "minLength": 1, "maxLength": 100},
                        "class": {"type": ["string", "null"], "maxLength": 200},
                        "withdrawn": {"type": "boolean"},
                    },
                }
            }
        },
    }
}


def _verdict(body: bytes) -> dict[str, Any]:
    """The verdict of a body; refused with RequestRefused: no object, words that are none, a class withdrawn."""
    try:
        said = json.loads(body)
    except ValueError as error:
        raise RequestRefused(f"{_VERDICT}, got no JSON: {error}") from error
    if not isinstance(said, dict):
        raise RequestRefused(f"{_VERDICT}, got a {type(said).__name__}")
    found = {"id": said.get("id"), "reviewer": said.get("reviewer")}
    texts = [*found.values(), *([said["class"]] if said.get("class") is not None else [])]
    is_withdrawn = said.get("withdrawn", False)
    if not all(isinstance(one, str) and 0 < len(one) <= 200 for one in texts) or not isinstance(is_withdrawn, bool):
        raise RequestRefused(f"{_VERDICT}, got {json.dumps(said)[:200]}")
    if is_withdrawn and said.get("class") is not None:
        raise RequestRefused(f"{_VERDICT}, got both a class and withdrawn")
    return found | {"class": said.get("class"), "withdrawn": is_withdrawn}
