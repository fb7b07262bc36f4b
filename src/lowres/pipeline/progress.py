"""What a running study tells whoever watches; the command line draws it, tests collect it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """One call an event, in the order things happen."""

    def stage_begins(self, name: str, reasons: tuple[str, ...]) -> None:
        """A stage has to run, for these reasons."""

    def stage_ends(self, name: str, seconds: float, note: str) -> None:
        """It is done, and made what the note says."""

    def stage_stands(self, name: str, note: str) -> None:
        """It need not run: nothing it read or wrote has changed."""

    def note(self, text: str) -> None:
        """Something worth a line."""

    def advance(self, what: str, done: int, total: int) -> None:
        """`done` of `total` (0: unknown) units of `what` are behind us."""

    def curve(self, what: str, values: tuple[float, ...]) -> None:
        """`what` after each epoch so far, as fractions."""


class SilentProgress:
    """Tells nobody."""

    def stage_begins(self, name: str, reasons: tuple[str, ...]) -> None:
        """Say nothing."""

    def stage_ends(self, name: str, seconds: float, note: str) -> None:
        """Say nothing."""

    def stage_stands(self, name: str, note: str) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def advance(self, what: str, done: int, total: int) -> None:
        """Say nothing."""

    def curve(self, what: str, values: tuple[float, ...]) -> None:
        """Say nothing."""
