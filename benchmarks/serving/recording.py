"""Writes benchmarks/results/serving_recording.json: what recording costs a server, in requests a second.

    .venv/bin/python benchmarks/serving/recording.py STUDY [--seconds 15] [--rounds 5]

STUDY: a finished study of small pictures. `lowres serve` runs twice, once without and once with `--record`, and the two
are asked in turns, each as quickly as it answers, with the same requests over as many connections; which of them is
first changes from round to round. PostgreSQL is begun as the tests begin it. Every answer of the recording server must
lie in its store afterwards. On a busy machine the paces say little; so what recording itself takes of a processor is
measured too, without a server: making records of pictures, and writing them (`--rounds 0` does this alone).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
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
from lowres.values.judging.prediction_rows import AnswerRules
from lowres.values.monitoring.picture_policy import PicturePolicy
from lowres.values.monitoring.recording import AnsweredPictures, records_of
from lowres.values.monitoring.served_record import RecordedModel
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
    target = RESULTS.with_name("serving_recording.json")
    found: dict[str, Any] = json.loads(target.read_bytes())["ways"] if wanted.rounds == 0 else {}
    with tempfile.TemporaryDirectory() as folder, running_postgres() as url:
        ways = {
            "SQLite, no images": (str(Path(folder) / "none.sqlite"), "none"),
            "SQLite, all images": (str(Path(folder) / "all.sqlite"), "all"),
            "PostgreSQL, no images": (url, "none"),
        }
        alone = {
            name: _alone(f"{store}-alone" if "sqlite" in store else store, keep) for name, (store, keep) in ways.items()
        }
        for name, (store, keep) in ways.items() if wanted.rounds else ():
            found[name] = _compare(wanted, requests, store, keep, Path(folder))
            print(name, found[name]["median_ratio"], flush=True)
    facts = {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_average": [round(one, 2) for one in os.getloadavg()],
        "connections": CONNECTIONS,
        "recording_alone_processor_ms_a_picture": alone,
        "ways": found,
        "machine": machine(),
        "versions": installed_versions(_PACKAGES),
    }
    atomic_write_json(target, facts)


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
        model = wanted.study.resolve().name
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


def _alone(store: str, keep: str) -> float:
    """Processor milliseconds of this process a picture: 2,560 of 32 x 32 and 1,984 channels, 128 at a time."""
    random = np.random.default_rng(1)
    model = RecordedModel("alone", 1, "alone", tuple("abcdefghij"), 0.9)

    def answered() -> AnsweredPictures:
        pixels = random.integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
        outputs = random.normal(size=(1, 1994)).astype(np.float32)
        now = datetime.now(UTC)
        return AnsweredPictures(model, AnswerRules(1.0, 0.9), now, pixels, np.array([[32, 32]]), outputs, 0.1, "caller")

    batches, policy = [[answered() for _ in range(128)] for _ in range(20)], PicturePolicy.of(keep)
    with open_store(store) as opened:
        opened.add(records_of(batches[0], policy))
        began = time.process_time()
        for batch in batches:
            opened.add(records_of(batch, policy))
        return round(1000 * (time.process_time() - began) / (128 * len(batches)), 3)


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
