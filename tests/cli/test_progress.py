"""Progress is plain lines off a terminal and bars on one, and no name in it is taken for markup."""

import io

import pytest

from lowres.cli import progress as room
from lowres.cli.progress import PlainProgress, TerminalProgress, progress_on, stage_line


@pytest.fixture
def clock(monkeypatch):
    """Time that stands still until it is moved."""
    now = [1000.0]
    monkeypatch.setattr(room.time, "monotonic", lambda: now[0])
    return now


def test_a_stage_has_one_line_to_begin_and_one_to_end():
    stream = io.StringIO()
    progress = PlainProgress(stream)
    progress.stage_begins("train", ("head.epochs changed",))
    progress.stage_ends("train", 12.34, "chose lda")
    progress.stage_stands("report", "8 figures")
    assert stream.getvalue().splitlines() == [
        "train           ...  (head.epochs changed)",
        "train        12.3 s  chose lda",
        "report    unchanged  8 figures",
    ]


def test_counts_come_every_ten_seconds_and_notes_at_once(clock):
    stream = io.StringIO()
    progress = PlainProgress(stream)
    for done in range(1, 31):
        clock[0] += 1
        progress.advance("features of images", done * 100, 3000)
        progress.note(f"cifar10.tar.gz: {done} of 170 MB")
    progress.note("resnet50: trying npm")
    lines = [line.strip() for line in stream.getvalue().splitlines()]
    assert lines == [
        "features of images: 1,000 of 3,000",
        "features of images: 2,000 of 3,000",
        "features of images: 3,000 of 3,000",
        "resnet50: trying npm",
    ]


class Bars:
    """What rich's progress bars are told."""

    def __init__(self):
        self.tasks = {}
        self.lines = []
        self.console = self

    def add_task(self, what, total=None):
        self.tasks[what] = (0, total)
        return what

    def update(self, task, completed, total):
        self.tasks[task] = (completed, total)

    def remove_task(self, task):
        del self.tasks[task]

    def print(self, text, soft_wrap):
        assert soft_wrap
        self.lines.append(text.plain)


def test_on_a_terminal_counts_move_a_bar_that_goes_when_the_stage_ends():
    bars = Bars()
    progress = TerminalProgress(bars)
    progress.stage_begins("features", ("it has not run yet",))
    progress.advance("features of images", 32, 3000)
    progress.note("cifar10.tar.gz: 1,200 of 1,700 MB")
    progress.note("folder: 40 images")
    assert bars.tasks["features of images"] == (32, 3000)
    assert bars.tasks["cifar10.tar.gz (MB)"] == (1200, 1700)
    assert bars.tasks["folder (images)"] == (40, None)
    progress.note("[red]: a class of this name")
    progress.stage_ends("features", 3, "done")
    assert bars.tasks == {}
    assert [line.strip() for line in bars.lines] == [
        "[red]: a class of this name",
        stage_line("features", "3.0 s", "done"),
    ]


@pytest.mark.parametrize("to_stderr", [True, False])
def test_it_goes_where_it_is_sent(capsys, to_stderr):
    with progress_on(to_stderr) as progress:
        progress.note("hello")
    captured = capsys.readouterr()
    assert (captured.err if to_stderr else captured.out).strip() == "hello"


def test_a_terminal_gets_bars(monkeypatch):
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(room.sys, "stdout", stream)
    with progress_on(to_stderr=False) as progress:
        assert isinstance(progress, TerminalProgress)
        progress.stage_begins("train", ("it has not run yet",))
        progress.stage_ends("train", 1, "chose [lda]")
    assert "chose [lda]" in stream.getvalue()
