"""What the review page asks of the server: the queue, one picture with all that helps to judge it, and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lowres.faces.report.pictures import inline_picture
from lowres.values.reviewing.queue import QueuedPicture

MOST_QUEUED = 100
_TOP = 3


@dataclass(frozen=True)
class Neighbour:
    """A picture the network was trained on that its embedding finds alike: its class, and how far it is."""

    class_name: str
    distance: float
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class ReviewPicture:
    """One record to be judged. probabilities: in the order of class_names. neighbours: None while they are made."""

    id: str
    at: str
    pixels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    class_names: tuple[str, ...]
    neighbours: Sequence[Neighbour] | None
    no_neighbours: str = ""


class ReviewDesk(Protocol):
    """Gives and takes what a review is made of, by the name of a served model."""

    def queue(self, model: str, reviewer: str, most: int) -> tuple[Sequence[QueuedPicture], int]:
        """Return what a reviewer should look at next, and how many records the reviewer has judged."""

    def picture(self, model: str, id: str) -> ReviewPicture:
        """Return one record."""

    def say(self, model: str, id: str, reviewer: str, class_name: str | None, is_withdrawn: bool) -> None:
        """Write a verdict: a class, None for cannot tell, or that the reviewer's last one is withdrawn."""


def queue_reply(queued: Sequence[QueuedPicture], judged: int) -> dict[str, Any]:
    """Return the queue for the page."""
    return {"queue": [{"id": one.id, "why": one.why} for one in queued], "judged": judged}


def picture_reply(picture: ReviewPicture) -> dict[str, Any]:
    """Return everything the page shows of a picture but its heat map, which `/explain` gives."""
    order = np.argsort(-picture.probabilities, kind="stable")
    neighbours = None
    if picture.neighbours is not None:
        neighbours = [
            {"class": one.class_name, "distance": round(one.distance, 3), "picture": inline_picture(one.pixels).uri}
            for one in picture.neighbours
        ]
    return {
        "id": picture.id,
        "at": picture.at,
        "picture": inline_picture(picture.pixels).uri,
        "pixels": picture.pixels.tolist() if picture.pixels.size <= _SMALL else None,
        "classes": [
            {"class": picture.class_names[place], "probability": round(float(picture.probabilities[place]), 4)}
            for place in order
        ],
        "top": _TOP,
        "neighbours": neighbours,
        "no_neighbours": picture.no_neighbours,
    }


# Exact pixels of a small picture go to `/explain`; of a larger one the page sends what it shows.
_SMALL = 64 * 64 * 3
