"""A server without a network behind it, spoken to without a socket."""

import pytest
from starlette.testclient import TestClient

from faces.serving.served import model
from lowres.faces.serving.application import build_application
from lowres.faces.serving.desk import Desk
from lowres.faces.serving.limits import Limits
from lowres.faces.serving.page import render_page


@pytest.fixture(scope="session")
def page():
    """The page, which is the same for every server."""
    return render_page()


@pytest.fixture
def serving(page):
    """Start a server: models to serve, limits, a token, what records; give the client and the desk behind it."""
    clients = []

    def start(*models, token="", recorder=None, **limits):
        desk = Desk(Limits(**limits), recorder)
        for one in models or (model(),):
            desk.shelf.add(one.name)
            desk.shelf.put(one)
        client = TestClient(build_application(desk, page, token=token), raise_server_exceptions=False)
        clients.append(client)
        client.__enter__()
        client.desk = desk
        return client

    yield start
    for client in clients:
        client.__exit__(None, None, None)
