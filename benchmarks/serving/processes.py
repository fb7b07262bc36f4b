"""Servers in processes of their own: started, waited for, measured from outside, ended."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_TICKS = os.sysconf("SC_CLK_TCK")
_LONGEST_SECONDS = 1800


class Started:
    """A program that serves at a port."""

    def __init__(self, words: list[str], log: Path, port: int | None = None) -> None:
        """Start it, and wait until it takes connections."""
        began = time.perf_counter()
        self.log = log
        with log.open("w") as file:
            self.process = subprocess.Popen([sys.executable, *words], stderr=file, stdout=subprocess.DEVNULL)
        self.port = port or self._said_port()
        self._wait()
        self.start_seconds = time.perf_counter() - began

    def _said_port(self) -> int:
        until = time.monotonic() + _LONGEST_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            found = re.search(r"ready at http://[^:]+:(\d+)", self.log.read_text())
            if found:
                return int(found[1])
            time.sleep(0.02)
        raise SystemExit(f"expected a server that begins, got: {self.log.read_text()[-500:]}")

    def _wait(self) -> None:
        until = time.monotonic() + _LONGEST_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit(f"expected a server at port {self.port}, got none")

    @property
    def processor_seconds(self) -> float:
        """What it has used of the processors so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def resident_mebibytes(self) -> float:
        """Its memory now."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024

    def end(self) -> int:
        """End it as an operator would, and return its exit code."""
        self.process.terminate()
        return self.process.wait(_LONGEST_SECONDS)


def start_lowres(study: Path, log: Path, *more: str) -> Started:
    """`lowres serve` at a free port, its access log on."""
    return Started(["-m", "lowres", "serve", str(study), "--port", "0", *more], log)


def start_plain(model: Path, log: Path) -> Started:
    """The plain server at a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Started([str(FOLDER / "plain_server.py"), str(model), str(port)], log, port)


class BareEngine:
    """The engine alone, asked over a pipe."""

    def __init__(self, study: Path) -> None:
        """Start it, and wait until it is warm."""
        self.process = subprocess.Popen(
            [sys.executable, str(FOLDER / "bare_engine.py"), str(study)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.facts: dict[str, Any] = self._next()
        self.pace = 32 / self.run(32, 8)["seconds"]

    def run(self, images: int, batch: int) -> dict[str, float]:
        """Seconds and processor seconds of so many images."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{images} {batch}\n")
        self.process.stdin.flush()
        return self._next()

    def _next(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return dict(json.loads(self.process.stdout.readline()))

    def end(self) -> None:
        """End it."""
        self.process.stdin.close()
        self.process.wait()


def machine_busy_seconds() -> float:
    """Processor seconds that anything on this machine has used so far."""
    fields = [int(one) for one in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, _, _, irq, softirq, _ = fields
    return (user + nice + system + irq + softirq) / _TICKS
