"""Batches form while the network works, rows come back to whoever asked, and a full queue says so at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from lowres.errors import ServerBusy
from lowres.faces.serving.batcher import Batcher

LONGEST_SECONDS = 20


class Gated:
    """A network that works as long as it is told to, and remembers its batches."""

    def __init__(self):
        self.sizes, self.may_go, self.began = [], Event(), Event()

    def __call__(self, pixels):
        self.sizes.append(len(pixels))
        self.began.set()
        assert self.may_go.wait(LONGEST_SECONDS)
        return pixels.reshape(len(pixels), -1).astype(np.float32)


def numbered(*numbers):
    return np.array(numbers, np.uint8).reshape(-1, 1, 1, 1)


def rows(future):
    return future.result(LONGEST_SECONDS).ravel().tolist()


@pytest.fixture
def network():
    network = Gated()
    yield network
    network.may_go.set()


@pytest.fixture
def open_batcher(network):
    opened = []

    def start(**choices):
        opened.append(Batcher(network, **{"batch_pictures": 4, "waiting_pictures": 8} | choices))
        return opened[-1]

    yield start
    network.may_go.set()
    for batcher in opened:
        batcher.close()


def test_what_comes_meanwhile_is_answered_together(network, open_batcher):
    batcher = open_batcher()
    first = batcher.submit(numbered(1))
    assert network.began.wait(LONGEST_SECONDS)
    others = [batcher.submit(numbered(number)) for number in (2, 3, 4)]
    assert batcher.waiting == 3
    network.may_go.set()
    assert [rows(one) for one in (first, *others)] == [[1], [2], [3], [4]]
    assert network.sizes == [1, 3]
    assert batcher.waiting == 0


def test_large_requests_are_cut_and_put_together_again(network, open_batcher):
    network.may_go.set()
    batcher = open_batcher()
    asked = [numbered(*range(start, start + count)) for start, count in ((0, 3), (10, 7), (50, 1), (60, 6))]
    futures = [batcher.submit(one) for one in asked[:1]]
    futures += [batcher.submit(one) for one in asked[1:2]]
    assert [rows(one) for one in futures] == [one.ravel().tolist() for one in asked[:2]]
    assert [rows(batcher.submit(one)) for one in asked[2:]] == [one.ravel().tolist() for one in asked[2:]]
    assert max(network.sizes) <= 4
    assert sum(network.sizes) == 17


def test_two_threads_share_what_waits(network, open_batcher):
    batcher = open_batcher(parallel=2)
    batcher.submit(numbered(1))
    batcher.submit(numbered(2))
    busy = batcher.submit(numbered(*range(4)))
    network.may_go.set()
    assert rows(busy) == [0, 1, 2, 3]
    assert network.sizes[:2] == [1, 1]


def test_an_even_share_for_each_idle_thread(network, open_batcher):
    asked = open_batcher(parallel=2).submit(numbered(*range(4)))
    network.may_go.set()
    assert rows(asked) == [0, 1, 2, 3]
    assert network.sizes == [2, 2]


def test_a_full_queue_refuses_and_takes_again(network, open_batcher):
    batcher = open_batcher()
    taken = [batcher.submit(numbered(0))]
    taken += [batcher.submit(numbered(1, 2, 3, 4)) for _ in range(2)]
    with pytest.raises(ServerBusy, match="expected at most 8 pictures to wait, got 9; ask again later") as refusal:
        batcher.submit(numbered(9))
    assert refusal.value.retry_seconds >= 1
    network.may_go.set()
    assert [len(rows(one)) for one in taken] == [1, 4, 4]
    assert rows(batcher.submit(numbered(9))) == [9]


def test_one_request_larger_than_the_queue_is_let_into_an_empty_one(network, open_batcher):
    network.may_go.set()
    assert rows(open_batcher().submit(numbered(*range(20)))) == list(range(20))


def test_whoever_went_away_costs_nothing(network, open_batcher):
    batcher = open_batcher()
    first = batcher.submit(numbered(1))
    assert network.began.wait(LONGEST_SECONDS)
    gone, stays = batcher.submit(numbered(2, 2)), batcher.submit(numbered(3))
    assert gone.cancel()
    network.may_go.set()
    assert rows(first) + rows(stays) == [1, 3]
    assert network.sizes == [1, 1]
    assert batcher.waiting == 0


def test_what_goes_wrong_reaches_those_it_happened_to_and_nobody_else(open_batcher):
    def fails_at_seven(pixels):
        if (pixels == 7).any():
            raise RuntimeError("out of memory")
        return pixels.reshape(-1, 1).astype(np.float32)

    batcher = Batcher(fails_at_seven, batch_pictures=1, waiting_pictures=8)
    futures = [batcher.submit(numbered(number)) for number in (6, 7, 8)]
    assert rows(futures[0]) + rows(futures[2]) == [6, 8]
    with pytest.raises(RuntimeError, match="out of memory"):
        futures[1].result(LONGEST_SECONDS)
    batcher.close()


def test_closing_answers_what_was_taken_and_takes_no_more(network):
    batcher = Batcher(network, batch_pictures=1, waiting_pictures=8)
    futures = [batcher.submit(numbered(number)) for number in range(4)]
    with ThreadPoolExecutor() as pool:
        closing = pool.submit(batcher.close)
        network.may_go.set()
        closing.result(LONGEST_SECONDS)
    assert [rows(one) for one in futures] == [[0], [1], [2], [3]]
    with pytest.raises(ServerBusy, match="expected a version that is served, got one that was just taken away"):
        batcher.submit(numbered(1))


def test_many_askers_at_once_each_get_their_own():
    batcher = Batcher(
        lambda pixels: pixels.reshape(-1, 1).astype(np.float32), parallel=2, batch_pictures=5, waiting_pictures=10_000
    )

    def ask(number):
        count = 1 + number % 7
        return rows(batcher.submit(numbered(*[number % 256] * count))) == [number % 256] * count

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(500)))
    batcher.close()
