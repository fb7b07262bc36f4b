"""Where requests are worked on: decoded in threads, answered in batches, explained one by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from lowres.errors import NotServed, ServerBusy
from lowres.faces.serving.batcher import Batcher
from lowres.faces.serving.limits import Limits
from lowres.faces.serving.observations import Observations
from lowres.faces.serving.recording import Recorder
from lowres.faces.serving.sent_pixels import Sent
from lowres.faces.serving.served_model import HeatMap, ServedModel
from lowres.faces.serving.shelf import Shelf
from lowres.faces.serving.visit import Visit
from lowres.values.monitoring.recording import AnsweredPictures

Logits = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Asked = TypeVar("Asked")
_DECODING_THREADS = 2


class Answered(NamedTuple):
    """A request's pictures with the logits of the version that answered."""

    model: ServedModel
    pixels: Pixels
    logits: Logits


class Desk:
    """The shelf's models, asked from the event loop."""

    def __init__(self, limits: Limits, recorder: Recorder | None = None) -> None:
        """Open the threads. recorder: told of every answer, and closed with the desk."""
        self.limits, self.recorder = limits, recorder
        self.shelf = Shelf(self._open_batcher)
        self.observations = Observations(self.shelf, recorder)
        self._decoding = ThreadPoolExecutor(_DECODING_THREADS, thread_name_prefix="lowres-decode")
        self._explaining = ThreadPoolExecutor(1, thread_name_prefix="lowres-explain")
        self._explanations, self._lock = 0, Lock()

    async def answer(
        self,
        visit: Visit,
        name: str | None,
        version: int | None,
        read: Callable[[ServedModel], Asked],
        sent_of: Callable[[Asked], Sent],
        is_recorded: bool = True,
    ) -> tuple[Asked, Answered]:
        """Read what is asked and answer it; the version asked stays until then, whatever is loaded meanwhile.

        read: turns the request into what it asks of a model; slow, so it runs in a thread. is_recorded: False where the
        same was answered before.
        Refused with NotServed: no such model; with ServerBusy: too many wait; with what `read` refuses.
        """
        with self.shelf.hold(name, version) as served:
            visit.model, visit.version = served.model.name, served.model.version
            # A crowd that cannot be answered is sent away before the work of reading what it asks.
            served.batcher.refuse_more(1)
            asked = await self._in_thread(self._decoding, partial(read, served.model))
            sent = sent_of(asked)
            visit.pictures = len(sent.pixels)
            outputs = await asyncio.wrap_future(served.batcher.submit(sent.pixels))
        if self.recorder is not None and is_recorded:
            self.recorder.take(_to_record(served.model, visit, sent, outputs))
        return asked, Answered(served.model, sent.pixels, outputs[:, : len(served.model.class_names)])

    async def explain(self, answered: Answered, target: int, against: int | None) -> HeatMap:
        """Return the heat map of the first picture; one is made at a time.

        Refused with NotServed: heat maps are off; with ServerBusy: too many wait.
        """
        explain = answered.model.explain
        if explain is None:
            raise NotServed("expected a server that explains, got one with --no-explain; start it without")
        with self._lock:
            if self._explanations >= self.limits.explanations:
                raise ServerBusy(
                    f"expected at most {self.limits.explanations} explanations to wait, got one more; ask again later"
                )
            self._explanations += 1
        work = self._explaining.submit(explain, answered.pixels[0], target, against)
        # It counts until the thread is done with it, also where nobody waits for it any more.
        work.add_done_callback(self._explained)
        return await asyncio.wrap_future(work)

    async def _in_thread(self, pool: ThreadPoolExecutor, work: Callable[[], Asked]) -> Asked:
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    def close(self) -> None:
        """Return when everything taken is answered, and take no more."""
        self._decoding.shutdown(wait=True)
        self.shelf.close()
        self._explaining.shutdown(wait=True, cancel_futures=True)
        if self.recorder is not None:
            self.recorder.close()

    def _explained(self, _: object) -> None:
        with self._lock:
            self._explanations -= 1

    def _open_batcher(self, model: ServedModel) -> Batcher:
        return Batcher(
            model.answer,
            parallel=model.parallel_batches,
            batch_pictures=self.limits.batch_pictures,
            waiting_pictures=self.limits.waiting_pictures,
            noted=partial(self.observations.batch, model),
        )


def _to_record(model: ServedModel, visit: Visit, sent: Sent, outputs: NDArray[np.float32]) -> AnsweredPictures:
    return AnsweredPictures(
        model=model.recorded,
        rules=model.rules,
        at=datetime.now(UTC),
        pixels=sent.pixels,
        sizes=sent.sizes,
        outputs=outputs,
        seconds=time.perf_counter() - visit.began,
        caller_id=visit.id,
    )
