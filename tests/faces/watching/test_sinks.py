"""Alarms reach a webhook, a log and Prometheus, whose own parser reads what is written; a dead webhook stops nobody."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from faces.watching.verdicts import verdict
from lowres.errors import PredictionsError
from lowres.faces.watching.sinks import append, checked_webhook, post, prometheus_text
from lowres.faces.watching.words import look_words, verdict_line


@pytest.fixture
def listening():
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.headers["Content-Type"], json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(500 if self.path == "/broken" else 204)
            self.end_headers()

        def log_message(self, *_):
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_look_is_posted_as_json(listening):
    address, got = listening
    assert post(address, {"calm": False}) == ""
    assert got == [("application/json", {"calm": False})]
    assert "took nothing: HTTP Error 500" in post(f"{address}/broken", {})


def test_nobody_listening_is_told_and_no_more():
    assert "127.0.0.1:9 took nothing" in post("http://127.0.0.1:9/", {})
    with pytest.raises(PredictionsError, match="expected a webhook as http"):
        checked_webhook("file:///etc/passwd")
    assert checked_webhook("") == ""


def test_an_answer_that_is_no_http_stops_nobody_and_no_password_is_told():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"no HTTP here\n")

        thread = threading.Thread(target=answer)
        thread.start()
        port = server.getsockname()[1]
        assert post(f"http://127.0.0.1:{port}/", {}) == f"the webhook 127.0.0.1:{port} took nothing: no HTTP here\n"
        thread.join()
    assert "secret" not in post("http://ann:secret@127.0.0.1:9/", {})


@pytest.mark.parametrize("address", ["http://", "http://host:abc/", "http://host:99999/", "http://a b/"])
def test_what_is_no_address_is_refused_before_the_first_look(address):
    with pytest.raises(PredictionsError, match="expected a webhook as http"):
        checked_webhook(address)


def test_prometheus_reads_it():
    parser = pytest.importorskip("prometheus_client.parser")
    text = prometheus_text('a "model"', verdict(calm=False), 3)
    found = {
        (sample.name, sample.labels.get("test")): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels["model"] == 'a "model"'
    }
    assert found["lowres_watch_alarm", None] == 1
    assert found["lowres_watch_lost_records", None] == 3
    assert found["lowres_watch_shift", "brightness"] == 0.4


def test_the_log_has_a_line_a_look(tmp_path):
    for number in range(2):
        append(tmp_path / "watch.log", {"look": number})
    assert [json.loads(line)["look"] for line in (tmp_path / "watch.log").read_text().splitlines()] == [0, 1]


def test_words():
    assert verdict_line(verdict()).endswith(": calm")
    assert "about 91.0 % (85.0 % to 97.0 %), 90.0 % by 40 labels" in verdict_line(verdict())
    alarm = verdict(calm=False, is_known=False)
    assert "cannot be known without labels" in verdict_line(alarm)
    words = look_words("cats", [alarm], 20, {"the store took nothing": 7}, 500)
    assert "ALARM: pictures are darker" in words
    assert "also: colours are paler" in words
    assert "7 predictions were not recorded: the store took nothing" in words
    assert look_words("cats", [], 20, {}, 500) == "cats: no new window; 20 of 500 predictions are there"
