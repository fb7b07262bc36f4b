"""Whether heat maps are true: taking away what they point to must hurt, and more than what any baseline points to.

Three measures, each of the probability of the explained class. Deletion: the area under its curve while the most
important fields go, replaced by the mean colour; low is good. Insertion: while they come back into a blurred picture;
high is good (both Petsiuk et al., RISE, BMVC 2018). ROAD: the probability kept where the least important fields go
minus that where the most important go, halved, fields imputed (Rong et al., ICML 2022); high is good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.explaining.explanation import Maps
from lowres.values.explaining.noisy_imputation import imputed
from lowres.values.explaining.removed_pixels import (
    Pixels,
    blurred,
    flat_colour,
    highest,
    importance_ranks,
    lowest,
    replaced,
)
from lowres.values.judging.bootstrap import mean_interval
from lowres.values.judging.intervals import Interval

Measure = Literal["deletion", "insertion", "road"]
Verdict = Literal["better", "partly better", "no better"]
# Pictures `[m, h, w, 3]` and a class each to the probability of that class, `[m]`.
Score = Callable[[Pixels, NDArray[np.int64]], NDArray[np.floating]]
Advance = Callable[[int, int], None]

# Higher is better for 1, lower for -1.
DIRECTIONS: dict[Measure, int] = {"deletion": -1, "insertion": 1, "road": 1}
STEPS = 10
ROAD_FRACTIONS = (0.2, 0.4, 0.6, 0.8)
CHUNK_IMAGES = 16


class MapScores(NamedTuple):
    """What one kind of map came to.

    values: by measure, float64 `[n]`. deletion_curve, insertion_curve: mean probability at 0, 10, ..., 100 % of the
    fields.
    """

    values: dict[Measure, NDArray[np.float64]]
    deletion_curve: NDArray[np.float64]
    insertion_curve: NDArray[np.float64]


def forward_passes(maps: int) -> int:
    """Return how many pictures are shown to the network for each image, with that many kinds of maps."""
    return 3 + maps * (2 * (STEPS - 1) + 2 * len(ROAD_FRACTIONS))


def score_maps(
    score: Score,
    pixels: Pixels,
    targets: NDArray[np.int64],
    maps: Mapping[str, Maps],
    seed: int,
    advance: Advance = lambda done, total: None,
) -> dict[str, MapScores]:
    """Return the measures of each kind of map on the same images, uint8 `[n, h, w, 3]`, and their classes `[n]`."""
    flat, soft, picture = flat_colour(pixels), blurred(pixels), (pixels.shape[1], pixels.shape[2])
    ranks = {name: importance_ranks(one, picture, seed) for name, one in maps.items()}
    parts: dict[str, list[NDArray[np.float64]]] = {name: [] for name in maps}
    for start in range(0, len(pixels), CHUNK_IMAGES):
        rows = np.arange(start, min(start + CHUNK_IMAGES, len(pixels)))
        shown = np.stack(
            [pixels[rows], flat[rows], soft[rows]]
            + [
                view
                for name in maps
                for view in _views(pixels[rows], flat[rows], soft[rows], ranks[name][rows], seed, rows)
            ]
        )
        found = np.asarray(score(shown.reshape(-1, *pixels.shape[1:]), np.tile(targets[rows], len(shown))))
        found = found.astype(np.float64).reshape(len(shown), len(rows))
        for name, own in zip(maps, np.split(found[3:], len(maps)), strict=True):
            parts[name].append(np.concatenate([found[:3], own]))
        advance(rows[-1] + 1, len(pixels))
    return {name: _scores(np.concatenate(some, axis=1)) for name, some in parts.items()}


def _views(
    pixels: Pixels, flat: Pixels, soft: Pixels, ranks: NDArray[np.int64], seed: int, numbers: NDArray[np.int64]
) -> Iterator[Pixels]:
    for step in range(1, STEPS):
        yield replaced(pixels, highest(ranks, step / STEPS), flat)
    for step in range(1, STEPS):
        yield replaced(soft, highest(ranks, step / STEPS), pixels)
    for select in (highest, lowest):
        for fraction in ROAD_FRACTIONS:
            yield imputed(pixels, select(ranks, fraction), seed, numbers)


def _scores(found: NDArray[np.float64]) -> MapScores:
    """Measures out of probabilities `[views, n]`, in the order of `score_maps`."""
    whole, flat, soft = found[:3]
    deletion, insertion, most, least = np.split(
        found[3:], np.cumsum([STEPS - 1, STEPS - 1, len(ROAD_FRACTIONS)]).tolist()
    )
    deletion = np.concatenate([whole[None], deletion, flat[None]])
    insertion = np.concatenate([soft[None], insertion, whole[None]])
    values: dict[Measure, NDArray[np.float64]] = {
        "deletion": _area(deletion),
        "insertion": _area(insertion),
        "road": (least - most).mean(axis=0) / 2,
    }
    return MapScores(values, deletion.mean(axis=1), insertion.mean(axis=1))


def _area(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """The area under each curve `[steps + 1, n]`, by trapezoids."""
    return np.asarray((curves[:-1] + curves[1:]).mean(axis=0) / 2)


@dataclass(frozen=True)
class MeanScore:
    """A measure of one kind of map: its mean over the images and the bootstrap interval of it, 95 %."""

    map: str
    measure: Measure
    mean: float
    interval: Interval


@dataclass(frozen=True)
class Comparison:
    """By how much the method is better than a baseline on the same images, and the bootstrap interval of it, 95 %.

    Positive is better, whichever way the measure goes.
    """

    baseline: str
    measure: Measure
    improvement: float
    interval: Interval

    @property
    def is_better(self) -> bool:
        """Whether the interval lies above 0."""
        return self.interval[0] > 0

    @property
    def is_worse(self) -> bool:
        """Whether the interval lies below 0."""
        return self.interval[1] < 0


@dataclass(frozen=True)
class Faithfulness:
    """What a method's maps are worth beside maps that know nothing of the network, on the same `n` images.

    curves: for each kind of map the mean probability while fields go (deletion) and come (insertion).
    """

    method: str
    n: int
    scores: tuple[MeanScore, ...]
    comparisons: tuple[Comparison, ...]
    curves: dict[str, dict[str, tuple[float, ...]]]

    @property
    def baselines(self) -> tuple[str, ...]:
        """What the method is compared with."""
        return tuple(dict.fromkeys(one.baseline for one in self.comparisons))

    def verdict(self, baseline: str) -> Verdict:
        """Whether the method is better than a baseline by all three measures, by some, or by none."""
        won = [one.is_better for one in self.comparisons if one.baseline == baseline]
        return "better" if all(won) else "partly better" if any(won) else "no better"

    @property
    def is_better_than_all(self) -> bool:
        """Whether it is better than every baseline by every measure; only then may a report say what is looked at."""
        return all(self.verdict(baseline) == "better" for baseline in self.baselines)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON, with its verdicts and how it was measured."""
        compared = [
            asdict(one) | {"interval": list(one.interval), "is_better": one.is_better, "is_worse": one.is_worse}
            for one in self.comparisons
        ]
        return {
            "method": self.method,
            "n": self.n,
            "verdicts": {baseline: self.verdict(baseline) for baseline in self.baselines},
            "scores": [asdict(one) | {"interval": list(one.interval)} for one in self.scores],
            "comparisons": compared,
            "curves": {name: {key: list(row) for key, row in rows.items()} for name, rows in self.curves.items()},
            "steps": STEPS,
            "road_fractions": list(ROAD_FRACTIONS),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Faithfulness:
        """Read back what `to_json` gave."""
        return cls(
            method=data["method"],
            n=data["n"],
            scores=tuple(
                MeanScore(one["map"], one["measure"], one["mean"], tuple(one["interval"])) for one in data["scores"]
            ),
            comparisons=tuple(
                Comparison(one["baseline"], one["measure"], one["improvement"], tuple(one["interval"]))
                for one in data["comparisons"]
            ),
            curves={name: {key: tuple(row) for key, row in rows.items()} for name, rows in data["curves"].items()},
        )


def judge(method: str, scores: Mapping[str, MapScores], seed: int) -> Faithfulness:
    """Return the method's maps beside the others in `scores`, image by image; refused without it or without others."""
    if method not in scores or len(scores) < 2:
        raise PredictionsError(f"expected scores of {method!r} and of a baseline, got {', '.join(scores) or 'none'}")
    own = scores[method].values
    return Faithfulness(
        method=method,
        n=len(own["road"]),
        scores=tuple(
            MeanScore(name, measure, float(values.mean()), mean_interval(values, seed))
            for name, found in scores.items()
            for measure, values in found.values.items()
        ),
        comparisons=tuple(
            _compared(name, measure, DIRECTIONS[measure] * (own[measure] - values), seed)
            for name, found in scores.items()
            if name != method
            for measure, values in found.values.items()
        ),
        curves={
            name: {
                "deletion": tuple(found.deletion_curve.round(6).tolist()),
                "insertion": tuple(found.insertion_curve.round(6).tolist()),
            }
            for name, found in scores.items()
        },
    )


def _compared(name: str, measure: Measure, gains: NDArray[np.float64], seed: int) -> Comparison:
    return Comparison(name, measure, float(gains.mean()), mean_interval(gains, seed))
