"""Who is told how a fine-tuning goes, while it goes."""

from __future__ import annotations

from typing import Protocol

from lowres.values.training.history import EpochRow


class Watcher(Protocol):
    """Who is told how training goes."""

    def step(self, epoch: int, done: int, total: int) -> None:
        """`done` of `total` updates of an epoch (counted from 1) are behind us."""

    def epoch(self, row: EpochRow, epochs: int, best_validation_accuracy: float, seconds_left: float) -> None:
        """An epoch has ended; the best so far counts the network as it came, and epochs before an interruption."""

    def note(self, text: str) -> None:
        """Something worth a line."""


class SilentWatcher:
    """Tells nobody."""

    def step(self, epoch: int, done: int, total: int) -> None:
        """Say nothing."""

    def epoch(self, row: EpochRow, epochs: int, best_validation_accuracy: float, seconds_left: float) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""
