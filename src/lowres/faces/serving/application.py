"""The application: every address behind one gate, described by one OpenAPI document."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from lowres import __version__
from lowres.faces.serving.desk import Desk
from lowres.faces.serving.gate import Gate
from lowres.faces.serving.page import Page, render_review_page
from lowres.faces.serving.refusals import WENT_WRONG, json_response
from lowres.faces.serving.review import ReviewDesk
from lowres.faces.serving.routes.open_inference import open_inference_routes
from lowres.faces.serving.routes.own import Dashboard, own_routes
from lowres.faces.serving.routes.review import review_routes
from lowres.faces.serving.routes.tensorflow_serving import tensorflow_serving_routes
from lowres.files.pictures.picture_file import quiet_pillow

LookAgain = Callable[[], None]
_log = logging.getLogger("lowres.serving")


def build_application(
    desk: Desk,
    page: Page,
    *,
    token: str = "",
    look_again: LookAgain | None = None,
    seconds_between_looks: float = 2.0,
    dashboard: Dashboard | None = None,
    review: ReviewDesk | None = None,
) -> FastAPI:
    """Return the application of a desk whose shelf is filled.

    token: without it nothing but the page and the probes is given; empty: everybody may ask. look_again: called every
    few seconds in a thread, to follow the folders. dashboard: gives the page of a model's name; None: there is none.
    review: gives people pictures to judge; None: nobody is asked. When the application ends, the desk answers what it
    took and closes.
    """

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        watching = None if look_again is None else asyncio.create_task(_watch(look_again, seconds_between_looks))
        with quiet_pillow():
            yield
        if watching is not None:
            watching.cancel()
        await asyncio.to_thread(desk.close)

    # Its pages of documentation load scripts from elsewhere; /openapi.json is what programs read.
    application = FastAPI(title="lowres", version=__version__, lifespan=life, docs_url=None, redoc_url=None)
    application.add_middleware(Gate, limits=desk.limits, token=token, observations=desk.observations)
    application.add_exception_handler(HTTPException, _told)
    application.add_exception_handler(RequestValidationError, _told_of_address)
    application.add_exception_handler(Exception, _went_wrong)
    for routes in (own_routes(desk, page, dashboard), tensorflow_serving_routes(desk), open_inference_routes(desk)):
        application.include_router(routes)
    if review is not None:
        application.include_router(review_routes(desk, render_review_page(), review))
    return application


async def _watch(look_again: LookAgain, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        # Whatever goes wrong in one look, the next may find it mended.
        (outcome,) = await asyncio.gather(asyncio.to_thread(look_again), return_exceptions=True)
        if isinstance(outcome, Exception):
            _log.error("a look at the folders failed", exc_info=outcome)


def _told(_: Request, error: Any) -> Response:
    return json_response({"error": str(error.detail)}, error.status_code, error.headers)


def _told_of_address(_: Request, error: Any) -> Response:
    first = error.errors()[0]
    where = " ".join(str(part) for part in first["loc"])
    return json_response(
        {"error": f"expected {where} otherwise, got {str(first['input'])[:60]!r}: {first['msg']}"}, 400
    )


def _went_wrong(_: Request, error: Exception) -> Response:
    return json_response(
        {"error": f"expected an answer, got {type(error).__name__}; the server's log says more"}, WENT_WRONG
    )
