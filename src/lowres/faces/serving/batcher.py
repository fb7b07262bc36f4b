"""Single requests become batches: what waits when the network is free is answered together, none waits for more."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import RLock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowres.errors import ServerBusy
from lowres.faces.serving.limits import retry_seconds
from lowres.faces.serving.served_model import Answer

Pixels = NDArray[np.uint8]
Logits = NDArray[np.float32]
# How much of the pace of the last batch enters the pace that is told.
_NEW_SHARE = 0.2


@dataclass(eq=False)
class _Job:
    """A request: its pictures, how many were handed to the network, its logits as far as they are known."""

    pixels: Pixels
    future: Future[Logits]
    taken: int = 0
    answered: int = 0
    logits: Logits | None = None


class _Part(NamedTuple):
    """Some rows of a job inside a batch."""

    job: _Job
    start: int
    stop: int


class Batcher:
    """Answers pictures of many requests in batches, in the order they came.

    No picture waits for others to come: an idle network is given what is there. Under load requests gather while it
    works, and the next batch is as large as that. noted: told the size and the seconds of each batch.
    """

    def __init__(
        self,
        answer: Answer,
        *,
        parallel: int = 1,
        batch_pictures: int,
        waiting_pictures: int,
        noted: Callable[[int, float], None] = lambda pictures, seconds: None,
    ) -> None:
        """Start `parallel` threads, each of which has a batch in `answer` at a time."""
        self._answer, self._noted, self._parallel = answer, noted, parallel
        self._most_a_batch, self._most_waiting = batch_pictures, waiting_pictures
        self._pool = ThreadPoolExecutor(parallel, thread_name_prefix="lowres-batch")
        self._idle, self._jobs, self._is_closed = parallel, deque[_Job](), False
        # A batch may be over before its thread is asked to tell so, and is then told in the thread that holds this.
        self._lock = RLock()
        self.waiting = 0
        self.pictures_per_second = 0.0

    def submit(self, pixels: Pixels) -> Future[Logits]:
        """Return the future logits of uint8 pixels `[n, height, width, 3]`, n at least 1.

        Refused with ServerBusy: more would wait than may, or the version is on its way out.
        """
        with self._lock:
            if self._is_closed:
                raise ServerBusy("expected a version that is served, got one that was just taken away; ask again")
            self.refuse_more(len(pixels))
            job = _Job(pixels, Future())
            self._jobs.append(job)
            self.waiting += len(pixels)
            self._start()
        return job.future

    def refuse_more(self, pictures: int) -> None:
        """Refuse with ServerBusy so many pictures where they would wait and may not."""
        # A request larger than the queue is let into an empty one: it could never come otherwise.
        asked = self.waiting + pictures
        if self.waiting and asked > self._most_waiting:
            raise ServerBusy(
                f"expected at most {self._most_waiting} pictures to wait, got {asked}; ask again later",
                retry_seconds(self.waiting, self.pictures_per_second * self._parallel),
            )

    def close(self) -> None:
        """Take no more, and return when everything taken is answered."""
        with self._lock:
            self._is_closed = True
            futures = [job.future for job in self._jobs]
        wait(futures)
        self._pool.shutdown(wait=True)

    def _start(self) -> None:
        """Give idle threads what waits; the lock is held."""
        while self._idle and (parts := self._next_parts()):
            self._idle -= 1
            self._pool.submit(self._run, parts).add_done_callback(partial(self._finish, parts))

    def _next_parts(self) -> list[_Part]:
        """Rows of the next batch: an even share of what waits for each idle thread."""
        room = min(self._most_a_batch, -(-self.waiting // self._idle))
        parts = []
        while self._jobs and room:
            job = self._jobs[0]
            if job.future.done():
                # Whoever asked went away.
                self.waiting -= len(job.pixels) - job.taken
                self._jobs.popleft()
                continue
            part = _Part(job, job.taken, min(len(job.pixels), job.taken + room))
            job.taken = part.stop
            room -= part.stop - part.start
            self.waiting -= part.stop - part.start
            parts.append(part)
            if job.taken == len(job.pixels):
                self._jobs.popleft()
        return parts

    def _run(self, parts: list[_Part]) -> Logits:
        pixels = [part.job.pixels[part.start : part.stop] for part in parts]
        batch = pixels[0] if len(pixels) == 1 else np.concatenate(pixels)
        began = time.perf_counter()
        logits = self._answer(batch)
        seconds = time.perf_counter() - began
        self._noted(len(batch), seconds)
        pace = len(batch) / max(seconds, 1e-6)
        self.pictures_per_second += (pace - self.pictures_per_second) * (_NEW_SHARE if self.pictures_per_second else 1)
        return logits

    def _finish(self, parts: list[_Part], batch: Future[Logits]) -> None:
        """Hand the rows out, or what went wrong, and take up the next batch."""
        with self._lock:
            self._idle += 1
            self._start()
        error = batch.exception()
        done = 0
        for part in parts:
            count = part.stop - part.start
            if error is not None:
                _settle(part.job.future, error)
            else:
                self._hand_out(part, batch.result()[done : done + count])
            done += count

    def _hand_out(self, part: _Part, rows: Logits) -> None:
        job = part.job
        with self._lock:
            if job.logits is None:
                job.logits = np.empty((len(job.pixels), rows.shape[1]), np.float32)
            job.logits[part.start : part.stop] = rows
            job.answered += len(rows)
            is_whole = job.answered == len(job.pixels)
        if is_whole:
            _settle(job.future, job.logits)


def _settle(future: Future[Logits], outcome: Logits | BaseException) -> None:
    # It may have been cancelled meanwhile, at any moment.
    with suppress(InvalidStateError):
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
