"""The sanity check of heat maps: whose maps stay the same when the network forgets what it learned shows no network.

Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018, section 3: the weights go from the top downwards, the
head first, then ever more of the trunk with it (cascading), and each time the maps are made again, for the same class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lowres.values.explaining.explanation import Maps
from lowres.values.explaining.map_similarity import rank_correlations, structural_similarities
from lowres.values.judging.bootstrap import mean_interval
from lowres.values.judging.intervals import Interval

# A convention, since the paper looks at pictures: above it a map shares more of its order with the old than not.
MOST_ALIKE = 0.5


@dataclass(frozen=True)
class RandomisedStep:
    """How alike the maps are before and after what is named was randomised: means over the images, 95 % intervals.

    rank_correlation: Spearman's, of raw maps. structural_similarity: of the maps as shown.
    """

    randomised: str
    rank_correlation: float
    rank_interval: Interval
    structural_similarity: float
    structural_interval: Interval

    @property
    def has_changed(self) -> bool:
        """Whether the rank correlation is below 0.5, its interval too."""
        return self.rank_interval[1] < MOST_ALIKE


@dataclass(frozen=True)
class RandomisationCheck:
    """The steps in their order, the head alone first, the whole network last, on the same `n` images."""

    method: str
    n: int
    steps: tuple[RandomisedStep, ...]

    @property
    def needs_the_head(self) -> bool:
        """Whether maps change with the head: those of a method that does not ask for the class do not."""
        return self.steps[0].has_changed

    @property
    def is_passed(self) -> bool:
        """Whether the maps change with the head and are others once the whole network is."""
        return self.needs_the_head and self.steps[-1].has_changed

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON, with its verdicts."""
        steps = [
            asdict(step)
            | {
                "rank_interval": list(step.rank_interval),
                "structural_interval": list(step.structural_interval),
                "has_changed": step.has_changed,
            }
            for step in self.steps
        ]
        return {"method": self.method, "n": self.n, "is_passed": self.is_passed, "steps": steps}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RandomisationCheck:
        """Read back what `to_json` gave."""
        steps = tuple(
            RandomisedStep(
                one["randomised"],
                one["rank_correlation"],
                tuple(one["rank_interval"]),
                one["structural_similarity"],
                tuple(one["structural_interval"]),
            )
            for one in data["steps"]
        )
        return cls(data["method"], data["n"], steps)


def check_randomised(
    method: str, maps: Maps, randomised: Sequence[tuple[str, Maps]], picture: tuple[int, int], seed: int
) -> RandomisationCheck:
    """Compare raw maps `[n, h, w]` with those after each step, `randomised`: what was randomised, and the maps then."""
    return RandomisationCheck(
        method, len(maps), tuple(_step(name, maps, others, picture, seed) for name, others in randomised)
    )


def _step(name: str, maps: Maps, others: Maps, picture: tuple[int, int], seed: int) -> RandomisedStep:
    ranks, structures = rank_correlations(maps, others), structural_similarities(maps, others, *picture)
    return RandomisedStep(
        name, float(ranks.mean()), mean_interval(ranks, seed), float(structures.mean()), mean_interval(structures, seed)
    )
