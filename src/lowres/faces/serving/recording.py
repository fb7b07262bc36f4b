"""Answers become records: a queue that never makes anybody wait, and one thread that writes."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Condition, Thread

from lowres.errors import LowresError, StoreError, StoreUnavailable
from lowres.files.monitoring.store import Store
from lowres.files.monitoring.unwritten import Unwritten, left_behind
from lowres.values.monitoring.picture_policy import Keep, PicturePolicy
from lowres.values.monitoring.recording import AnsweredPictures, records_of

QUEUE_FULL, NOT_TAKEN, ENDED = "queue full", "refused by the store", "server ended"
_BATCH = 128
_MOST_BYTES = 256 * 2**20
# Written a little later, many together, at a fraction of the cost.
_LINGER_SECONDS = 0.2
_RETRY_SECONDS = 1.0
_SECONDS_BETWEEN_ALARMS = 60.0
_SECONDS_BETWEEN_SWEEPS = 3600.0
# As long as a server that ends waits for a store that does not take what is left.
_LAST_SECONDS = 5.0


class Recorder:
    """Takes answers and writes their records; what it cannot hold or write is counted, never waited for.

    written, lost: predictions since the start, the latter by reason. waiting: predictions taken and not written yet.
    is_failing: whether the store takes nothing just now. A store that fails is tried again every second, and as long
    as the queue holds what comes meanwhile, nothing is lost.
    """

    def __init__(
        self,
        store: Store,
        policy: PicturePolicy,
        *,
        keep_days: float = 30,
        most_waiting: int = 2000,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Start the thread.

        keep_days: how long pictures stay. most_waiting: predictions. say: told what a person must know. The store is
        closed with the recorder. What a server that was killed had not written yet is counted as lost.
        """
        self._store, self._policy, self._say = store, policy, say
        self._keep, self._most = timedelta(days=keep_days), most_waiting
        self._queue, self._bytes = deque[AnsweredPictures](), 0
        self._changed, self._is_closing, self._last_moment = Condition(), False, 0.0
        self.written, self.waiting, self._fails = 0, 0, False
        self.lost: Counter[str] = Counter()
        # What the store has not been told yet.
        self._untold: Counter[str] = Counter()
        self._alarmed, self._swept = -_SECONDS_BETWEEN_ALARMS, -_SECONDS_BETWEEN_SWEEPS
        self._tell_of_the_killed()
        self._unwritten = Unwritten(store.identity)
        self._thread = Thread(target=self._work, name="lowres-record", daemon=True)
        self._thread.start()

    @property
    def is_failing(self) -> bool:
        """Whether the store takes nothing just now."""
        return self._fails or not self._thread.is_alive()

    def take(self, answered: AnsweredPictures) -> None:
        """Put an answer into the queue, or count it as lost where that is full; returns at once."""
        size = answered.pixels.nbytes + answered.outputs.nbytes
        with self._changed:
            if self.waiting + len(answered) > self._most or self._bytes + size > _MOST_BYTES or self._is_closing:
                self._lose(len(answered), QUEUE_FULL)
            else:
                self._queue.append(answered)
                self._bytes += size
                self.waiting += len(answered)
                self._changed.notify_all()
            self._note()

    def close(self) -> None:
        """Write what waits, as far as the store takes it within seconds, and let go of it; once is enough."""
        with self._changed:
            if self._is_closing:
                return
            self._is_closing, self._last_moment = True, time.monotonic() + _LAST_SECONDS
            self._changed.notify_all()
        self._thread.join()
        self._unwritten.close()
        self._store.close()

    def _work(self) -> None:
        while True:
            self._sweep()
            some = self._next()
            if some:
                self._record(some)
            self._tell_losses()
            with self._changed:
                if self._is_closing and not self._queue:
                    return

    def _next(self) -> list[AnsweredPictures]:
        """What is written together; it stays counted as waiting until it is written."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._is_closing, _SECONDS_BETWEEN_ALARMS)
            if self._queue:
                self._changed.wait_for(lambda: self.waiting >= _BATCH or self._is_closing, _LINGER_SECONDS)
            some, count = list[AnsweredPictures](), 0
            while self._queue and count < _BATCH:
                one = self._queue.popleft()
                some.append(one)
                count += len(one)
            return some

    def _record(self, some: list[AnsweredPictures]) -> None:
        count = sum(len(one) for one in some)
        try:
            is_written = self._write(some)
        except LowresError as error:
            if len(some) > 1:
                # One of them spoils it for all; the others are written without it.
                for one in some:
                    self._record([one])
                return
            is_written = False
            self._lose(count, NOT_TAKEN)
            self._alarm(f"{count} predictions are not recorded: {error}")
        with self._changed:
            self.waiting -= count
            self._bytes -= sum(one.pixels.nbytes + one.outputs.nbytes for one in some)
            self.written += count if is_written else 0
            self._note()

    def _write(self, some: list[AnsweredPictures]) -> bool:
        """Write them, however often it takes; whether that was before the end."""
        records = records_of(some, self._policy)
        while True:
            try:
                self._store.add(records)
            except StoreUnavailable as error:
                self._fails = True
                self._alarm(f"predictions are not recorded just now, {self.waiting} wait: {error}")
                with self._changed:
                    self._changed.wait_for(lambda: self._is_closing, _RETRY_SECONDS)
                    if self._is_closing and time.monotonic() > self._last_moment:
                        self._lose(len(records), ENDED)
                        return False
                    if self._is_closing:
                        self._changed.wait(_RETRY_SECONDS / 10)
            else:
                if self._fails:
                    self._fails = False
                    self._say(f"predictions are recorded again; lost so far: {_words(self.lost)}")
                return True

    def _lose(self, count: int, reason: str) -> None:
        """Count what is lost; told by the thread that writes."""
        with self._changed:
            self.lost[reason] += count
            self._untold[reason] += count

    def _tell_losses(self) -> None:
        with self._changed:
            untold = dict(self._untold)
        if not untold:
            return
        self._alarm(f"predictions were not recorded: {_words(self.lost)}")
        for reason, count in untold.items():
            # Where the store does not take it, it is told with the next.
            with suppress(StoreError):
                self._store.add_loss(count, reason)
                with self._changed:
                    self._untold[reason] -= count
                    self._untold += Counter()
                    self._note()

    def _note(self) -> None:
        """What would be lost if the process were killed now."""
        self._unwritten.set(self.waiting + sum(self._untold.values()))

    def _alarm(self, text: str) -> None:
        """Say it, but not every second."""
        if time.monotonic() - self._alarmed >= _SECONDS_BETWEEN_ALARMS:
            self._alarmed = time.monotonic()
            self._say(text)

    def _sweep(self) -> None:
        if self._policy.keep is Keep.NONE and self._swept > 0:
            return
        if time.monotonic() - self._swept < _SECONDS_BETWEEN_SWEEPS:
            return
        self._swept = time.monotonic()
        try:
            count = self._store.sweep(pictures_before=datetime.now(UTC) - self._keep)
        except StoreError as error:
            self._say(f"old pictures are not deleted just now: {error}")
        else:
            if count:
                self._say(f"{count} pictures older than {self._keep.days} days were deleted")

    def _tell_of_the_killed(self) -> None:
        with left_behind(self._store.identity) as count:
            if count:
                self._store.add_loss(count, "server killed")
                self._say(f"a server that was killed had up to {count} predictions not recorded yet; they are lost")


def _words(lost: Counter[str]) -> str:
    return ", ".join(f"{count} ({reason})" for reason, count in lost.items() if count) or "none"
