"""Which pictures of those predicted are kept with their records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lowres.errors import PredictionsError

_DIGITS = 13


# So many of all pictures are for people to judge whatever the model said: what accuracy is told from without bias.
AUDITED_SHARE = 0.02


class Keep(StrEnum):
    """none: no picture; sample: a share of all; all: every one.

    review-only: those a person should look at, and `AUDITED_SHARE` of all by lot.
    """

    NONE = "none"
    REVIEW_ONLY = "review-only"
    SAMPLE = "sample"
    ALL = "all"


@dataclass(frozen=True)
class PicturePolicy:
    """What is kept; `share` of all pictures where it is a sample.

    Whether a picture is in the sample depends on its SHA-256 alone, so that the same picture sent a thousand times is
    kept each time or never, and nobody has to remember a seed.
    Refused with PredictionsError: a share outside 0 to 1.
    """

    keep: Keep = Keep.NONE
    share: float = 0.01

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        if not 0 < self.share <= 1:
            raise PredictionsError(f"expected a share of pictures above 0 and up to 1, got {self.share}; say 0.01")

    @classmethod
    def of(cls, words: str) -> PicturePolicy:
        """Return what `none`, `review-only`, `all`, `sample` or `sample:0.05` mean.

        Refused with PredictionsError: other words, a share that is none.
        """
        name, colon, share = words.partition(":")
        try:
            keep = Keep(name)
            return cls(keep, float(share)) if colon and keep is Keep.SAMPLE else cls(Keep(words))
        except ValueError as error:
            raise PredictionsError(
                f"expected none, review-only, all, sample or a share as in sample:0.05, got {words!r}; say one of them"
            ) from error

    def keeps(self, sha256: Sequence[str], needs_review: Sequence[bool | None]) -> list[bool]:
        """Return for each picture whether it is kept."""
        if self.keep is Keep.REVIEW_ONLY:
            return [flag is True or drawn_by_lot(one) for one, flag in zip(sha256, needs_review, strict=True)]
        if self.keep is Keep.SAMPLE:
            return [drawn_by_lot(one, self.share) for one in sha256]
        return [self.keep is Keep.ALL] * len(sha256)


def drawn_by_lot(sha256: str, share: float = AUDITED_SHARE) -> bool:
    """Return whether a picture is among that share of all pictures, which nothing but its own bytes decides."""
    return bool(int(sha256[:_DIGITS], 16) < share * 16**_DIGITS)
