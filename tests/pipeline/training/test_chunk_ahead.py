"""What is made ahead is what was asked for, or is made anew; what its maker refuses is refused to who takes it."""

import threading

import numpy as np
import pytest

from lowres.errors import DataError
from lowres.pipeline.training.chunk_ahead import ChunkAhead

ROWS, OTHERS = np.arange(4), np.arange(4, 8)


class Maker:
    """Remembers in which thread it made what."""

    def __init__(self):
        self.made = []

    def __call__(self, rows):
        self.made.append((rows.tolist(), threading.current_thread() is threading.main_thread()))
        return rows.astype(np.uint8) * 2


def test_what_was_begun_is_taken_and_not_made_twice():
    ahead, make = ChunkAhead(), Maker()
    ahead.begin(ROWS, make)
    np.testing.assert_array_equal(ahead.take(ROWS, make), ROWS * 2)
    assert make.made == [(ROWS.tolist(), False)]
    np.testing.assert_array_equal(ahead.take(ROWS, make), ROWS * 2)
    assert make.made[1:] == [(ROWS.tolist(), True)]


def test_other_rows_are_made_anew():
    ahead, make = ChunkAhead(), Maker()
    ahead.begin(ROWS, make)
    np.testing.assert_array_equal(ahead.take(OTHERS, make), OTHERS * 2)
    assert (OTHERS.tolist(), True) in make.made


def test_dropped_or_nothing_is_made_when_it_is_asked_for():
    ahead, make = ChunkAhead(), Maker()
    ahead.begin(ROWS, make)
    ahead.drop()
    begun = len(make.made)
    ahead.begin(ROWS[:0], make)
    assert len(make.made) == begun
    ahead.take(ROWS, make)
    assert make.made[-1] == (ROWS.tolist(), True)


def test_a_refusal_reaches_who_takes():
    def refuse(rows):
        raise DataError(f"no {rows.tolist()}")

    ahead = ChunkAhead()
    ahead.begin(ROWS, refuse)
    with pytest.raises(DataError, match=r"no \[0, 1, 2, 3\]"):
        ahead.take(ROWS, refuse)
    ahead.begin(ROWS, refuse)
    ahead.drop()
