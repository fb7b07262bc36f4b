"""How a running study looks: bars on a terminal, plain lines everywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from lowres.cli.text_curve import text_curve
from lowres.faces.progress_lines import COUNT, PlainProgress, number, stage_line

if TYPE_CHECKING:
    from lowres.pipeline.progress import Progress

# No eye needs more, and a training may count a hundred times a second.
_REDRAW_SECONDS = 0.1
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
        count = COUNT.match(text)
        if count:
            total = count["total"] or "0"
            self.advance(f"{count['what']} ({count['unit']})", number(count["done"]), number(total))
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
