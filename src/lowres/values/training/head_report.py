"""Which heads the frozen phase tried, how the validation part judged each, and which one it chose."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lowres.values.training.history import EpochRow


@dataclass(frozen=True)
class HeadCandidate:
    """One head that was fitted.

    regularisation: L2 strength per image of the linear kind, None for the others. flipped_views: whether the train part
    held every image mirrored too. augmented_views: of each training image, beside the image itself. validation_nll:
    mean negative log likelihood. epochs: of the dense kind.
    """

    kind: str
    regularisation: float | None
    flipped_views: bool
    validation_accuracy: float
    validation_nll: float
    seconds: float
    epochs: int | None = None
    augmented_views: int = 0

    @property
    def name(self) -> str:
        """What it is called, such as `linear 0.003, with mirrored images`."""
        strength = f" {self.regularisation:g}" if self.regularisation is not None else ""
        mirrored = ", with mirrored images" if self.flipped_views else ""
        views = f", with {self.augmented_views} augmented views" if self.augmented_views else ""
        return f"{self.kind}{strength}{mirrored}{views}"


@dataclass(frozen=True)
class HeadReport:
    """Every candidate in the order it was fitted, and the one the validation part chose.

    history: a row for each that was solved, a row an epoch for each that was trained.
    """

    candidates: tuple[HeadCandidate, ...]
    chosen: HeadCandidate
    train_images: int
    validation_images: int
    history: tuple[EpochRow, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain dictionaries, lists and numbers, all but the history, which has a file of its own."""
        data = asdict(self)
        del data["history"]
        return data

    @staticmethod
    def from_json(data: dict[str, Any]) -> HeadReport:
        """Return the report that `to_json` wrote; its history is empty."""
        candidates = tuple(HeadCandidate(**row) for row in data["candidates"])
        return HeadReport(candidates, HeadCandidate(**data["chosen"]), data["train_images"], data["validation_images"])
