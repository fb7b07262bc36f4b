"""`/dashboard` is behind the token, which a browser gives as a password, and there only where something is recorded."""

import base64

import pytest
from starlette.testclient import TestClient

from faces.serving.served import model
from lowres.faces.serving.application import build_application
from lowres.faces.serving.desk import Desk
from lowres.faces.serving.limits import Limits


def basic(words):
    return {"Authorization": "Basic " + base64.b64encode(words.encode()).decode()}


@pytest.fixture
def client(page):
    desk = Desk(Limits())
    desk.shelf.add("colours")
    desk.shelf.put(model())
    pages = {"colours": "<p>how it is doing</p>"}
    application = build_application(desk, page, token="secret", dashboard=lambda name: pages[name])
    with TestClient(application, raise_server_exceptions=False) as client:
        yield client


def test_a_person_gives_the_token_as_a_password(client):
    refused = client.get("/dashboard")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic realm=")
    for headers in (basic("anybody:secret"), {"Authorization": "Bearer secret"}):
        answer = client.get("/dashboard", headers=headers)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
    for wrong in ("anybody:other", "secret"):
        assert client.get("/dashboard", headers=basic(wrong)).status_code == 401
    assert client.get("/dashboard", headers={"Authorization": "Basic ???"}).status_code == 401


def test_no_other_address_takes_a_password(client):
    answer = client.get("/metrics", headers=basic("anybody:secret"))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_without_a_record_there_is_none(page):
    desk = Desk(Limits())
    desk.shelf.add("colours")
    desk.shelf.put(model())
    with TestClient(build_application(desk, page)) as client:
        answer = client.get("/dashboard")
    assert answer.status_code == 404
    assert "expected a server that records" in answer.json()["error"]
