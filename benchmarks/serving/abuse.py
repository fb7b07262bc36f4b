"""Writes benchmarks/results/serving.json, its part `abuse`: 10,000 mixed requests, a fifth of them bad.

    .venv/bin/python benchmarks/serving/abuse.py STUDY PIXELS.npz [--requests 10000]

PIXELS.npz: `pixels` of test images and their `logits` as predictions/test.npz has them. Good requests come in four
forms and their probabilities are held against SciPy's softmax of those logits; bad ones are truncated, bombs, of wrong
shapes and types, huge, or never end. Memory is read after a tenth of the requests and at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import struct
import tempfile
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from generator import answer_of, http_request
from PIL import Image
from processes import Started, start_lowres
from scipy.special import softmax

from lowres.pipeline.predict_pictures import open_finished_study
from results import keep

CONNECTIONS = 24
BAD_SHARE = 0.2
TOLERANCE = 0.02


class Mix:
    """Requests by their number: what is sent, and the row whose probabilities must come back, None where it is bad."""

    def __init__(self, name: str, pixels: np.ndarray, seed: int) -> None:
        """Draw by the seed."""
        self.path, self.infer = f"/v1/models/{name}:predict", f"/v2/models/{name}/infer"
        self.pixels, self.random = pixels, np.random.default_rng(seed)
        self.huge = http_request(self.path, b"[" + b"1," * (9 * 2**20) + b"1]")
        self.bombs = [_bomb(30_000, 30_000), _bomb(60_000, 60_000)]

    def good(self) -> tuple[str, int, bytes]:
        """A form, a row and its request."""
        row = int(self.random.integers(len(self.pixels)))
        image, form = self.pixels[row], ("numbers", "file", "v2", "v2 binary")[int(self.random.integers(4))]
        if form == "numbers":
            body = {"instances": [image.tolist()]}
        elif form == "file":
            body = {"instances": [{"b64": base64.b64encode(_png(image)).decode()}]}
        else:
            tensor: dict[str, Any] = {"name": "pixels", "datatype": "UINT8", "shape": [1, *image.shape]}
            if form == "v2 binary":
                tensor["parameters"] = {"binary_data_size": image.nbytes}
                head = json.dumps({"inputs": [tensor]}).encode()
                length = f"Inference-Header-Content-Length: {len(head)}"
                return form, row, http_request(self.infer, head + image.tobytes(), "application/octet-stream", length)
            return (
                form,
                row,
                http_request(self.infer, json.dumps({"inputs": [tensor | {"data": image.tolist()}]}).encode()),
            )
        return form, row, http_request(self.path, json.dumps(body).encode())

    def bad(self) -> tuple[str, bytes]:
        """A kind and its request."""
        image = self.pixels[int(self.random.integers(len(self.pixels)))]
        content = _png(image)
        kinds = {
            "truncated": lambda: self._file(content[: len(content) // 2]),
            "bomb": lambda: self._file(self.bombs[int(self.random.integers(2))]),
            "noise": lambda: self._file(self.random.bytes(2000)),
            "wrong shape": lambda: self._body({"instances": [image[:-1].tolist()]}),
            "ragged": lambda: self._body({"instances": [[[1, 2], [3]]]}),
            "wrong type": lambda: self._body({"instances": ["x", None, True]}),
            "fractions": lambda: self._body({"instances": [(image / 255).tolist()]}),
            "out of range": lambda: self._body({"instances": [(image.astype(int) + 900).tolist()]}),
            "no JSON": lambda: http_request(self.path, b"{" * 500),
            "no base64": lambda: self._body({"instances": [{"b64": "%%%"}]}),
            "unknown model": lambda: http_request("/v1/models/nobody:predict", b"{}"),
            "huge": lambda: self.huge,
            "short tensor": lambda: http_request(
                self.infer, b'{"inputs":[]}', "x/y", "Inference-Header-Content-Length: 99"
            ),
            "slow-loris": lambda: b"POST " + self.path.encode() + b" HTTP/1.1\r\nContent-Length: 500\r\n\r\n{",
            "slow head": lambda: b"POST " + self.path.encode() + b" HTTP/1.1\r\nX-A: ",
        }
        # What is slow or huge costs seconds each, so it is drawn less often.
        weights = np.array([0.2 if kind in ("huge", "slow-loris", "slow head") else 1.0 for kind in kinds])
        kind = list(kinds)[int(self.random.choice(len(kinds), p=weights / weights.sum()))]
        return kind, kinds[kind]()

    def _file(self, content: bytes) -> bytes:
        return self._body({"instances": [{"b64": base64.b64encode(content).decode()}]})

    def _body(self, data: Any) -> bytes:
        return http_request(self.path, json.dumps(data).encode())


def main() -> None:
    """Send them all, and write what came back."""
    wanted = _arguments()
    stored = np.load(wanted.pixels)
    pixels, temperature = stored["pixels"][:1000], open_finished_study(wanted.study).rules.temperature
    expected = softmax(stored["logits"][:1000].astype(float) / temperature, axis=1)
    with tempfile.TemporaryDirectory() as folder:
        server = start_lowres(wanted.study, Path(folder) / "log")
        mix = Mix(wanted.study.resolve().name, pixels, 3)
        facts = asyncio.run(_send_all(server, mix, expected, wanted.requests))
        facts["exit_code"] = server.end()
        facts["tracebacks"] = server.log.read_text().count("Traceback")
    print(json.dumps(facts, indent=2))
    keep("abuse", facts)


async def _send_all(server: Started, mix: Mix, expected: np.ndarray, count: int) -> dict[str, Any]:
    good, bad, memory = Counter[str](), Counter[str](), []
    differences: list[float] = []
    numbers = iter(range(count))

    async def client() -> None:
        for number in numbers:
            if number in (count // 10, count // 2):
                memory.append(round(server.resident_mebibytes, 1))
            if mix.random.random() < BAD_SHARE:
                kind, request = mix.bad()
                bad[f"{kind}: {await _outcome(server.port, request)}"] += 1
            else:
                form, row, request = mix.good()
                status, body = await _exchange(server.port, request)
                shares = _shares(form, body) if status == 200 else None
                difference = float("inf") if shares is None else float(np.abs(shares - expected[row]).max())
                differences.append(difference)
                good[f"{form}: {status if difference < TOLERANCE else f'wrong ({status})'}"] += 1

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    memory.append(round(server.resident_mebibytes, 1))
    return {
        "requests": count,
        "bad": sum(bad.values()),
        "good_outcomes": dict(sorted(good.items())),
        "bad_outcomes": dict(sorted(bad.items())),
        "largest_difference": max(differences),
        "tolerance": TOLERANCE,
        "resident_mebibytes": {"after_a_tenth": memory[0], "after_half": memory[1], "at_the_end": memory[-1]},
        "memory_growth": round(memory[-1] / memory[0] - 1, 4),
    }


async def _outcome(port: int, request: bytes) -> str:
    try:
        status, _ = await _exchange(port, request)
    except (OSError, asyncio.IncompleteReadError) as error:
        return "closed" if isinstance(error, asyncio.IncompleteReadError) else type(error).__name__
    return str(status)


async def _exchange(port: int, request: bytes) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        status, body, _ = await asyncio.wait_for(answer_of(reader), 300)
        return status, body
    finally:
        writer.close()


def _shares(form: str, body: bytes) -> np.ndarray:
    data = json.loads(body)
    if form in ("numbers", "file"):
        return np.array(data["predictions"][0])
    return np.array(next(one for one in data["outputs"] if one["name"] == "probabilities")["data"])


def _png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def _bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred kilobytes that would decode to gigabytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(width // 8 + 1) * 4000)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("pixels", type=Path)
    parser.add_argument("--requests", type=int, default=10_000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
