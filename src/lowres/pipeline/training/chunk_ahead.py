"""The next images made ready by a thread while the processor or the card trains on these."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Made = NDArray[np.uint8]


class ChunkAhead:
    """At most one chunk in the making. What it holds is what its maker gives of the same rows, only sooner."""

    def __init__(self) -> None:
        """Begin with none; the thread starts with the first."""
        self._thread: ThreadPoolExecutor | None = None
        self._rows: Rows = np.zeros(0, np.int64)
        self._made: Future[Made] | None = None

    def begin(self, rows: Rows, make: Callable[[Rows], Made]) -> None:
        """Have these rows made; nothing of no rows. What was begun before is dropped."""
        self.drop()
        if len(rows) == 0:
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="images-ahead")
        self._rows, self._made = rows, self._thread.submit(make, rows)

    def take(self, rows: Rows, make: Callable[[Rows], Made]) -> Made:
        """Return what `make` gives of the rows, begun before or now; whatever it refuses is refused here."""
        begun, self._made = self._made, None
        if begun is not None and np.array_equal(rows, self._rows):
            return begun.result()
        return make(rows)

    def drop(self) -> None:
        """Forget what is in the making, once it is no longer at work."""
        if self._made is not None and not self._made.cancel():
            self._made.exception()
        self._made = None
