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


def lines_of(stream):
    return [line.strip() for line in stream.getvalue().splitlines()]


def test_counts_come_every_ten_seconds_and_notes_at_once(clock):
    stream = io.StringIO()
    progress = PlainProgress(stream)
    for done in range(1, 31):
        clock[0] += 1
        progress.advance("features of images", done * 100, 3000)
        progress.note(f"cifar10.tar.gz: {done} of 170 MB")
    progress.note("resnet50: trying npm")
    assert lines_of(stream) == [
        "features of images: 1,000 of 3,000, 20 s left",
        "features of images: 2,000 of 3,000, 10 s left",
        "features of images: 3,000 of 3,000",
        "resnet50: trying npm",
    ]


def test_a_download_says_how_long_it_still_takes_and_one_of_unknown_size_does_not(clock):
    stream = io.StringIO()
    progress = PlainProgress(stream)
    for done in range(0, 25):
        progress.note(f"weights: {done} of 1,024 MB")
        clock[0] += 1
    for done in range(0, 25):
        progress.note(f"folder: {done} images")
        clock[0] += 1
    # Of the download, no tenth is there and no half minute has gone.
    assert lines_of(stream) == ["folder: 1 images", "folder: 11 images", "folder: 21 images"]
    clock[0] += 30
    progress.note("weights: 24 of 1,024 MB")
    # 24 in 80 s, so 1,000 in 3,333 s.
    assert lines_of(stream)[-1] == "weights: 24 of 1,024 MB, 55 min 33 s left"


def test_a_long_count_is_told_each_half_minute_and_quick_calls_cost_nothing(clock):
    stream = io.StringIO()
    progress = PlainProgress(stream)
    for done in range(36_000):
        clock[0] += 0.1
        progress.advance("epoch 1 of 2", done, 36_000)
    lines = lines_of(stream)
    # An hour: a line each 30 s, the last at 3,600 s or one beat before it.
    assert 118 <= len(lines) <= 120
    assert lines[0] == "epoch 1 of 2: 299 of 36,000, 59 min 30 s left"
    assert all(line.isascii() and line.isprintable() for line in lines)


def test_a_minute_is_told_in_tenths_and_the_next_pass_of_the_same_name_starts_its_own_clock(clock):
    stream = io.StringIO()
    progress = PlainProgress(stream)
    for _ in range(2):
        for done in range(101):
            clock[0] += 1.2
            progress.advance("epoch", done, 100)
    left = [line.rsplit(", ", 1)[-1] for line in lines_of(stream)]
    # 1.2 s a step, told each tenth: 12 s apart.
    whole = ["1 min 48 s", "96 s", "84 s", "72 s", "60 s", "48 s", "36 s", "24 s", "12 s"]
    assert [words.removesuffix(" left") for words in left if words.endswith("left")] == whole * 2


def test_two_steps_after_a_long_wait_are_no_pace(clock):
    stream = io.StringIO()
    progress = PlainProgress(stream)
    clock[0] += 60
    progress.advance("epoch 1 of 6", 1, 36)
    clock[0] += 0.05
    progress.advance("epoch 1 of 6", 2, 36)
    assert lines_of(stream) == ["epoch 1 of 6: 2 of 36"]


class Bars:
    """What rich's progress bars are told."""

    def __init__(self):
        self.tasks = {}
        self.lines = []
        self.console = self
        self.curve, self.encoding, self.width = "", "utf-8", 80

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


def test_a_full_bar_leaves_when_the_next_begins():
    bars = Bars()
    progress = TerminalProgress(bars)
    progress.advance("epoch 1 of 2", 30, 60)
    progress.advance("epoch 1 of 2", 60, 60)
    assert bars.tasks == {"epoch 1 of 2": (60, 60)}
    progress.advance("epoch 2 of 2", 1, 60)
    assert bars.tasks == {"epoch 2 of 2": (1, 60)}


def test_a_thousand_quick_counts_move_a_bar_ten_times_a_second(clock):
    bars = Bars()
    progress = TerminalProgress(bars)
    seen = set()
    for done in range(1, 1001):
        clock[0] += 0.001
        progress.advance("epoch 1 of 2", done, 1000)
        seen.add(bars.tasks["epoch 1 of 2"])
    assert 10 <= len(seen) <= 12
    assert bars.tasks["epoch 1 of 2"] == (1000, 1000)


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


def test_the_curve_is_drawn_while_it_trains_and_left_behind_when_it_ends():
    bars = Bars()
    progress = TerminalProgress(bars)
    progress.stage_begins("train", ("it has not run yet",))
    progress.curve("validation accuracy", (0.5,))
    assert bars.curve == ""
    progress.curve("validation accuracy", (0.5, 0.75))
    assert "now 75.0 %, best 75.0 % (epoch 2)" in bars.curve
    drawn = bars.curve.splitlines()
    progress.stage_ends("train", 3, "done")
    assert bars.curve == ""
    assert bars.lines == [*drawn, stage_line("train", "3.0 s", "done")]


def test_a_terminal_that_has_no_such_signs_gets_no_curve():
    bars = Bars()
    bars.encoding = "ascii"
    TerminalProgress(bars).curve("validation accuracy", (0.5, 0.75))
    assert bars.curve == ""


def test_rich_draws_the_curve_above_its_bars(monkeypatch):
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(room.sys, "stdout", stream)
    monkeypatch.setenv("TERM", "xterm")
    with progress_on(to_stderr=False) as progress:
        progress.stage_begins("train", ("it has not run yet",))
        progress.curve("validation accuracy", (0.5, 0.75))
        progress._bars.refresh()
        assert "best 75.0 % (epoch 2)" in stream.getvalue()


def test_a_log_gets_no_curve(capsys):
    with progress_on(to_stderr=False) as progress:
        progress.curve("validation accuracy", (0.5, 0.75))
    assert capsys.readouterr().out == ""
