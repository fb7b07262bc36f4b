"""A server of the tests' model on a real socket, in a thread of this process."""

from __future__ import annotations

import socket
from threading import Event, Thread
from typing import Any

from lowres.faces.serving.application import build_application
from lowres.faces.serving.desk import Desk
from lowres.faces.serving.limits import Limits
from lowres.faces.serving.page import render_page
from lowres.faces.serving.served_model import ServedModel
from lowres.faces.serving.server import Server, bind

LONGEST_SECONDS = 30


class Running:
    """A server that takes requests from here on, until `end`."""

    def __init__(self, *served: ServedModel, token: str = "", review: Any = None, **limits: Any) -> None:
        """Start it; limits as `Limits` has them."""
        self.desk = Desk(Limits(**limits))
        for one in served:
            self.desk.shelf.add(one.name)
            self.desk.shelf.put(one)
        begun, listening = Event(), bind("127.0.0.1", 0)
        self.address = listening.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"
        application = build_application(self.desk, render_page(), token=token, review=review)
        self.server = Server(application, arrival_seconds=self.desk.limits.arrival_seconds, begun=begun.set)
        self.thread = Thread(target=self.server.run, args=([listening],))
        self.thread.start()
        assert begun.wait(LONGEST_SECONDS)

    def end(self) -> None:
        """Ask it to end, and wait until it has."""
        self.server.should_exit = True
        self.thread.join(LONGEST_SECONDS)
        assert not self.thread.is_alive()

    def connect(self) -> socket.socket:
        """A connection to it."""
        return socket.create_connection(self.address, LONGEST_SECONDS)
