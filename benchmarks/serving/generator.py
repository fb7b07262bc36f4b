"""A load generator of plain sockets: prepared requests over so many connections, at a rate or as quick as answered."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Check = Callable[[int, bytes], bool]


@dataclass
class Load:
    """What clients saw: seconds of each answered request, statuses, wrong answers, and what broke."""

    seconds: list[float] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    lasted: float = 0.0
    processor_seconds: float = 0.0

    def percentile_ms(self, share: float) -> float:
        """Milliseconds below which this share of the requests with status 200 were answered."""
        ordered = sorted(self.seconds)
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else float("nan")

    def to_json(self) -> dict[str, object]:
        """The figures worth keeping."""
        return {
            "answered": len(self.seconds),
            "per_second": round(len(self.seconds) / self.lasted, 1),
            "p50_ms": self.percentile_ms(0.5),
            "p99_ms": self.percentile_ms(0.99),
            "longest_ms": self.percentile_ms(1.0),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "broken": dict(self.broken),
            "wrong": self.wrong,
            "seconds": round(self.lasted, 1),
            "generator_processor_seconds": round(self.processor_seconds, 2),
        }


def http_request(path: str, body: bytes, kind: str = "application/json", *more: str) -> bytes:
    """A whole request as bytes."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def predict_requests(path: str, pixels: Sequence[Any]) -> list[bytes]:
    """One request an image, in TensorFlow Serving's row form."""
    return [http_request(path, json.dumps({"instances": [image.tolist()]}).encode()) for image in pixels]


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    """Status and body of the next answer, and whether it is the connection's last."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    at = head.lower().index(b"content-length:")
    length = int(head[at + 15 : head.index(b"\r\n", at)])
    return status, await reader.readexactly(length), b"\r\nconnection: close" in head.lower()


async def drive(
    port: int,
    requests: Sequence[bytes],
    *,
    connections: int,
    seconds: float,
    rate: float = 0.0,
    check: Check | None = None,
) -> Load:
    """Send requests for so many seconds; rate: a second, whatever comes back; 0: as quick as they are answered."""
    load, began, processor = Load(), time.perf_counter(), time.process_time()
    turn = iter(range(10**9))
    if rate:
        await _at_rate(port, requests, load, turn, began, seconds, rate, connections, check)
    else:
        await asyncio.gather(*(_closed(port, requests, load, turn, began, seconds, check) for _ in range(connections)))
    load.lasted = time.perf_counter() - began
    load.processor_seconds = time.process_time() - processor
    return load


async def _closed(port, requests, load, turn, began, seconds, check) -> None:
    connection = None
    while time.perf_counter() - began < seconds:
        connection = await _one(port, requests, load, next(turn), began, check, connection)
    if connection:
        connection[1].close()


async def _at_rate(port, requests, load, turn, began, seconds, rate, connections, check) -> None:
    idle: list[object] = []
    tasks = set()

    async def send(number: int) -> None:
        kept = await _one(port, requests, load, number, began, check, idle.pop() if idle else None)
        if kept and len(idle) < connections:
            idle.append(kept)

    while (now := time.perf_counter() - began) < seconds:
        number = next(turn)
        await asyncio.sleep(max(0.0, number / rate - now))
        task = asyncio.create_task(send(number))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    for one in idle:
        one[1].close()


async def _one(port, requests, load, number, began, check, connection):
    """Send one request, note what came of it, and return the connection where it can be used again."""
    at = number % len(requests)
    sent = time.perf_counter()
    try:
        reader, writer = connection or await asyncio.open_connection("127.0.0.1", port)
        writer.write(requests[at])
        status, body, is_last = await asyncio.wait_for(answer_of(reader), 120)
    except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError) as error:
        load.broken[type(error).__name__] += 1
        await asyncio.sleep(0.02)
        return None
    load.statuses[status] += 1
    if status == 200:
        load.seconds.append(time.perf_counter() - sent)
        load.moments.append(time.perf_counter() - began)
        load.wrong += check is not None and not check(at, body)
    if is_last:
        writer.close()
        return None
    return reader, writer
