"""How a running study looks: bars on a terminal, plain lines everywhere else."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import shorten
from typing import TYPE_CHECKING, Any, TextIO

from lowres.cli.text_curve import text_curve
from lowres.faces.numbers_in_words import duration, with_plain_spaces

if TYPE_CHECKING:
    from lowres.pipeline.progress import Progress

# The files' rooms report counts as words: "cifar10.tar.gz: 12 of 170 MB".
_COUNT = re.compile(r"(?P<what>.+): (?P<done>[\d,]+)(?: of (?P<total>[\d,]+))? (?P<unit>\S+)$")
_QUIET_SECONDS = 10.0
# What runs for an hour would else write 360 lines: the next one comes after a tenth of the way, or half a minute.
_SHARE_BETWEEN = 0.1
_LONGEST_SILENCE_SECONDS = 30.0
# No eye needs more, and a training may count a hundred times a second.
_REDRAW_SECONDS = 0.1
# The first steps are no pace: something compiles, or comes from a cache.
_SHORTEST_PACE_SECONDS = 3.0
_WIDEST = 48


@contextmanager
def progress_on(to_stderr: bool) -> Iterator[Progress]:
    """Give something that shows progress while the block runs, on stderr or on stdout."""
    stream = sys.stderr if to_stderr else sys.stdout
    if not stream.isatty():
        yield PlainProgress(stream)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with _bars_under_a_curve()(*columns, console=Console(file=stream), transient=True) as bars:
        yield TerminalProgress(bars)


def _bars_under_a_curve() -> Any:
    """Rich's progress bars that draw the text in `curve` above them, whenever they draw."""
    from rich.progress import Progress
    from rich.text import Text

    class Bars(Progress):
        curve = ""

        def get_renderables(self) -> Iterator[Any]:
            if self.curve:
                yield Text(self.curve)
            yield from super().get_renderables()

    return Bars


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
        count = _COUNT.match(text)
        if count:
            self._advance(count["what"], _number(count["done"]), _number(count["total"] or "0"), f" {count['unit']}")
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
        print(line, file=self._stream, flush=True)


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


class TerminalProgress:
    """A line a stage, and below them a bar for whatever is being counted."""

    def __init__(self, bars: Any) -> None:
        """Draw on rich's `bars`."""
        self._bars = bars
        self._tasks: dict[str, Any] = {}
        self._full: set[str] = set()
        self._drawn_at = 0.0

    def stage_begins(self, name: str, reasons: tuple[str, ...]) -> None:
        """Show the stage as running."""
        self._clear()
        self._tasks[name] = self._bars.add_task(shorten(f"{name} ({'; '.join(reasons)})", _WIDEST), total=None)

    def stage_ends(self, name: str, seconds: float, note: str) -> None:
        """Leave the stage's line behind, and the curve it drew above it."""
        for line in self._bars.curve.splitlines():
            self._write(line)
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
        """Move the bar of `what`; a bar that is full leaves when the next one comes."""
        now = time.monotonic()
        is_full, is_new = 0 < total <= done, what not in self._tasks
        if not (is_full or is_new) and now - self._drawn_at < _REDRAW_SECONDS:
            return
        if is_new:
            self._drop_full()
            self._tasks[what] = self._bars.add_task(what)
        self._drawn_at = now
        self._full = self._full | {what} if is_full else self._full - {what}
        self._bars.update(self._tasks[what], completed=done, total=total or None)

    def curve(self, what: str, values: tuple[float, ...]) -> None:
        """Draw the curve above the bars, as far as it has come."""
        if len(values) > 1 and "utf" in self._bars.console.encoding.lower():
            self._bars.curve = "\n".join(text_curve(what, values, self._bars.console.width))

    def _drop_full(self) -> None:
        for what in self._full:
            self._bars.remove_task(self._tasks.pop(what))
        self._full.clear()

    def _clear(self) -> None:
        for task in self._tasks.values():
            self._bars.remove_task(task)
        self._bars.curve = ""
        self._tasks.clear()
        self._full.clear()

    def _write(self, line: str) -> None:
        # As text: a class called "[red]" is a name, not an instruction.
        from rich.text import Text

        self._bars.console.print(Text(line), soft_wrap=True)


def _number(digits: str) -> int:
    return int(digits.replace(",", ""))
