"""How accuracy holds where pictures are spoiled: one row a corruption, one cell a severity, all of the same images."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.judging.intervals import Interval, wilson_interval

_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class CorruptedAccuracy:
    """Accuracy under one corruption, mildest severity first, as fractions of the same images."""

    name: str
    group: str
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the severities."""
        return sum(self.accuracies) / len(self.accuracies)


@dataclass(frozen=True)
class Robustness:
    """What `n` images, each spoiled in every way at every severity, came to.

    clean_accuracy: of the same images unspoiled, with its 95 % Wilson interval. mean_accuracy: over all corruptions and
    severities (one minus the mean corruption error, not divided by another network's); its 95 % interval counts images,
    not pictures, since one image's many versions are right or wrong together. seed: of what was drawn at random.
    """

    n: int
    seed: int
    clean_accuracy: float
    clean_interval: Interval
    mean_accuracy: float
    mean_interval: Interval
    corruptions: tuple[CorruptedAccuracy, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values, each corruption with its mean."""
        data = asdict(self)
        for row, corruption in zip(data["corruptions"], self.corruptions, strict=True):
            row["accuracies"], row["mean"] = list(corruption.accuracies), corruption.mean
        return data | {name: list(data[name]) for name in ("clean_interval", "mean_interval", "corruptions")}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Robustness:
        """Read back what `to_json` gave. Refused with PredictionsError: a key missing."""
        try:
            rows = tuple(
                CorruptedAccuracy(row["name"], row["group"], tuple(row["accuracies"])) for row in data["corruptions"]
            )
            clean, mean = tuple(data["clean_interval"]), tuple(data["mean_interval"])
            return cls(data["n"], data["seed"], data["clean_accuracy"], clean, data["mean_accuracy"], mean, rows)
        except (KeyError, TypeError) as error:
            raise PredictionsError(f"expected robustness figures, got a file without {error}; measure again") from error


def judge_robustness(
    clean: NDArray[np.bool_], spoiled: Mapping[tuple[str, str], NDArray[np.bool_]], seed: int
) -> Robustness:
    """Return what right and wrong answers come to.

    clean: whether each image is named rightly, bool `[n]`. spoiled: by name and group of each corruption, the same for
    each severity, bool `[severities, n]`. Refused with PredictionsError: other numbers of images.
    """
    n = len(clean)
    wrong = {name: answers.shape for (name, _), answers in spoiled.items() if answers.ndim != 2 or len(answers[0]) != n}
    if n == 0 or not spoiled or wrong:
        raise PredictionsError(f"expected answers for the same {n} images under every corruption, got {wrong}")
    of_image = np.concatenate(list(spoiled.values())).mean(axis=0)
    mean = float(of_image.mean())
    reach = _NORMAL_95 * float(of_image.std(ddof=1)) / math.sqrt(n) if n > 1 else 1.0
    rows = (
        CorruptedAccuracy(name, group, tuple(float(row.mean()) for row in answers))
        for (name, group), answers in spoiled.items()
    )
    return Robustness(
        n=n,
        seed=seed,
        clean_accuracy=float(clean.mean()),
        clean_interval=wilson_interval(int(clean.sum()), n),
        mean_accuracy=mean,
        mean_interval=(max(0.0, mean - reach), min(1.0, mean + reach)),
        corruptions=tuple(rows),
    )
