"""How much the server takes at once, so that no request and no crowd of them can take it all."""

from __future__ import annotations

from dataclasses import dataclass

from lowres.errors import RequestRefused


@dataclass(frozen=True)
class Limits:
    """Bounds on what is taken.

    body_bytes: of one request. bodies_bytes: of all requests in memory together. pixels: of one sent picture, by its
    header. pictures: in one request. batch_pictures: that the network is shown together. waiting_pictures: of one
    version that may wait. explanations: that may wait. seconds: from a request's first byte to its answer.
    arrival_seconds: for its head, and again for its body.
    Refused with RequestRefused: a bound below 1.
    """

    body_bytes: int = 16 * 2**20
    bodies_bytes: int = 256 * 2**20
    pixels: int = 50_000_000
    pictures: int = 256
    batch_pictures: int = 8
    waiting_pictures: int = 256
    explanations: int = 8
    seconds: float = 30.0
    arrival_seconds: float = 10.0

    def __post_init__(self) -> None:
        """Refuse bounds that would let nothing through."""
        for name, value in vars(self).items():
            if value <= 0:
                raise RequestRefused(f"expected a limit above 0 for {name}, got {value}; raise it")


@dataclass
class BodyBudget:
    """How many bytes of bodies are in memory now."""

    most: int
    held: int = 0

    def take(self, count: int) -> bool:
        """Count bytes in; whether there was room for them."""
        if self.held + count > self.most:
            return False
        self.held += count
        return True

    def give(self, count: int) -> None:
        """Count bytes out."""
        self.held -= count


def retry_seconds(waiting: int, per_second: float) -> int:
    """Return after how many whole seconds, 1 to 30, what waits will be done at this pace."""
    if per_second <= 0:
        return 1
    return int(min(30, max(1, -(-waiting // per_second))))
