"""Every answer becomes one whole record, whatever it came by; nobody waits for it, and what is lost is counted."""

import hashlib
import time
from threading import Event

import numpy as np
import pytest

from faces.serving.served import b64, embedding_of, expected, model, pictures, png, with_embedding
from lowres.errors import StoreUnavailable
from lowres.faces.serving import recording
from lowres.faces.serving.recording import Recorder
from lowres.files.monitoring.store import open_store
from lowres.files.monitoring.unwritten import Unwritten, left_behind
from lowres.values.monitoring.image_statistics import image_statistics
from lowres.values.monitoring.picture_policy import PicturePolicy

LONGEST_SECONDS = 30


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(recording, "_LINGER_SECONDS", 0.01)
    monkeypatch.setattr(recording, "_RETRY_SECONDS", 0.02)
    monkeypatch.setattr(recording, "_LAST_SECONDS", 0.3)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "records.sqlite"


@pytest.fixture
def recording_server(serving, path):
    """Start a server that records, with what `Recorder` takes."""

    def start(policy="none", **choices):
        recorder = Recorder(open_store(str(path)), PicturePolicy.of(policy), **choices)
        return serving(model(answer=with_embedding), recorder=recorder)

    return start


def until(found):
    """Wait until something is so."""
    began = time.monotonic()
    while not found():
        assert time.monotonic() - began < LONGEST_SECONDS
        time.sleep(0.01)


def records_in(path, name="colours"):
    with open_store(str(path), make=False) as store:
        return store.read_window(name)


def metric(client, name):
    return [line for line in client.get("/metrics").text.splitlines() if line.startswith(name)]


def test_every_protocol_leaves_whole_records(recording_server, path):
    client, sent = recording_server(), pictures(7)
    numbers = {"instances": sent[:2].tolist()}
    assert client.post("/v1/models/colours:predict", json=numbers, headers={"X-Request-Id": "mine"}).status_code == 200
    large = np.repeat(np.repeat(sent[2], 10, axis=0), 20, axis=1)
    mixed = {"instances": [b64(png(sent[3])), sent[4].tolist()]}
    client.post("/v1/models/colours:predict", json=mixed, headers={"X-Correlation-Id": "theirs"})
    tensor = {"name": "pixels", "datatype": "UINT8", "shape": [1, 4, 6, 3], "data": sent[5].ravel().tolist()}
    client.post("/v2/models/colours/infer", json={"inputs": [tensor]})
    answer = client.post("/answer", content=png(large))
    client.post("/explain", content=png(sent[6]))
    client.post(f"/explain?answer={answer.json()['id']}", content=png(large))
    client.post("/answer", content=b"no picture")
    until(lambda: client.desk.recorder.written == 7)
    window = records_in(path)
    shown = sent[[0, 1, 3, 4, 5, 2, 6]]
    assert window.sha256.tolist()[:5] == [hashlib.sha256(one.tobytes()).hexdigest() for one in shown[:5]]
    np.testing.assert_allclose(window.probabilities[:5], expected(shown[:5]), atol=1e-6)
    np.testing.assert_array_equal(window.embeddings[:5], embedding_of(shown[:5]))
    wanted = image_statistics(shown)
    for name in set(wanted) - {"width", "height"}:
        np.testing.assert_array_equal(window.statistics[name][:5], wanted[name][:5])
    sizes = np.stack([window.statistics["width"], window.statistics["height"]], axis=1)
    assert sizes.tolist() == [[6, 4]] * 5 + [[120, 40], [6, 4]]
    assert window.caller_ids.tolist()[:4] == ["mine", "mine", "theirs", "theirs"]
    assert window.caller_ids[5] == answer.json()["id"] == answer.headers["x-request-id"]
    np.testing.assert_array_equal(window.needs_review, expected(shown).max(axis=1) < 0.9)
    assert ((window.seconds > 0) & (window.seconds < LONGEST_SECONDS)).all()
    assert set(window.versions.tolist()) == {3}
    assert metric(client, "lowres_records_total") == ["lowres_records_total 7.0"]
    assert metric(client, "lowres_store_is_failing") == ["lowres_store_is_failing 0.0"]


def test_answers_are_the_same_with_and_without_a_record(serving, recording_server):
    body = {"instances": pictures(3).tolist()}
    plain, recorded = (one.post("/v1/models/colours:predict", json=body) for one in (serving(), recording_server()))
    assert plain.json() == recorded.json()


def test_what_waits_is_written_when_the_server_ends(recording_server, path, monkeypatch):
    monkeypatch.setattr(recording, "_LINGER_SECONDS", 60)
    client = recording_server()
    client.post("/v1/models/colours:predict", json={"instances": pictures(5).tolist()})
    client.desk.close()
    assert len(records_in(path)) == 5


@pytest.mark.parametrize(
    ("policy", "kept"), [("none", []), ("all", list(range(40))), ("review-only", None), ("sample:0.5", None)]
)
def test_pictures_are_kept_by_the_policy_and_no_other(recording_server, path, policy, kept):
    client, sent = recording_server(policy), pictures(40)
    sent[::3] = (255, 0, 0)
    client.post("/v1/models/colours:predict", json={"instances": sent.tolist()})
    client.desk.close()
    window = records_in(path)
    if policy == "review-only":
        kept = np.flatnonzero(expected(sent).max(axis=1) < 0.9).tolist()
        assert 0 < len(kept) < 40
    if policy.startswith("sample"):
        kept = [n for n, one in enumerate(window.sha256) if int(one[:4], 16) < 2**15]
        assert 0 < len(kept) < 40
    assert window.has_picture.nonzero()[0].tolist() == kept
    with open_store(str(path)) as store:
        found = store.read_pictures(window.ids.tolist())
    assert list(found) == [window.ids[n] for n in kept]
    assert all((found[window.ids[n]] == sent[n]).all() for n in kept)


