"""How a running study looks: bars on a terminal, plain lines everywhere else."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import shorten
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from lowres.pipeline.progress import Progress

# The files' rooms report counts as words: "cifar10.tar.gz: 12 of 170 MB".
_COUNT = re.compile(r"(?P<what>.+): (?P<done>[\d,]+)(?: of (?P<total>[\d,]+))? (?P<unit>\S+)$")
_QUIET_SECONDS = 10.0
_WIDEST = 48


@contextmanager
def progress_on(to_stderr: bool) -> Iterator[Progress]:
    """Give something that shows progress while the block runs, on stderr or on stdout."""
    stream = sys.stderr if to_stderr else sys.stdout
    if not stream.isatty():
        yield PlainProgress(stream)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=stream), transient=True) as bars:
        yield TerminalProgress(bars)


def stage_line(name: str, time_taken: str, note: str) -> str:
    """Return the line of a stage: its name, how long it took or that it is unchanged, what it made."""
    return f"{name:<9} {time_taken:>9}  {note}".rstrip()


class PlainProgress:
    """One line an event; counts at most every ten seconds, so that a log stays readable."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self._stream = stream
        self._counted_at = time.monotonic()

    def stage_begins(self, name: str, reasons: tuple[str, ...]) -> None:
        """Say which stage runs, and why."""
        self._counted_at = time.monotonic()
        self._write(stage_line(name, "...", f"({'; '.join(reasons)})"))

    def stage_ends(self, name: str, seconds: float, note: str) -> None:
        """Say how long it took and what it made."""
        self._write(stage_line(name, f"{seconds:.1f} s", note))

    def stage_stands(self, name: str, note: str) -> None:
        """Say that nothing had to be done."""
        self._write(stage_line(name, "unchanged", note))

    def note(self, text: str) -> None:
        """Say it, a count only now and then."""
        if not _COUNT.match(text) or self._is_time():
            self._write(f"{'':<20} {text}")

    def advance(self, what: str, done: int, total: int) -> None:
        """Say how far it is, now and then."""
        if self._is_time():
            self._write(f"{'':<20} {what}: {done:,} of {total:,}")

    def _is_time(self) -> bool:
        now = time.monotonic()
        if now - self._counted_at < _QUIET_SECONDS:
            return False
        self._counted_at = now
        return True

    def _write(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class TerminalProgress:
    """A line a stage, and below them a bar for whatever is being counted."""

    def __init__(self, bars: Any) -> None:
        """Draw on rich's `bars`."""
        self._bars = bars
        self._tasks: dict[str, Any] = {}

    def stage_begins(self, name: str, reasons: tuple[str, ...]) -> None:
        """Show the stage as running."""
        self._clear()
        self._tasks[name] = self._bars.add_task(shorten(f"{name} ({'; '.join(reasons)})", _WIDEST), total=None)

    def stage_ends(self, name: str, seconds: float, note: str) -> None:
        """Leave the stage's line behind."""
        self._clear()
        self._write(stage_line(name, f"{seconds:.1f} s", note))

    def stage_stands(self, name: str, note: str) -> None:
        """Leave the stage's line behind."""
        self._write(stage_line(name, "unchanged", note))

    def note(self, text: str) -> None:
        """Leave a line behind, or move a bar where the text is a count."""
        count = _COUNT.match(text)
        if count:
            total = count["total"] or "0"
            self.advance(f"{count['what']} ({count['unit']})", _number(count["done"]), _number(total))
        else:
            self._write(f"{'':<20} {text}")

    def advance(self, what: str, done: int, total: int) -> None:
        """Move the bar of `what`."""
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what)
        self._bars.update(self._tasks[what], completed=done, total=total or None)

    def _clear(self) -> None:
        for task in self._tasks.values():
            self._bars.remove_task(task)
        self._tasks.clear()

    def _write(self, line: str) -> None:
        # As text: a class called "[red]" is a name, not an instruction.
        from rich.text import Text

        self._bars.console.print(Text(line), soft_wrap=True)


def _number(digits: str) -> int:
    return int(digits.replace(",", ""))
