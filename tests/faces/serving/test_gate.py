"""Limits on bytes, pixels, waiting and time; the token; what is counted and logged."""

import json
import logging
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from faces.serving.served import b64, logits_of, model, pictures, png
from lowres.errors import RequestRefused
from lowres.faces.serving.limits import BodyBudget, Limits, retry_seconds
from lowres.faces.serving.observations import ACCESS

PREDICT = "/v1/models/colours:predict"
ONE = {"instances": pictures(1).tolist()}
LONGEST_SECONDS = 20


def bomb(width, height):
    """A small PNG whose header promises that many pixels."""
    return png(np.zeros((height, width), np.uint8))


def test_a_picture_is_measured_by_its_header(serving):
    client = serving(pixels=10_000)
    assert client.post("/answer", content=bomb(100, 100)).status_code == 200
    answer = client.post("/answer", content=bomb(101, 100))
    assert answer.status_code == 413
    assert "expected a picture of at most 10,000 pixels, got 101 x 100 in its header" in answer.json()["error"]


def test_a_picture_that_pillow_itself_would_not_open_is_too_large_too(serving):
    content = bytearray(bomb(8, 8))
    content[16:24] = struct.pack(">II", 30_000, 30_000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    answer = serving().post("/answer", content=bytes(content))
    assert answer.status_code == 413
    assert "got many times that in its header" in answer.json()["error"]


def test_a_jpeg_of_countless_scans_is_refused(serving):
    content = png(np.zeros((64, 64, 3), np.uint8), "JPEG", progressive=True)
    scan = content[content.index(b"\xff\xda") : -2]
    answer = serving().post("/answer", content=content[:-2] + scan * 80 + content[-2:])
    assert answer.status_code == 413
    assert "expected a JPEG of at most 64 scans" in answer.json()["error"]


@pytest.mark.parametrize("is_declared", [True, False])
def test_a_body_too_large_is_refused(serving, is_declared):
    client = serving(body_bytes=1000)
    body = b"x" * 1001
    answer = client.post("/answer", content=body if is_declared else iter([body[:600], body[600:]]))
    assert answer.status_code == 413
    assert "expected a body of at most 1000 bytes" in answer.json()["error"]
    assert answer.headers["connection"] == "close"
    assert client.post("/answer", content=bomb(8, 8)).status_code == 200


def test_all_bodies_together_are_bounded(serving):
    answer = serving(bodies_bytes=100).post(PREDICT, json=ONE)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert "expected at most 100 bytes of bodies at once" in answer.json()["error"]
    budget = BodyBudget(10)
    assert budget.take(6)
    assert not budget.take(5)
    budget.give(6)
    assert budget.take(10)


@pytest.fixture
def slow():
    """A model that answers when it may."""
    may_go = Event()

    def answer(pixels):
        assert may_go.wait(LONGEST_SECONDS)
        return logits_of(pixels)

    yield model(answer=answer), may_go
    may_go.set()


def test_overload_is_told_with_429_and_is_over_when_it_is_over(serving, slow):
    served, may_go = slow
    client = serving(served, waiting_pictures=2)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(client.post, PREDICT, json=ONE) for _ in range(8)]
        while sum(one.done() for one in asked) < 5:
            time.sleep(0.01)
        refused = [one.result() for one in asked if one.done()]
        # Nobody reads what cannot be answered: what is wrong with it is not found.
        unread = client.post(PREDICT, content=b"no JSON")
        may_go.set()
        answers = [one.result(LONGEST_SECONDS) for one in asked]
    assert {one.status_code for one in refused} == {429}
    assert all(1 <= int(one.headers["retry-after"]) <= 30 for one in refused)
    assert sorted(one.status_code for one in answers) == [200] * 3 + [429] * 5
    assert (unread.status_code, client.post(PREDICT, content=b"no JSON").status_code) == (429, 400)
    assert client.post(PREDICT, json=ONE).status_code == 200


def test_an_answer_that_takes_too_long_is_given_up(serving, slow):
    client = serving(slow[0], seconds=0.2)
    answer = client.post(PREDICT, json=ONE)
    assert answer.status_code == 504
    assert "expected an answer within 0.2 s, got none; ask again later" in answer.json()["error"]


