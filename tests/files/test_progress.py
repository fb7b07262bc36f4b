"""The meter speaks at most twice a second, and always at the end."""

import pytest

from lowres.files.progress import Meter


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_it_speaks_first_then_after_a_pause_then_at_the_end(clock):
    told = []
    meter = Meter(told.append, "decoding", 1000, "pictures")
    for _ in range(10):
        meter.advance(100)
        clock[0] += 0.2
    assert told == [f"decoding: {done} of 1,000 pictures" for done in ("100", "400", "700", "1,000")]


def test_without_a_total_it_only_counts(clock):
    told = []
    Meter(told.append, "download", 0, "MB").advance(3)
    assert told == ["download: 3 MB"]