def test_no_picture_is_kept_anywhere_under_the_policy_none(recording_server, path, caplog):
    # One that any way of keeping it would give away: as pixels, as numbers in text, as the file that was sent.
    secret = np.full((4, 6, 3), 201, np.uint8)
    secret[:, ::2] = (202, 203, 204)
    file = png(secret)
    with caplog.at_level("DEBUG"):
        client = recording_server("none")
        for _ in range(3):
            client.post("/v1/models/colours:predict", json={"instances": [secret.tolist(), b64(file)]})
            client.post("/answer", content=file)
        until(lambda: client.desk.recorder.written == 9)
        # While the store is open the write-ahead log holds all of it.
        alive = everything(path.parent)
        assert path.with_name(f"{path.name}-wal").stat().st_size > 0
        client.desk.close()
    kept = alive + everything(path.parent) + caplog.text.encode()
    assert b"colours" in kept
    needles = [secret.tobytes(), secret[0].tobytes(), b"202, 203, 204", b"202,203,204"]
    needles += [b"\x89PNG", b64(file)["b64"].encode()]
    assert not [needle for needle in needles if needle in kept]
    window = records_in(path)
    assert (len(window), window.has_picture.any()) == (9, False)


def everything(folder):
    return b"".join(one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file())


class Full:
    """A store on a disk that is full until it is told otherwise."""

    def __init__(self, path):
        self.store, self.is_full, self.refused = open_store(str(path)), True, Event()

    def add(self, records):
        if self.is_full:
            self.refused.set()
            raise StoreUnavailable("expected room, got none")
        self.store.add(records)

    def add_loss(self, count, reason):
        if self.is_full:
            raise StoreUnavailable("expected room, got none")
        self.store.add_loss(count, reason)

    def __getattr__(self, name):  # noqa: D105
        return getattr(self.store, name)


def test_a_store_that_fails_costs_what_the_queue_does_not_hold_and_says_so(serving, path):
    said, store = [], Full(path)
    recorder = Recorder(store, PicturePolicy(), most_waiting=6, say=said.append)
    client = serving(model(answer=with_embedding), recorder=recorder)
    for _ in range(5):
        sent = {"instances": pictures(2).tolist()}
        assert client.post("/v1/models/colours:predict", json=sent).status_code == 200
    assert store.refused.wait(LONGEST_SECONDS)
    assert client.get("/readyz").status_code == 200
    assert (recorder.waiting, dict(recorder.lost)) == (6, {"queue full": 4})
    assert metric(client, "lowres_lost_records_total") == ['lowres_lost_records_total{reason="queue full"} 4.0']
    assert metric(client, "lowres_store_is_failing") == ["lowres_store_is_failing 1.0"]
    assert metric(client, "lowres_unwritten_records") == ["lowres_unwritten_records 6.0"]
    assert len([text for text in said if text.startswith("predictions are not recorded just now")]) == 1
    store.is_full = False
    until(lambda: recorder.written == 6)
    until(lambda: store.lost() == {"queue full": 4})
    assert said[-1] == "predictions are recorded again; lost so far: 4 (queue full)"
    assert metric(client, "lowres_store_is_failing") == ["lowres_store_is_failing 0.0"]
    client.desk.close()
    with left_behind(store.identity) as count:
        assert count == 0


def test_what_a_full_disk_does_not_take_to_the_end_is_told_by_the_next_server(serving, path):
    store = Full(path)
    client = serving(model(answer=with_embedding), recorder=Recorder(store, PicturePolicy()))
    client.post("/v1/models/colours:predict", json={"instances": pictures(3).tolist()})
    client.desk.close()
    said = []
    Recorder(open_store(str(path)), PicturePolicy(), say=said.append).close()
    assert said == ["a server that was killed had up to 3 predictions not recorded yet; they are lost"]
    with open_store(str(path)) as again:
        assert again.lost() == {"server killed": 3}


def test_a_prediction_that_cannot_be_recorded_costs_no_other(serving, path):
    def answer(pixels):
        outputs = with_embedding(pixels)
        outputs[pixels[:, 0, 0, 0] == 7] = np.nan
        return outputs

    recorder = Recorder(open_store(str(path)), PicturePolicy())
    client, sent = serving(model(answer=answer), recorder=recorder), pictures(4)
    sent[:, 0, 0, 0] = (1, 7, 2, 3)
    with np.errstate(invalid="ignore"):
        for one in sent:
            client.post("/v2/models/colours/infer", json={"inputs": [
                {"name": "pixels", "datatype": "UINT8", "shape": [1, 4, 6, 3], "data": one.ravel().tolist()}
            ]})  # fmt: skip
        client.desk.close()
    assert (recorder.written, dict(recorder.lost)) == (3, {"refused by the store": 1})


def test_old_pictures_are_swept_when_the_server_starts(recording_server, path):
    client = recording_server("all")
    client.post("/v1/models/colours:predict", json={"instances": pictures(3).tolist()})
    client.desk.close()
    assert records_in(path).has_picture.all()
    said = []
    Recorder(open_store(str(path)), PicturePolicy(), keep_days=0, say=said.append).close()
    assert said == ["3 pictures older than 0 days were deleted"]
    assert not records_in(path).has_picture.any()


def test_the_count_of_a_living_process_is_nobody_elses():
    mine = Unwritten("a store")
    mine.set(5)
    with left_behind("a store") as count:
        assert count == 0
    mine.close()
    with left_behind("a store") as count:
        assert count == 5
    with left_behind("a store") as count:
        assert count == 0
