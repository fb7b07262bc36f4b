"""A server process that records what a model of no network says: its words are STORE POLICY MOST_WAITING."""

import logging
import socket
import sys

from faces.serving.served import model, with_embedding
from lowres.faces.serving.application import build_application
from lowres.faces.serving.desk import Desk
from lowres.faces.serving.limits import Limits
from lowres.faces.serving.page import render_page
from lowres.faces.serving.recording import Recorder
from lowres.faces.serving.server import Server, bind
from lowres.files.monitoring.store import open_store
from lowres.values.monitoring.picture_policy import PicturePolicy


def say(text: str) -> None:
    """One line for who started it."""
    print(text, file=sys.stderr, flush=True)


def main(words: list[str]) -> None:
    """Serve until SIGTERM, and say at which port."""
    logging.getLogger("lowres.access").setLevel(logging.INFO)
    logging.getLogger("lowres.access").addHandler(logging.StreamHandler(sys.stderr))
    recorder = Recorder(open_store(words[0]), PicturePolicy.of(words[1]), most_waiting=int(words[2]), say=say)
    desk = Desk(Limits(), recorder)
    desk.shelf.add("colours")
    desk.shelf.put(model(answer=with_embedding))
    listening: socket.socket = bind("127.0.0.1", 0)
    begun = lambda: say(f"ready at {listening.getsockname()[1]}")  # noqa: E731
    Server(build_application(desk, render_page()), arrival_seconds=10, begun=begun).run([listening])


if __name__ == "__main__":
    main(sys.argv[1:])
