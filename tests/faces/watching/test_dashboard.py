"""The dashboard shows what the watch said, asks nobody for anything, and reads without a single verdict too."""

import re
from datetime import UTC, datetime

import numpy as np
import pytest

from faces.watching.verdicts import verdict
from lowres.faces.watching.dashboard import DashboardData, render_dashboard
from lowres.values.monitoring.image_statistics import STATISTICS
from lowres.values.monitoring.record_trend import RecordTrend

NAMES = ("cat", "<dog>", "bird")


def trend(spans=6):
    counts = np.full(spans, 100)
    return RecordTrend(
        model="cats",
        class_names=NAMES,
        starts=np.datetime64("2026-11-26T00:00:00", "us") + np.arange(spans) * np.timedelta64(1, "h"),
        counts=counts,
        by_class=np.stack([counts - 50, np.full(spans, 30), np.full(spans, 20)], axis=1),
        confidences=np.linspace(0.9, 0.7, spans),
        entropies=np.linspace(0.2, 0.4, spans),
        seconds=np.full(spans, np.nan),
        review_shares=np.linspace(0.1, 0.2, spans),
        statistics={name: np.linspace(0.5, 0.3, spans).astype(np.float32) for name in STATISTICS},
    )


def page(verdicts, **changed):
    facts = {
        "model": "cats",
        "version": 3,
        "class_names": NAMES,
        "reference_accuracy": 0.95,
        "verdicts": verdicts,
        "trend": trend(),
        "span_words": "an hour",
        "latencies": np.array([0.01, 0.02, 0.03, np.nan], np.float32),
        "waiting_for_review": 17,
        "lost": {},
    }
    return render_dashboard(DashboardData(**(facts | changed)), datetime(2026, 11, 26, 13, tzinfo=UTC))


def text_of(html):
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.S).split()).replace(
        "\N{NO-BREAK SPACE}", " "
    )


def test_a_calm_day():
    text = text_of(page([verdict(hour=hour) for hour in range(5)]))
    assert "cats version 3, made 2026-11-26 13:00 UTC Calm" in text
    assert "91.0 % accuracy" in text.replace("accuracy, reckoned without labels 91.0 %", "91.0 % accuracy")
    assert "17" in text
    assert "20 and 29 ms" in text
    assert "it was off by 4 points at most" in text
    assert "What alarmed" not in text


def test_an_alarm_says_why_and_shows_pictures_of_then_and_now():
    pixels = np.full((8, 8, 3), 40, np.uint8)
    html = page(
        [verdict(), verdict(calm=False, is_known=False)], now={"a": pixels}, then=(pixels + 100,), lost={"full": 4}
    )
    text = text_of(html)
    assert "Alarm Pictures are darker: brightness 0.2 against 0.5 (medians)." in text
    assert "cannot be known" in text
    assert "4 predictions were never recorded: full." in text
    assert html.count("<img") == 2
    assert "of the answers" in text
    assert "&lt;dog&gt;" in html


def test_labels_are_summed_over_the_windows():
    text = text_of(page([verdict(), verdict()]))
    assert "cat 60.0 % 100.0 % of 40" in text
    assert "<dog> 30.0 % 80.0 % of 40" in text.replace("&lt;dog&gt;", "<dog>")
    assert "bird 10.0 % no labels" in text


@pytest.mark.parametrize("verdicts", [[], [verdict()], [verdict()] * 3])
def test_nothing_is_fetched_and_no_script_runs(verdicts):
    html = page(verdicts)
    assert "default-src 'none'" in html
    assert not re.search(r"<script|https?://(?!www\.w3\.org)|url\(", html)


def test_before_the_first_look():
    text = text_of(page([], trend=None, reference_accuracy=None, class_names=(), latencies=np.zeros(0, np.float32)))
    assert "No verdict yet" in text
