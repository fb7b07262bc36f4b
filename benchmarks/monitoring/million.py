"""Writes benchmarks/results/monitoring_store.json: a million records in SQLite and PostgreSQL.

    .venv/bin/python benchmarks/monitoring/million.py [--records 1000000] [--channels 1280] [--only sqlite]

Records are made up to look like those of a served study of 10 classes: four weeks of requests with days and nights,
confident answers mostly, embeddings around ten centres, one picture in a hundred kept. They are written in batches of
128 as the server writes them; making them up is not part of the writing time. PostgreSQL is Debian's, begun as the
tests begin it (fsync off), in the folder of temporary files. Each question is asked three times, its median told.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from lowres.faces.watching.dashboard import render_dashboard
from lowres.files.atomic import atomic_write_json
from lowres.files.machine import installed_versions
from lowres.files.monitoring.store import Store, open_store
from lowres.pipeline.watching.dashboard import dashboard_of
from lowres.values.monitoring.human_label import HumanLabel
from lowres.values.monitoring.image_statistics import STATISTICS
from lowres.values.monitoring.served_record import RecordedModel, ServedRecord, draw_record_id
from lowres.values.watching.accuracy_estimate import fit_estimator
from lowres.values.watching.reference import Reference
from lowres.values.watching.rules import WatchRules
from lowres.values.watching.verdict import WindowVerdict, judge_window
from lowres.values.watching.window import figures_of

ROOT = Path(__file__).parent.parent.parent
sys.path += [str(ROOT / "benchmarks"), str(ROOT / "tests")]
from postgres import running_postgres  # noqa: E402
from processor import machine  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "monitoring_store.json"
BATCH = 128
# As many as `lowres monitor` judges at once.
WATCHED = 20
BEGAN = datetime(2026, 10, 26, tzinfo=UTC)
SPAN = timedelta(days=28)
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
MODEL = RecordedModel("cifar10", 1795687915, "0123456789abcdef", CLASSES, 0.9)
_PACKAGES = ("lowres", "sqlalchemy", "psycopg", "numpy")


def main() -> None:
    """Fill each database and ask it."""
    wanted = _arguments()
    found = json.loads(RESULTS.read_bytes())["databases"] if RESULTS.exists() and wanted.only else {}
    with tempfile.TemporaryDirectory(prefix="lowres-million-") as folder:
        if wanted.only in ("", "sqlite"):
            path = Path(folder) / "records.sqlite"
            found["SQLite"] = _measure(
                str(path), wanted, lambda: sum(one.stat().st_size for one in path.parent.iterdir())
            )
            _keep(found, wanted)
            path.unlink()
        if wanted.only in ("", "postgresql"):
            with running_postgres() as url:
                found["PostgreSQL"] = _measure(url, wanted, lambda: _postgres_bytes(url))
            _keep(found, wanted)


def _keep(found: dict[str, Any], wanted: argparse.Namespace) -> None:
    facts = {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_average": [round(one, 2) for one in os.getloadavg()],
        "n": wanted.records,
        "channels": wanted.channels,
        "batch": BATCH,
        "databases": found,
        "machine": machine(),
        "versions": installed_versions(_PACKAGES),
    }
    atomic_write_json(RESULTS, facts)


def _measure(words: str, wanted: argparse.Namespace, size: Callable[[], int]) -> dict[str, Any]:
    with open_store(words) as store:
        facts = _fill(store, wanted)
        facts["bytes_a_record"] = round(size() / wanted.records)
        facts["gibibytes"] = round(size() / 2**30, 2)
        began = time.perf_counter()
        open_store(words, make=False).close()
        facts["seconds_to_open"] = round(time.perf_counter() - began, 3)
        facts["seconds"] = _ask(store, wanted.records)
    print(words.partition(":")[0], json.dumps(facts, indent=1), flush=True)
    return facts


def _fill(store: Store, wanted: argparse.Namespace) -> dict[str, Any]:
    seconds, began, paces = 0.0, time.perf_counter(), []
    done = 0
    for batch in _batches(wanted.records, wanted.channels):
        at = time.perf_counter()
        store.add(batch)
        paces.append(time.perf_counter() - at)
        seconds += paces[-1]
        done += len(batch)
        if len(paces) % 500 == 0:
            print(f"{done:,} records, {done / seconds:.0f} a second", file=sys.stderr, flush=True)
    tenth = max(1, len(paces) // 10)
    return {
        "records_a_second": round(wanted.records / seconds),
        "first_tenth_a_second": round(BATCH / statistics.mean(paces[:tenth])),
        "last_tenth_a_second": round(BATCH / statistics.mean(paces[-tenth:])),
        "slowest_batch_seconds": round(max(paces), 3),
        "seconds_with_making_up": round(time.perf_counter() - began, 1),
    }


def _ask(store: Store, n: int) -> dict[str, float]:
    """Median seconds of three times each."""
    end = BEGAN + SPAN
    day = {"since": end - timedelta(days=1), "until": end}
    window = store.read_window("cifar10", last=500)
    label = [HumanLabel(id, "ann", "cat", end) for id in window.ids[:50]]
    store.label(label)
    reference = _reference(store)
    verdicts = _watch(store)
    questions: dict[str, Callable[[], object]] = {
        "the last 500 with embeddings": lambda: store.read_window("cifar10", last=500),
        "500 from the middle with embeddings": lambda: store.read_window("cifar10", since=BEGAN + SPAN / 2, first=500),
        f"the last day, {store.count('cifar10', **day):,} records, with embeddings": lambda: store.read_window(
            "cifar10", **day
        ),
        "the last day without embeddings": lambda: store.read_window("cifar10", **day, embeddings=False),
        f"all {n:,} without embeddings": lambda: store.read_window("cifar10", embeddings=False),
        f"counts and means of all {n:,} by day": lambda: store.read_trend("cifar10", span=timedelta(days=1)),
        "counts and means of the last day by hour": lambda: store.read_trend("cifar10", span=timedelta(hours=1), **day),
        "how many there are": lambda: store.count("cifar10"),
        "the pictures of the last 500": lambda: store.read_pictures(window.ids.tolist()),
        "the records of one request": lambda: store.find("request 77"),
        f"the watch: {WATCHED} windows read and judged": lambda: _watch(store),
        "the dashboard: read and drawn": lambda: render_dashboard(
            dashboard_of("cifar10", store, MODEL, [one.to_json() for one in verdicts], reference)
        ),
    }
    found = {name: _median(question) for name, question in questions.items()}
    began = time.perf_counter()
    store.delete(window.ids[:10].tolist())
    found["deleting 10 records"] = round(time.perf_counter() - began, 3)
    began = time.perf_counter()
    store.sweep(pictures_before=BEGAN + SPAN / 28)
    found["sweeping the pictures of a day"] = round(time.perf_counter() - began, 3)
    return found


def _watch(store: Store) -> list[WindowVerdict]:
    """As `lowres monitor` does it: the windows with those they are looked back from, read, and each judged."""
    rules, reference = WatchRules(), _reference(store)
    size, context = rules.window_records, max(rules.lookbacks) - 1
    records = store.read_window("cifar10", last=(WATCHED + context) * size)
    figures = [
        figures_of(records.rows(slice(start, start + size)), reference) for start in range(0, len(records), size)
    ]
    estimator = fit_estimator(reference)
    return [
        judge_window(figures[place - context : place + 1], reference, estimator, rules)
        for place in range(context, len(figures))
    ]


def _reference(store: Store) -> Reference:
    """Of the first 2,000 records, their answers taken as right; and as many again as if they were spoiled."""
    window = store.read_window("cifar10", first=4000)
    half, rest = window.rows(slice(0, 2000)), window.rows(slice(2000, 4000))
    return Reference(
        identity=MODEL.identity,
        class_names=CLASSES,
        probabilities=half.probabilities,
        labels=half.predicted,
        embeddings=half.embeddings,
        statistics=half.statistics,
        sha256=half.sha256,
        examples=np.zeros((12, 32, 32, 3), np.uint8),
        spoiled_kinds=np.repeat(["one", "other"], 1000),
        spoiled_probabilities=rest.probabilities,
        spoiled_embeddings=rest.embeddings,
        spoiled_labels=np.where(np.arange(2000) % 5, rest.predicted, (rest.predicted + 1) % 10),
    )


def _median(question: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        question()
        times.append(time.perf_counter() - began)
    return round(statistics.median(times), 3)


def _batches(n: int, channels: int) -> Iterator[list[ServedRecord]]:
    random = np.random.default_rng(0)
    centres = random.normal(size=(len(CLASSES), channels)).astype(np.float32)
    # Noise is drawn once and used again from another place each time: the bytes differ, and a week of drawing is saved.
    noise = random.normal(scale=0.5, size=1 << 22).astype(np.float32)
    # More by day than by night.
    hours = np.sort((np.arange(n) + 0.3 * n / 28 * np.sin(2 * np.pi * 28 * np.arange(n) / n) / (2 * np.pi)) / n)
    for start in range(0, n, BATCH):
        rows = range(start, min(n, start + BATCH))
        yield [_record(row, hours[row], random, centres, noise) for row in rows]


def _record(row: int, share: float, random: np.random.Generator, centres: Any, noise: Any) -> ServedRecord:
    at = BEGAN + SPAN * float(share)
    predicted, confidence = int(random.integers(len(CLASSES))), float(random.beta(8, 1))
    shares = np.full(len(CLASSES), (1 - confidence) / (len(CLASSES) - 1), np.float32)
    shares[predicted] = confidence
    begin = int(random.integers(len(noise) - centres.shape[1]))
    pixels = None
    if row % 100 == 0:
        pixels = random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    return ServedRecord(
        id=draw_record_id(at),
        at=at,
        model=MODEL,
        sha256=hashlib.sha256(str(row).encode()).hexdigest(),
        statistics=dict(zip(STATISTICS, (32, 32, *random.random(6).tolist()), strict=True)),
        probabilities=shares,
        embedding=(centres[predicted] + noise[begin : begin + centres.shape[1]]).astype(np.float16),
        seconds=float(random.gamma(4, 0.01)),
        caller_id=f"request {row}",
        needs_review=confidence < 0.9,
        picture=pixels,
    )


def _bytes_in(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.iterdir())


def _postgres_bytes(url: str) -> int:
    from sqlalchemy import create_engine, text

    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        size = int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    engine.dispose()
    return size


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--channels", type=int, default=1280)
    parser.add_argument("--only", choices=("", "sqlite", "postgresql"), default="")
    return parser.parse_args()


if __name__ == "__main__":
    main()
