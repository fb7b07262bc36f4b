"""Writes benchmarks/results/serving.json, its part `restarts`: what clients saw of a new version, an end, and a kill.

    .venv/bin/python benchmarks/serving/restarts.py STUDY [--seconds 20]

Eight clients ask without a pause, each over a connection of its own. A new version is copied beside the old one and
taken back by a pin; the server is ended by SIGTERM while they ask; it is killed and started again while they ask.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from generator import Load, drive, predict_requests
from processes import Started, start_lowres

from lowres.pipeline.predict_pictures import open_finished_study
from results import keep

CONNECTIONS = 8


def main() -> None:
    """Try all three, and write after each."""
    wanted = _arguments()
    study = open_finished_study(wanted.study)
    pixels = np.random.default_rng(1).integers(0, 256, (64, study.size[1], study.size[0], 3), dtype=np.uint8)
    requests = predict_requests("/v1/models/m:predict", pixels)
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "m"
        shutil.copytree(wanted.study, models / "1")
        facts: dict[str, Any] = {"connections": CONNECTIONS}
        server = start_lowres(models, Path(folder) / "log")
        facts["hot_reload"] = asyncio.run(_reload(server, models, requests, wanted.seconds))
        keep("restarts", facts)
        facts["sigterm"] = asyncio.run(_ended(server, requests))
        keep("restarts", facts)
        facts["kill_9"] = asyncio.run(_killed(models, Path(folder) / "log", requests, wanted.seconds))
        keep("restarts", facts)
    print(json.dumps(facts, indent=2))


async def _reload(server: Started, models: Path, requests: list[bytes], seconds: float) -> dict[str, Any]:
    """A new version, and back again; memory after each of three more."""
    before = await drive(server.port, requests, connections=CONNECTIONS, seconds=seconds)
    memory = [round(server.resident_mebibytes)]

    async def switch() -> dict[str, float]:
        copied = time.perf_counter()
        await asyncio.to_thread(shutil.copytree, models / "1", models / "2")
        await _until(server, "2")
        answered = time.perf_counter() - copied
        (models / "current").write_text("1")
        began = time.perf_counter()
        await _until(server, "1")
        return {
            "seconds_until_it_answered": round(answered, 2),
            "seconds_to_roll_back": round(time.perf_counter() - began, 2),
        }

    switching = asyncio.create_task(switch())
    during = Load()
    while not switching.done():
        _add(during, await drive(server.port, requests, connections=CONNECTIONS, seconds=2))
    memory.append(round(server.resident_mebibytes))
    (models / "current").unlink()
    for number in ("3", "4", "5"):
        await asyncio.to_thread(shutil.copytree, models / "1", models / number)
        await _until(server, number)
        memory.append(round(server.resident_mebibytes))
    return {
        "before": before.to_json(),
        "during": during.to_json(),
        "failed": sum(during.broken.values())
        + sum(count for status, count in during.statuses.items() if status != 200),
        "resident_mebibytes_by_version_loaded": memory,
    } | switching.result()


async def _ended(server: Started, requests: list[bytes]) -> dict[str, Any]:
    """SIGTERM after two seconds: every request that was answered was answered whole, and nothing after the end."""
    asking = asyncio.create_task(drive(server.port, requests, connections=CONNECTIONS, seconds=5))
    await asyncio.sleep(2)
    server.process.send_signal(signal.SIGTERM)
    began = time.perf_counter()
    code = await asyncio.to_thread(server.process.wait)
    ended = time.perf_counter() - began
    load = await asking
    return {"exit_code": code, "seconds_to_end": round(ended, 2), "clients": load.to_json()}


async def _killed(models: Path, log: Path, requests: list[bytes], seconds: float) -> dict[str, Any]:
    server = await asyncio.to_thread(start_lowres, models, log)
    port = server.port
    load_task = asyncio.create_task(drive(port, requests, connections=CONNECTIONS, seconds=seconds * 3))
    await asyncio.sleep(seconds / 2)
    server.process.kill()
    await asyncio.to_thread(server.process.wait)
    killed = time.perf_counter()
    again = await asyncio.to_thread(start_lowres, models, log, "--port", str(port))
    started = time.perf_counter() - killed
    load = await load_task
    moments = sorted(load.moments)
    gap = max(late - early for early, late in zip(moments, moments[1:], strict=False))
    again.end()
    return {
        "seconds_to_start_again": round(started, 2),
        "longest_gap_between_answers_seconds": round(gap, 2),
        "clients": load.to_json(),
    }


async def _until(server: Started, version: str) -> None:
    while await asyncio.to_thread(_current, server.port) != version:
        await asyncio.sleep(0.1)


def _current(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/models", timeout=300) as answer:
        return str(json.load(answer)["models"][0]["current"])


def _add(load: Load, more: Load) -> None:
    load.seconds += more.seconds
    load.statuses.update(more.statuses)
    load.broken.update(more.broken)
    load.lasted += more.lasted
    load.processor_seconds += more.processor_seconds


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--seconds", type=float, default=20)
    return parser.parse_args()


if __name__ == "__main__":
    main()