def test_only_so_many_explanations_wait(serving):
    may_go = Event()

    def explain(pixels, target, against):
        assert may_go.wait(LONGEST_SECONDS)
        raise RuntimeError("never mind")

    client = serving(model(explain=explain), explanations=1)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(client.post, "/explain", content=bomb(8, 8)) for _ in range(2)]
        while not any(one.done() for one in asked):
            time.sleep(0.01)
        may_go.set()
        statuses = sorted(one.result(LONGEST_SECONDS).status_code for one in asked)
    assert statuses == [429, 500]


def test_what_goes_wrong_inside_is_500_with_no_details(serving):
    def broken(pixels):
        raise RuntimeError("secret path /root")

    answer = serving(model(answer=broken)).post(PREDICT, json=ONE)
    assert answer.status_code == 500
    assert answer.json() == {"error": "expected an answer, got RuntimeError; the server's log says more"}


@pytest.mark.parametrize("path", ["/models", "/metrics", "/openapi.json", "/v1/models/colours", "/v2", "/nowhere"])
def test_without_the_token_nothing_is_told(serving, path):
    client = serving(token="secret")
    for words in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic secret"},
        {"Authorization": "secret"},
    ):
        answer = client.get(path, headers=words)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "expected the server's token" in answer.json()["error"]
    assert client.get(path, headers={"Authorization": "Bearer secret"}).status_code in (200, 404)
    assert client.post(PREDICT, json=ONE).status_code == 401


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/v2/health/live", "/v2/health/ready"])
def test_the_page_and_the_probes_need_no_token(serving, path):
    assert serving(token="secret").get(path).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/answer", 405), ("GET", "/v1/models/colours/versions/x", 400)],
)
def test_every_error_has_one_form(serving, method, path, status):
    answer = serving().request(method, path)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


def test_each_request_is_one_line_of_json(serving, caplog):
    client = serving()
    with caplog.at_level(logging.INFO, ACCESS):
        client.post(PREDICT, json=ONE, headers={"X-Request-Id": "mine"})
        answer = client.post("/answer?secret=1", content=b"junk\n")
    first, second = (json.loads(record.message) for record in caplog.records if record.name == ACCESS)
    assert (first["id"], first["status"], first["path"]) == ("mine", 200, PREDICT)
    assert (first["model"], first["version"], first["pictures"]) == ("colours", 3, 1)
    assert first["ms"] > 0
    assert (second["status"], second["bytes"], second["path"]) == (400, 5, "/answer")
    assert second["id"] == answer.headers["x-request-id"]


def test_metrics_count_what_happened(serving):
    client = serving(model(), model("shapes", 7))
    for _ in range(3):
        client.post(PREDICT, json={"instances": pictures(2).tolist()})
    client.post(PREDICT, json={})
    client.get("/a/" + "x" * 20)
    text = client.get("/metrics").text
    route = 'route="/v1/models/{name}:predict"'
    assert f'lowres_requests_total{{model="colours",{route},status="200",version="3"}} 3.0' in text
    assert f'lowres_requests_total{{model="colours",{route},status="400",version="3"}} 1.0' in text
    assert 'lowres_requests_total{model="",route="other",status="404",version=""} 1.0' in text
    assert 'lowres_pictures_total{model="colours",version="3"} 6.0' in text
    assert 'lowres_batch_pictures_sum{model="colours",version="3"} 6.0' in text
    assert 'lowres_model_is_current{engine="none",identity="shapes-7",model="shapes",version="7"} 1.0' in text
    assert 'lowres_waiting_pictures{model="colours",version="3"} 0.0' in text
    assert "process_resident_memory_bytes" in text


def test_files_other_than_pictures_are_never_opened_by_another_reader(serving):
    ghostscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"
    answer = serving().post("/v1/models/colours:predict", json={"instances": [b64(ghostscript)]})
    assert "cannot identify image file" in answer.json()["error"]


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(RequestRefused, match="expected a limit above 0 for pixels, got 0; raise it"):
        Limits(pixels=0)


def test_retry_is_what_the_queue_takes_at_its_pace():
    assert [retry_seconds(waiting, 50) for waiting in (0, 10, 120, 10_000)] == [1, 1, 3, 30]
    assert retry_seconds(10, 0) == 1
