"""Pictures spoiled in the fifteen standard ways, at five severities, the same for a seed and an image.

Hendrycks and Dietterich 2019, "Benchmarking Neural Network Robustness to Common Corruptions and Perturbations", with
the strengths of their CIFAR-10-C, which is made for 32 pixels: lengths grow with the picture, so that a severity spoils
the same part of it. Two are ours where theirs cannot be had: frost is drawn, where theirs lays photographs over the
picture, and motion blur is resampled here, where theirs calls ImageMagick. Accuracies are therefore near those of
CIFAR-10-C, not the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import DataError
from lowres.values.altering.corruptions import blur, digital, noise, weather

Image = NDArray[np.float64]
Corrupt = Callable[[Image, Any, float, np.random.Generator], Image]
SEVERITIES = (1, 2, 3, 4, 5)
_REFERENCE_PIXELS = 32


@dataclass(frozen=True)
class Corruption:
    """One way of spoiling a picture: its strengths by severity, and the group people know it by."""

    name: str
    group: str
    strengths: tuple[Any, ...]
    apply: Corrupt


CORRUPTIONS: tuple[Corruption, ...] = (
    Corruption("gaussian noise", "noise", (0.04, 0.06, 0.08, 0.09, 0.10), noise.gaussian),
    Corruption("shot noise", "noise", (500, 250, 100, 75, 50), noise.shot),
    Corruption("impulse noise", "noise", (0.01, 0.02, 0.03, 0.05, 0.07), noise.impulse),
    Corruption("defocus blur", "blur", ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)), blur.defocus),
    Corruption("glass blur", "blur", ((0.05, 1), (0.25, 1), (0.4, 1), (0.25, 2), (0.4, 2)), blur.glass),
    Corruption("motion blur", "blur", ((6, 1.0), (6, 1.5), (6, 2.0), (8, 2.0), (9, 2.5)), blur.motion),
    Corruption("zoom blur", "blur", (1.05, 1.10, 1.15, 1.20, 1.25), blur.zoom),
    Corruption("snow", "weather", weather.SNOW_STRENGTHS, weather.snow),
    Corruption("frost", "weather", ((1, 0.2), (1, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45)), weather.frost),
    Corruption("fog", "weather", ((0.2, 3.0), (0.5, 3.0), (0.75, 2.5), (1.0, 2.0), (1.5, 1.75)), weather.fog),
    Corruption("brightness", "weather", (0.05, 0.1, 0.15, 0.2, 0.3), weather.brightness),
    Corruption("contrast", "digital", (0.75, 0.5, 0.4, 0.3, 0.15), digital.contrast),
    Corruption("elastic transform", "digital", digital.ELASTIC_STRENGTHS, digital.elastic),
    Corruption("pixelate", "digital", (0.95, 0.9, 0.85, 0.75, 0.65), digital.pixelate),
    Corruption("jpeg compression", "digital", (80, 65, 58, 50, 40), digital.jpeg),
)


def corrupt(
    pixels: NDArray[np.uint8], name: str, severity: int, *, seed: int, numbers: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Return each picture spoiled, uint8 `[n, h, w, 3]`.

    severity: 1 (mild) to 5. numbers: a whole number an image, int64 `[n]`, its own for good: what is drawn at random
    depends on it, the seed, the corruption and the severity, never on the pictures beside it.
    Refused with DataError: an unknown name or severity.
    """
    names = [corruption.name for corruption in CORRUPTIONS]
    if name not in names or severity not in SEVERITIES:
        raise DataError(
            f"expected one of {', '.join(names)} at a severity from {SEVERITIES[0]} to {SEVERITIES[-1]}, got {name!r} "
            f"at {severity}"
        )
    place = names.index(name)
    corruption, scale = CORRUPTIONS[place], min(pixels.shape[1:3]) / _REFERENCE_PIXELS
    spoiled = np.empty_like(pixels)
    for row, (picture, number) in enumerate(zip(pixels, numbers.tolist(), strict=True)):
        random = np.random.default_rng((seed, place, severity, number))
        found = corruption.apply(picture / 255.0, corruption.strengths[severity - 1], scale, random)
        spoiled[row] = np.rint(np.clip(found, 0, 1) * 255)
    return spoiled
