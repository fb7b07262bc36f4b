"""A server process that records, killed under load, and on a disk that runs full: nothing half, nothing uncounted."""

import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import numpy as np
import pytest

from faces.serving.served import pictures
from lowres.faces.serving.recording import Recorder
from lowres.files.monitoring.store import open_store
from lowres.values.monitoring.picture_policy import PicturePolicy

LONGEST_SECONDS = 60
CLIENTS, PICTURES = 4, 4
# The writer may have committed a batch without having taken it off the count yet.
BATCH = 128
SCRIPT = Path(__file__).with_name("recording_server.py")


class Process:
    """The server, and what it said."""

    def __init__(self, store, policy="none", most_waiting=200):
        environment = os.environ | {"PYTHONPATH": str(SCRIPT.parents[2])}
        words = [sys.executable, str(SCRIPT), str(store), policy, str(most_waiting)]
        # The log goes through a pipe, as files of the process are to be limited in size.
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment)
        self.said = []
        while not (self.said and self.said[-1].startswith("ready at")):
            line = self.process.stderr.readline()
            assert line, self.said
            self.said.append(line.strip())
        self.url = f"http://127.0.0.1:{re.search(r'[0-9]+', self.said[-1])[0]}"
        self.pool = ThreadPoolExecutor(1)
        self.reading = self.pool.submit(self._read)

    def _read(self):
        self.said.extend(line.strip() for line in self.process.stderr)

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=LONGEST_SECONDS) as answer:
            return answer.read().decode()

    def metric(self, name):
        found = re.search(rf"^{name} ([0-9.e+]+)$", self.get("/metrics"), re.MULTILINE)
        return float(found[1]) if found else 0.0

    def load(self, bodies, seconds=60.0):
        """Send until it ends (an answer begun may break off), or so long; how many pictures were answered."""
        answered, until = 0, time.monotonic() + seconds
        for body in bodies:
            try:
                with urllib.request.urlopen(
                    urllib.request.Request(f"{self.url}/v1/models/colours:predict", body), timeout=LONGEST_SECONDS
                ) as answer:
                    answered += len(json.load(answer)["predictions"])
            except (OSError, HTTPException, ValueError):
                break
            if time.monotonic() > until:
                break
        return answered

    def end(self, number):
        self.process.send_signal(number)
        code = self.process.wait(LONGEST_SECONDS)
        self.reading.result(LONGEST_SECONDS)
        self.pool.shutdown()
        self.process.stderr.close()
        return code


@contextmanager
def server(*words):
    process = Process(*words)
    try:
        yield process
    finally:
        if process.process.poll() is None:
            process.end(signal.SIGKILL)


def bodies(count, pictures_each=PICTURES):
    return [json.dumps({"instances": pictures(pictures_each, seed).tolist()}).encode() for seed in range(count)]


@pytest.mark.slow
def test_a_server_killed_under_load_loses_no_more_than_it_held_and_the_next_one_counts_it(tmp_path):
    store = tmp_path / "records.sqlite"
    sent = bodies(2000)
    with server(store, "all", 10_000) as process, ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(process.load, sent[n::CLIENTS]) for n in range(CLIENTS)]
        until = time.monotonic() + LONGEST_SECONDS
        while process.metric("lowres_records_total") == 0 and time.monotonic() < until:
            time.sleep(0.2)
        time.sleep(0.5)
        process.end(signal.SIGKILL)
        answered = sum(one.result(LONGEST_SECONDS) for one in clients)
    assert sqlite3.connect(store).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with open_store(str(store), make=False) as opened:
        written = opened.count("colours")
        assert answered > 0
    told = []
    Recorder(open_store(str(store)), PicturePolicy(), say=told.append).close()
    with open_store(str(store), make=False) as opened:
        window = opened.read_window("colours")
        killed = opened.lost().get("server killed", 0)
        # Whole: each record has its embedding and its picture, and the picture is what its hash says.
        assert np.isfinite(window.embeddings.astype(np.float32)).all()
        assert window.has_picture.all()
        assert len(opened.read_pictures(window.ids.tolist())) == written
        # Whoever had an answer is recorded or counted; of those without one yet, as many as there were clients may be.
        assert answered <= written + killed <= answered + CLIENTS * PICTURES + BATCH
        assert [f"had up to {killed} predictions" in text for text in told] == ([True] if killed else [])


@pytest.mark.slow
def test_a_disk_that_runs_full_stops_no_answer_and_every_loss_is_counted(tmp_path):
    store = tmp_path / "records.sqlite"
    with server(store) as process:
        assert process.load(bodies(2, 10)) == 20
        room = max(path.stat().st_size for path in tmp_path.glob("records.sqlite*"))
        pid, endless = process.process.pid, resource.RLIM_INFINITY
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, endless))
        answered = 20 + process.load(bodies(30, 20))
        assert answered == 620
        assert process.get("/readyz") == "ready\n"
        assert process.metric("lowres_store_is_failing") == 1
        lost = process.metric('lowres_lost_records_total{reason="queue full"}'.replace("{", r"\{").replace("}", r"\}"))
        assert lost > 0
        assert process.metric("lowres_records_total") + process.metric("lowres_unwritten_records") + lost == answered
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (endless, endless))
        began = time.monotonic()
        while process.metric("lowres_unwritten_records"):
            assert time.monotonic() - began < LONGEST_SECONDS
            time.sleep(0.1)
        assert process.end(signal.SIGTERM) == 0
    told = [text for text in process.said if text.startswith("predictions are not recorded just now")]
    assert len(told) == 1
    assert re.search("disk|full", told[0])
    assert f"predictions are recorded again; lost so far: {lost:.0f} (queue full)" in process.said
    with open_store(str(store), make=False) as opened:
        assert opened.count("colours") + lost == answered
        assert opened.lost() == {"queue full": lost}
