"""A second process that loads what was saved and says what it answers: started early, asked late (pitfall 22)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any

# Of nothing but patience: on a machine whose processor other work had for 94 % of the time, JAX took over 180.
LONGEST_SECONDS = 600.0
_LAST_LINES = 3


class ReloadProcess:
    """A process that knows nothing of the one that asks; frameworks load in it meanwhile. As a context it ends."""

    def __init__(self, longest_seconds: float = LONGEST_SECONDS) -> None:
        """Start it; it waits for questions, and ends by itself when this process is gone."""
        self._longest_seconds = longest_seconds
        self._lines: Queue[str] = Queue()
        # A file, since a pipe that nobody reads would stop the other process when it is full.
        self._said: IO[str] = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - closed by `close`
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lowres.networks.reload_report"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def ask(self, model: Path, pixels: Path) -> None:
        """Let it load a saved model and judge the pixels of a .npy file; `answer` tells what came of it."""
        stdin = self._process.stdin
        # A process that has ended says why when it is asked for its answer.
        with suppress(BrokenPipeError):
            if stdin:
                stdin.write(json.dumps({"model": str(model.resolve()), "pixels": str(pixels.resolve())}) + "\n")
                stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Wait for the answer to what was asked: `{"logits": lists}`, or `{"fault": words}`."""
        until = time.monotonic() + self._longest_seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except Empty:
                return {"fault": f"no answer in {self._longest_seconds:.0f} seconds"}
            if not line:
                return {"fault": self._ending()}
            found = _object(line)
            if found:
                return found

    def close(self) -> None:
        """End the process, at once if it does not end by itself."""
        with suppress(BrokenPipeError):
            if self._process.stdin:
                self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._reader.join()
        if self._process.stdout:
            self._process.stdout.close()
        self._said.close()

    def __enter__(self) -> ReloadProcess:
        """Hand itself over."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.close()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line)
        self._lines.put("")

    def _ending(self) -> str:
        code = self._process.wait()
        self._said.seek(0)
        lines = [line for line in self._said.read().strip().splitlines() if line.strip()][-_LAST_LINES:]
        return f"the process ended with {code}: {' / '.join(lines) or 'it said nothing'}"


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
