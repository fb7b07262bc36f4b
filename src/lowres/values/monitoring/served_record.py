"""One prediction as it is recorded, and the version of a model that made it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.monitoring.image_statistics import STATISTICS

_SHA256_CHARACTERS = 64
_SUM_ERROR = 1e-3


@dataclass(frozen=True)
class RecordedModel:
    """A version of a model whose predictions are recorded.

    version: as it is served: the number of its folder, or the second its evaluation was finished. identity: of what
    the study had trained and evaluated then. class_names: in the order of the probabilities. review_threshold: below
    this confidence a person should look; None where the study names none, infinity where no confidence is enough.
    Refused with PredictionsError: no name, no class.
    """

    name: str
    version: int
    identity: str
    class_names: tuple[str, ...]
    review_threshold: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be found again."""
        if not self.name or self.version < 1 or not self.class_names:
            raise PredictionsError(
                f"expected a model with a name, a version from 1 and classes, got {self.name!r}, {self.version} and "
                f"{len(self.class_names)} classes"
            )


@dataclass(frozen=True, eq=False)
class ServedRecord:
    """One prediction as it was made.

    id: unique, in the order of time (`draw_record_id`). at: when it was answered; any time zone. sha256: of the pixels
    the network was shown, as hexadecimal text, so that one picture is one hash however it was sent. statistics: one
    figure each of `STATISTICS`. probabilities: calibrated, float32 `[classes]`. embedding: what the head was given,
    averaged over height and width, float16 `[channels]`; None where the network gives none. seconds: from the request
    to its answer; NaN where nobody waited for it. caller_id: of the request as its sender called it, or the empty
    string. needs_review: whether the study does not vouch for the answer; None where it draws no line.
    picture: the pixels the network was shown, uint8 `[height, width, 3]`, where it is to be kept; else None.
    Refused with PredictionsError: no probabilities, a hash or statistics that are none, a time without a zone.
    """

    id: str
    at: datetime
    model: RecordedModel
    sha256: str
    statistics: Mapping[str, float]
    probabilities: NDArray[np.float32]
    embedding: NDArray[np.float16] | None = None
    seconds: float = float("nan")
    caller_id: str = ""
    needs_review: bool | None = None
    picture: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        """Refuse what no prediction is."""
        if self.at.tzinfo is None:
            raise PredictionsError(f"expected a time with its zone for record {self.id}, got {self.at}; give it one")
        if len(self.sha256) != _SHA256_CHARACTERS or not set(self.sha256) <= set("0123456789abcdef"):
            raise PredictionsError(f"expected a SHA-256 in hexadecimal for record {self.id}, got {self.sha256[:80]!r}")
        if set(self.statistics) != set(STATISTICS):
            raise PredictionsError(f"expected {', '.join(STATISTICS)} of record {self.id}, got {list(self.statistics)}")
        shares = self.probabilities
        if shares.shape != (len(self.model.class_names),) or not abs(float(shares.sum()) - 1) <= _SUM_ERROR:
            raise PredictionsError(
                f"expected {len(self.model.class_names)} probabilities that add up to 1 for record {self.id}, got "
                f"{shares.shape} that add up to {float(shares.sum()):g}"
            )

    @property
    def predicted(self) -> int:
        """The place of the likeliest class; of equally likely ones the first."""
        return int(self.probabilities.argmax())


def draw_record_id(at: datetime | None = None) -> str:
    """Return 32 hexadecimal digits that nobody else draws: a UUID of version 7 (RFC 9562), so later ones sort later."""
    milliseconds = time.time_ns() // 10**6 if at is None else int(at.astimezone(UTC).timestamp() * 1000)
    drawn = secrets.randbits(74)
    high, low = drawn >> 62, drawn & (2**62 - 1)
    return f"{milliseconds:012x}{0x7000 | high:04x}{(1 << 63) | low:016x}"
