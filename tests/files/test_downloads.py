"""The ladder and its two ways: a web server of our own that serves, breaks off and refuses; npm played by a script."""

import http.server
import os
import shutil
import socket
import stat
import threading
import time

import pytest

from lowres.errors import DiskFull, SourceUnavailable, VerificationError
from lowres.files import downloads
from lowres.files.downloads import Place, download, first_that_serves, is_offline, npm_pack

CONTENT = bytes(range(256)) * 4000


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/whole")
            self.end_headers()
            return
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        if self.path != "/unannounced":
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:1000] if self.path == "/broken" else CONTENT)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def online(monkeypatch):
    monkeypatch.delenv("LOWRES_OFFLINE", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def silent(_message):
    pass


@pytest.mark.parametrize("page", ["whole", "moved", "unannounced"])
def test_what_the_server_has_arrives_with_progress(page, address, tmp_path):
    told = []
    download(f"{address}/{page}", tmp_path / "new" / "file", told.append)
    assert (tmp_path / "new" / "file").read_bytes() == CONTENT
    assert told
    assert told[0].endswith("MB")


def test_a_connection_that_breaks_off_leaves_nothing(address, tmp_path):
    with pytest.raises(SourceUnavailable, match=r"ended after 1,000 of 1,024,000 bytes|IncompleteRead"):
        download(f"{address}/broken", tmp_path / "file", silent)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_page_says_so(address, tmp_path):
    with pytest.raises(SourceUnavailable, match="Not Found"):
        download(f"{address}/missing", tmp_path / "file", silent)
    assert list(tmp_path.iterdir()) == []


def test_nobody_listening_costs_little(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(SourceUnavailable, match="refused"):
        download(f"http://127.0.0.1:{port}/file", tmp_path / "file", silent)


def test_a_server_that_never_greets_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "READ_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(SourceUnavailable, match="timed out"):
        download(f"http://127.0.0.1:{mute.getsockname()[1]}/file", tmp_path / "file", silent)


def test_a_name_server_that_never_answers_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2))
    begun = time.monotonic()
    with pytest.raises(SourceUnavailable, match=r"no answer about the name lowres\.invalid in"):
        download("https://lowres.invalid/file", tmp_path / "file", silent)
    assert time.monotonic() - begun < 1.5


def test_a_full_disk_is_not_the_servers_fault(address, tmp_path, monkeypatch):
    class FullFile:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def write(self, _):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.open", lambda *_, **__: FullFile())
    with pytest.raises(DiskFull, match="expected room for"):
        download(f"{address}/whole", tmp_path / "file", silent)


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_offline(value, expected, monkeypatch, tmp_path):
    monkeypatch.setenv("LOWRES_OFFLINE", value)
    assert is_offline() == expected


def test_offline_leaves_addresses_alone(address, tmp_path, monkeypatch):
    monkeypatch.setenv("LOWRES_OFFLINE", "1")
    with pytest.raises(SourceUnavailable, match="left alone, since LOWRES_OFFLINE is set"):
        download(f"{address}/whole", tmp_path / "file", silent)


def play_npm(folder, script, monkeypatch):
    """Put a shell script called npm first on the PATH."""
    folder.mkdir()
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_npm_packs_into_the_folder(tmp_path, monkeypatch):
    play_npm(tmp_path / "bin", 'echo "$@" > carrier-1.2.3.tgz; echo carrier-1.2.3.tgz', monkeypatch)
    (tmp_path / "here").mkdir()
    tarball = npm_pack("carrier@1.2.3", tmp_path / "here")
    assert tarball == tmp_path / "here" / "carrier-1.2.3.tgz"
    assert tarball.read_text().startswith("pack carrier@1.2.3 --ignore-scripts")


def test_npm_fails_with_its_own_words(tmp_path, monkeypatch):
    play_npm(
        tmp_path / "bin", "echo 'npm error code E404' >&2; echo 'npm error no such package' >&2; exit 1", monkeypatch
    )
    with pytest.raises(SourceUnavailable, match="npm pack ended with 1: code E404; no such package"):
        npm_pack("carrier@1.2.3", tmp_path)


def test_npm_that_makes_nothing(tmp_path, monkeypatch):
    play_npm(tmp_path / "bin", "exit 0", monkeypatch)
    with pytest.raises(SourceUnavailable, match="npm pack ended with 0: it said nothing"):
        npm_pack("carrier@1.2.3", tmp_path)


def test_npm_that_hangs_is_given_up(tmp_path, monkeypatch):
    play_npm(tmp_path / "bin", "exec sleep 5", monkeypatch)
    monkeypatch.setattr(downloads, "_NPM_SECONDS", 0.2)
    with pytest.raises(SourceUnavailable, match="npm pack did not run to its end"):
        npm_pack("carrier@1.2.3", tmp_path)


def test_no_npm(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("npm") is None
    with pytest.raises(SourceUnavailable, match="npm is not installed"):
        npm_pack("carrier@1.2.3", tmp_path)


def failing(error):
    def fetch():
        raise error

    return fetch


def test_the_first_place_that_works_serves_and_says_so():
    told = []
    places = [
        Place("A", failing(SourceUnavailable("closed"))),
        Place("B", failing(VerificationError("wrong bytes"))),
        Place("C", lambda: 3),
        Place("D", failing(AssertionError("not asked"))),
    ]
    assert first_that_serves(places, "the data", "by hand", told.append) == (3, "C")
    assert told == ["the data: trying A", "the data: trying B", "the data: trying C"]


def test_when_none_works_each_reason_is_told():
    places = [Place("A", failing(SourceUnavailable("closed"))), Place("B", failing(VerificationError("wrong bytes")))]
    message = "(?s)expected the data from one of 2 places.*  A: closed.*  B: wrong bytes\nfetch it by hand"
    with pytest.raises(SourceUnavailable, match=message):
        first_that_serves(places, "the data", "fetch it by hand", silent)


def test_a_full_disk_ends_the_ladder():
    places = [Place("A", failing(DiskFull("no room"))), Place("B", lambda: 1)]
    with pytest.raises(DiskFull, match="no room"):
        first_that_serves(places, "the data", "", silent)
