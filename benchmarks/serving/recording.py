"""Writes benchmarks/results/serving_recording.json: what recording costs a server, in requests a second.

    .venv/bin/python benchmarks/serving/recording.py STUDY [--seconds 15] [--rounds 5]

STUDY: a finished study of small pictures. `lowres serve` runs twice, once without and once with `--record`, and the two
are asked in turns, each as quickly as it answers, with the same requests over as many connections; which of them is
first changes from round to round. PostgreSQL is begun as the tests begin it. Every answer of the recording server must
lie in its store afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from generator import drive, predict_requests
from processes import Started, start_lowres

from lowres.files.atomic import atomic_write_json
from lowres.files.machine import installed_versions
from lowres.files.monitoring.store import open_store
from lowres.pipeline.predict_pictures import open_finished_study
from results import RESULTS, machine

sys.path.append(str(Path(__file__).parent.parent.parent / "tests"))
from postgres import running_postgres  # noqa: E402

CONNECTIONS = 32
_PACKAGES = ("lowres", "keras", "tensorflow-cpu", "openvino", "fastapi", "uvicorn", "numpy", "sqlalchemy", "psycopg")


def main() -> None:
    """Measure each way of keeping pictures, and write."""
    wanted = _arguments()
    study = open_finished_study(wanted.study)
    pixels = np.random.default_rng(1).integers(0, 256, (256, study.size[1], study.size[0], 3), dtype=np.uint8)
    requests = predict_requests(f"/v1/models/{wanted.study.resolve().name}:predict", pixels)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, running_postgres() as url:
        ways = {
            "SQLite, no images": (str(Path(folder) / "none.sqlite"), "none"),
            "SQLite, all images": (str(Path(folder) / "all.sqlite"), "all"),
            "PostgreSQL, no images": (url, "none"),
        }
        for name, (store, keep) in ways.items():
            found[name] = _compare(wanted, requests, store, keep, Path(folder))
            print(name, found[name]["median_ratio"], flush=True)
    facts = {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_average": [round(one, 2) for one in os.getloadavg()],
        "connections": CONNECTIONS,
        "ways": found,
        "machine": machine(),
        "versions": installed_versions(_PACKAGES),
    }
    atomic_write_json(RESULTS.with_name("serving_recording.json"), facts)


def _compare(wanted: argparse.Namespace, requests: list[bytes], store: str, keep: str, folder: Path) -> dict[str, Any]:
    with ThreadPoolExecutor() as pool:
        plain, recording = pool.map(
            lambda words: start_lowres(wanted.study, folder / f"log-{len(words)}", "--quiet", *words),
            ([], ["--record", store, "--keep-images", keep]),
        )
    for one in (plain, recording):
        _measured(one, requests, 3)
    rounds = []
    for number in range(wanted.rounds):
        order = [("without", plain), ("with", recording)][:: 1 if number % 2 else -1]
        rounds.append({name: _measured(one, requests, wanted.seconds) for name, one in order})
    plain.end()
    recording.end()
    with open_store(store, make=False) as opened:
        (model,) = {one.name for one in opened.models()}
        written, lost = opened.count(model), opened.lost()
        channels = opened.read_window(model, last=1).embeddings.shape[1]
    busy = [one["without"]["processor_ms_a_picture"] / one["with"]["processor_ms_a_picture"] for one in rounds]
    ratios = [one["with"]["per_second"] / one["without"]["per_second"] for one in rounds]
    return {
        "rounds": rounds,
        "ratios": [round(one, 3) for one in ratios],
        "median_ratio": round(statistics.median(ratios), 3),
        "median_ratio_by_processor_time": round(statistics.median(busy), 3),
        "records": written,
        "lost": lost,
        "embedding_channels": channels,
    }


def _measured(server: Started, requests: list[bytes], seconds: float) -> dict[str, Any]:
    busy = server.processor_seconds
    load = asyncio.run(drive(server.port, requests, connections=CONNECTIONS, seconds=seconds))
    facts = load.to_json()
    facts["processor_ms_a_picture"] = round(1000 * (server.processor_seconds - busy) / max(1, len(load.seconds)), 2)
    return {key: facts[key] for key in ("answered", "per_second", "p50_ms", "p99_ms", "processor_ms_a_picture")}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
