"""Starts an export's own script in a process of its own, listens to it, and ends it when it falls silent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any

from lowres.errors import ParityFailed

# On a machine that was busy with other things, TensorFlow took more than ten minutes to load.
LONGEST_SILENCE_SECONDS = 1800.0
_LAST_LINES = 3


def run_apart(
    folder: Path,
    pixels: Path,
    answers: Path,
    batch_images: int,
    tell: Callable[[int], None],
    longest_silence_seconds: float = LONGEST_SILENCE_SECONDS,
) -> dict[str, Any]:
    """Return what `networks.exporting.fresh_process` measured; it writes the probabilities to the file `answers`.

    tell: called with the number of images that are done. Refused with ParityFailed: an export that does not load or
    run, with its last words, or says nothing for so long. Whatever happens, the process is gone afterwards.
    """
    words = [str(folder), str(pixels), str(answers), str(batch_images)]
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "lowres.networks.exporting.fresh_process", *words],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONSAFEPATH": "1"},
        )
        try:
            measured = _listen(process, tell, longest_silence_seconds)
        except Empty:
            raise ParityFailed(
                f"expected {folder.name} to answer, got nothing in {longest_silence_seconds:.0f} seconds; "
                "nothing was kept; try again on a machine that is less busy"
            ) from None
        finally:
            process.kill()
            code = process.wait()
        if not measured:
            raise ParityFailed(
                f"expected an export that its own runtime runs, got a process that ended with {code}: "
                f"{_last_words(said)}; nothing was kept"
            )
        return measured


def _listen(process: subprocess.Popen[str], tell: Callable[[int], None], longest_seconds: float) -> dict[str, Any]:
    """What was measured; empty where the process ended without."""
    lines: Queue[str] = Queue()
    reader = Thread(target=_read, args=(process.stdout, lines), daemon=True)
    reader.start()
    while line := lines.get(timeout=longest_seconds):
        found = _object(line)
        if "done" in found:
            tell(int(found["done"]))
        elif "latency_milliseconds" in found:
            process.wait()
            return found
    process.wait()
    return {}


def _read(stream: IO[str] | None, lines: Queue[str]) -> None:
    if stream:
        with stream:
            for line in stream:
                lines.put(line)
    lines.put("")


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _last_words(said: IO[str]) -> str:
    said.seek(0)
    lines = [line for line in said.read().strip().splitlines() if line.strip()][-_LAST_LINES:]
    return " / ".join(lines) or "it said nothing"
