"""How a running study looks as lines of text: one an event, in a log, a notebook, or wherever no bar can be drawn."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TextIO

from lowres.faces.numbers_in_words import duration, with_plain_spaces

# The files' rooms report counts as words: "cifar10.tar.gz: 12 of 170 MB".
COUNT = re.compile(r"(?P<what>.+): (?P<done>[\d,]+)(?: of (?P<total>[\d,]+))? (?P<unit>\S+)$")
_QUIET_SECONDS = 10.0
# What runs for an hour would else write 360 lines: the next one comes after a tenth of the way, or half a minute.
_SHARE_BETWEEN = 0.1
_LONGEST_SILENCE_SECONDS = 30.0
# The first steps are no pace: something compiles, or comes from a cache.
_SHORTEST_PACE_SECONDS = 3.0


def stage_line(name: str, time_taken: str, note: str) -> str:
    """Return the line of a stage: its name, how long it took or that it is unchanged, what it made."""
    return f"{name:<9} {time_taken:>9}  {note}".rstrip()


class PlainProgress:
    """One line an event; a count at most every ten seconds, with the time left, so that a log stays readable."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self._stream = stream
        self._spoke_at = time.monotonic()
        self._counts: dict[str, _Count] = {}

    def stage_begins(self, name: str, reasons: tuple[str, ...]) -> None:
        """Say which stage runs, and why."""
        self._spoke_at = time.monotonic()
        self._counts.clear()
        self._write(stage_line(name, "...", f"({'; '.join(reasons)})"))

    def stage_ends(self, name: str, seconds: float, note: str) -> None:
        """Say how long it took and what it made."""
        self._write(stage_line(name, f"{seconds:.1f} s", note))

    def stage_stands(self, name: str, note: str) -> None:
        """Say that nothing had to be done."""
        self._write(stage_line(name, "unchanged", note))

    def note(self, text: str) -> None:
        """Say it, a count only now and then."""
        count = COUNT.match(text)
        if count:
            self._advance(count["what"], number(count["done"]), number(count["total"] or "0"), f" {count['unit']}")
        else:
            self._write(f"{'':<20} {text}")

    def advance(self, what: str, done: int, total: int) -> None:
        """Say how far it is and how long the rest takes, now and then."""
        self._advance(what, done, total, "")

    def curve(self, what: str, values: tuple[float, ...]) -> None:
        """Say nothing: each epoch has its own line."""

    def _advance(self, what: str, done: int, total: int, unit: str) -> None:
        now = time.monotonic()
        count = self._counts.get(what)
        if count is None or done < count.told:
            count = self._counts[what] = _Count(now, done, done)
        if not _is_worth_a_line(now - self._spoke_at, done - count.told, total):
            return
        self._spoke_at, count.told = now, done
        of_total = f" of {total:,}" if total else ""
        self._write(f"{'':<20} {what}: {done:,}{of_total}{unit}{count.time_left(now, done, total)}")

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


@dataclass
class _Count:
    """Something being counted: when that began and at which number, and the number last told."""

    began_at: float
    first: int
    told: int

    def time_left(self, now: float, done: int, total: int) -> str:
        """How long the rest takes at the pace so far, in words; nothing where nobody can tell."""
        lasted = now - self.began_at
        if lasted < _SHORTEST_PACE_SECONDS or not self.first < done < total:
            return ""
        seconds = lasted * (total - done) / (done - self.first)
        return f", {with_plain_spaces(duration(seconds))} left"


def _is_worth_a_line(silent_seconds: float, gained: int, total: int) -> bool:
    if silent_seconds < _QUIET_SECONDS or gained == 0:
        return False
    return gained >= _SHARE_BETWEEN * total or silent_seconds >= _LONGEST_SILENCE_SECONDS


def number(digits: str) -> int:
    """Return a count as it is written in a note, with commas."""
    return int(digits.replace(",", ""))
