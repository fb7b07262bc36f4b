"""Writes benchmarks/results/serving.json, its part `load`: requests a second beside the bare engine and a plain server.

    .venv/bin/python benchmarks/serving/load.py STUDY [--seconds 20] [--rounds 3]

STUDY: a finished study of small pictures. Rounds of the bare engine (batches of 8), of `lowres serve` and of a plain
FastAPI handler around model.predict take turns on the same cores, so that each meets the same neighbours; the load
generator runs on those cores too, and its processor time is told. Then half of our own pace for a while (p99), and more
connections than may wait (429), and what a single request meets afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from generator import drive, predict_requests
from processes import BareEngine, Started, machine_busy_seconds, start_lowres, start_plain

from lowres.pipeline.predict_pictures import open_finished_study
from results import keep

BATCH = 8
CONNECTIONS = 32
CROWD = 600


def main() -> None:
    """Measure, and write after each part."""
    wanted = _arguments()
    study = open_finished_study(wanted.study)
    pixels = np.random.default_rng(1).integers(0, 256, (256, study.size[1], study.size[0], 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        with ThreadPoolExecutor() as pool:
            starting = (
                pool.submit(BareEngine, wanted.study),
                pool.submit(start_lowres, wanted.study, Path(folder) / "ours"),
                pool.submit(start_plain, wanted.study / "model.keras", Path(folder) / "plain"),
            )
            engine, ours, plain = (one.result() for one in starting)
        path = f"/v1/models/{wanted.study.resolve().name}:predict"
        ours_requests, plain_requests = predict_requests(path, pixels), predict_requests("/predict", pixels)
        rounds = [
            _round(engine, ours, plain, ours_requests, plain_requests, wanted.seconds) for _ in range(wanted.rounds)
        ]
        facts = {"connections": CONNECTIONS, "batch": BATCH, "engine": engine.facts, "rounds": rounds} | _ratios(rounds)
        keep("load", facts)
        engine.end()
        plain.end()
        half = statistics.median(one["ours"]["per_second"] for one in rounds) / 2
        facts["half_load"] = _measured(ours, ours_requests, seconds=2 * wanted.seconds, connections=64, rate=half)
        keep("load", facts)
        facts["overload"] = _measured(ours, ours_requests, seconds=wanted.seconds, connections=CROWD)
        time.sleep(2)
        facts["after_overload"] = _measured(ours, ours_requests, seconds=5, connections=1)
        facts["start_seconds"] = round(ours.start_seconds, 1)
        keep("load", facts)
        ours.end()


def _round(
    engine: BareEngine,
    ours: Started,
    plain: Started,
    ours_requests: list[bytes],
    plain_requests: list[bytes],
    seconds: float,
) -> dict[str, Any]:
    images = max(4 * BATCH, round(seconds * engine.pace / BATCH) * BATCH)
    busy = machine_busy_seconds()
    bare = engine.run(images, BATCH)
    others = machine_busy_seconds() - busy - bare["processor_seconds"]
    found = {
        "bare_engine": {
            "per_second": round(images / bare["seconds"], 1),
            "per_processor_second": round(images / bare["processor_seconds"], 1),
            "cores_of_others": round(others / bare["seconds"], 2),
        },
        "ours": _measured(ours, ours_requests, seconds=seconds, connections=CONNECTIONS),
        "plain": _measured(plain, plain_requests, seconds=seconds, connections=CONNECTIONS),
    }
    print(json.dumps(found), flush=True)
    return found


def _measured(server: Started, requests: list[bytes], **how: Any) -> dict[str, Any]:
    """What clients saw, what the server used of the processors, and how much of them others had meanwhile."""
    used, busy = server.processor_seconds, machine_busy_seconds()
    load = asyncio.run(drive(server.port, requests, **how))
    used = server.processor_seconds - used
    others = machine_busy_seconds() - busy - used - load.processor_seconds
    return (
        load.to_json()
        | {
            "per_processor_second": round(len(load.seconds) / used, 1),
            "cores_of_others": round(max(0.0, others) / load.lasted, 2),
            "resident_mebibytes": round(server.resident_mebibytes),
        }
        | ({"asked_per_second": round(how["rate"], 1)} if how.get("rate") else {})
    )


def _ratios(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Our pace beside the engine's and the plain server's, round by round and their medians.

    by_processor_second: images by processor second of the serving process, which neighbours on the cores change less.
    """
    found = {}
    for unit in ("per_second", "per_processor_second"):
        for other in ("bare_engine", "plain"):
            each = [one["ours"][unit] / one[other][unit] for one in rounds]
            found[f"ours_to_{other}_{unit}"] = {
                "median": round(statistics.median(each), 3),
                "each": [round(one, 3) for one in each],
            }
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
