"""What every peer is given (images, weights, minutes, seed) and gives back (how its predictions score)."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# The minutes begin when the script does: loading its library is part of what a user waits for.
STARTED = time.monotonic()
# What a plan may fill; the rest is for a machine that turns out slower than its first steps.
PLANNED_FRACTION = 0.95


class Part(NamedTuple):
    """uint8 pixels `[n, h, w, 3]` and int64 labels `[n]` of one part of the split."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PeerRun:
    """One peer's run: where its images and weights lie, how long it may take, and where its result goes.

    pixels: side of the network's input, 0 where the peer takes the largest that fits its minutes.
    """

    folder: Path
    minutes: float
    seed: int
    network: str
    pixels: int
    out: Path

    @property
    def seconds_left(self) -> float:
        """Seconds until the minutes are over."""
        return self.minutes * 60 - (time.monotonic() - STARTED)

    @property
    def seconds_to_plan(self) -> float:
        """Seconds a schedule may still be made for."""
        return self.seconds_left - self.minutes * 60 * (1 - PLANNED_FRACTION)

    def part(self, name: str) -> Part:
        """Return the train, validation or test part."""
        with np.load(self.folder / "images.npz") as file:
            return Part(file[f"{name}_pixels"], file[f"{name}_labels"])

    def weights(self, name: str) -> dict[str, NDArray[np.float32]]:
        """Return published tensors by their published names."""
        with np.load(self.folder / f"{name}.npz") as file:
            return {key: file[key] for key in file.files}

    def finish(
        self, predict: Callable[[NDArray[np.uint8]], NDArray[Any]], packages: tuple[str, ...], facts: dict[str, Any]
    ) -> None:
        """Score validation and, once, test, by `predict` (pixels to scores a class), and write the result.

        The clock has stopped when this is called: the minutes are for training and for choosing.
        """
        result = {"fits": True, **self._asked(), "seconds": round(time.monotonic() - STARTED, 1), **facts}
        started, seen = time.monotonic(), 0
        for name in ("validation", "test"):
            part = self.part(name)
            right = int((predict(part.pixels).argmax(axis=1) == part.labels).sum())
            result[name] = {"n": len(part.labels), "right": right, "accuracy": round(right / len(part.labels), 4)}
            seen += len(part.labels)
        result["prediction_images_per_second"] = round(seen / (time.monotonic() - started), 1)
        result["versions"] = {package: version(package) for package in packages}
        self.out.write_text(json.dumps(result), encoding="utf-8")

    def give_up(self, why: str) -> None:
        """Write that the recipe does not fit these minutes, and why."""
        self.out.write_text(json.dumps({"fits": False, **self._asked(), "why": why}), encoding="utf-8")

    def _asked(self) -> dict[str, Any]:
        return {"network": self.network, "pixels": self.pixels, "minutes": self.minutes, "seed": self.seed}


def read_run(networks: tuple[str, ...]) -> PeerRun:
    """Return the run the command line asks for; `networks` are the ones this peer has."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("folder", type=Path, help="images.npz and the weights, written by compare.py")
    parser.add_argument("--minutes", type=float, required=True, help="from the start of this script to final weights")
    parser.add_argument("--network", choices=networks, default=networks[0])
    parser.add_argument("--pixels", type=int, default=0, help="side of the input; 0: the largest that fits")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", type=Path, required=True, help="the result, JSON")
    words = parser.parse_args()
    return PeerRun(words.folder, words.minutes, words.seed, words.network, words.pixels, words.out)
