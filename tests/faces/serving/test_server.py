"""A real socket: connections that say nothing in time, an end that finishes what it took, addresses that are taken."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event

import pytest

from faces.serving.running import LONGEST_SECONDS, Running
from faces.serving.served import logits_of, model, pictures
from lowres.errors import RequestRefused
from lowres.faces.serving.server import HEAD_BYTES, bind

SOON = 0.3
PREDICT = b"POST /v1/models/colours:predict HTTP/1.1\r\nHost: x\r\n"
BODY = json.dumps({"instances": pictures(1).tolist()}).encode()


@pytest.fixture
def run():
    running = []

    def start(served=None, **limits):
        running.append(Running(served or model(), **limits))
        return running[-1]

    yield start
    for one in running:
        one.end()


def all_of(connection):
    """Everything that comes until the other side closes."""
    parts = []
    while part := connection.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


def drip(connection, part):
    """Send a part again and again, for as long as somebody takes it."""
    for _ in range(1000):
        connection.sendall(part)
        time.sleep(0.02)


def whole(body=BODY, *more):
    lines = [*more, f"Content-Length: {len(body)}".encode()]
    return PREDICT + b"\r\n".join(lines) + b"\r\n\r\n" + body


def test_a_request_over_a_socket(run):
    with run().connect() as connection:
        connection.sendall(whole(BODY, b"Connection: close"))
        answer = all_of(connection)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b'{"predictions":[[' in answer


@pytest.mark.parametrize("sent", [b"", b"GET / HT", PREDICT])
def test_a_head_that_does_not_come_is_not_waited_for(run, sent):
    running = run(arrival_seconds=SOON)
    with running.connect() as connection:
        connection.sendall(sent)
        began = time.monotonic()
        assert all_of(connection) == b""
        assert SOON * 0.5 < time.monotonic() - began < LONGEST_SECONDS


def test_a_head_that_drips_is_not_waited_for(run):
    with run(arrival_seconds=SOON).connect() as connection:
        connection.sendall(PREDICT)
        with pytest.raises(OSError, match="reset|pipe|Broken"):
            drip(connection, b"X-More: 1\r\n")


def test_a_second_head_that_drips_is_not_waited_for(run):
    with run(arrival_seconds=SOON).connect() as connection:
        connection.sendall(whole())
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")
        connection.sendall(b"GET / HT")
        assert all_of(connection) == b""


def test_an_endless_head_is_cut_off(run):
    with run().connect() as connection:
        connection.sendall(PREDICT)
        with pytest.raises(OSError, match="reset|pipe|Broken"):
            drip(connection, b"X-More: " + b"x" * (HEAD_BYTES // 4) + b"\r\n")


def test_a_body_that_does_not_come_is_answered_with_408(run):
    with run(arrival_seconds=SOON).connect() as connection:
        connection.sendall(whole()[:-10])
        answer = all_of(connection)
    assert answer.startswith(b"HTTP/1.1 408")
    assert f"got {len(BODY) - 10} bytes of {len(BODY)}; send it again".encode() in answer


def test_who_leaves_in_the_middle_leaves_no_trace(run):
    running = run()
    for _ in range(20):
        with running.connect() as connection:
            connection.sendall(whole()[:-10])
    with running.connect() as connection:
        connection.sendall(whole(BODY, b"Connection: close"))
        assert all_of(connection).startswith(b"HTTP/1.1 200 OK")


def test_what_was_taken_is_answered_when_the_server_ends(run):
    working, may_go = Event(), Event()

    def answer(pixels):
        working.set()
        assert may_go.wait(LONGEST_SECONDS)
        return logits_of(pixels)

    running = run(model(answer=answer), batch_pictures=1)
    with ThreadPoolExecutor() as pool, ExitStack() as stack:
        connections = [stack.enter_context(running.connect()) for _ in range(5)]
        for connection in connections:
            connection.sendall(whole())
        assert working.wait(LONGEST_SECONDS)
        ending = pool.submit(running.end)
        with pytest.raises(TimeoutError):
            ending.result(SOON)
        may_go.set()
        answers = [all_of(connection) for connection in connections]
        ending.result(LONGEST_SECONDS)
    assert all(one.startswith(b"HTTP/1.1 200 OK") and b"predictions" in one for one in answers)
    with pytest.raises(ConnectionRefusedError):
        running.connect()


def test_a_port_that_is_taken_is_refused():
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RequestRefused, match=f"expected a free port, got {port} at 127.0.0.1"):
            bind("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(RequestRefused, match="expected an address of this machine, got 203.0.113.7"):
        bind("203.0.113.7", 0)
