"""What several people said of the same pictures: the class they agree on, and how far they agree at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from lowres.values.monitoring.human_label import HumanLabel


@dataclass(frozen=True)
class Agreement:
    """Two reviewers: the pictures both gave a class, on how many it was the same, and Cohen's kappa.

    kappa: 1 for all alike, 0 for what chance would do (Cohen 1960); None where chance alone would agree always.
    """

    reviewers: tuple[str, str]
    n: int
    same: int
    kappa: float | None


@dataclass(frozen=True)
class ReviewTally:
    """What was said so far.

    said: verdicts that stand, by reviewer. classes: by record, the class that everybody gave who could tell. disputed:
    records with several classes. untold: records of which nobody could tell. agreements: every two reviewers.
    """

    said: dict[str, int]
    classes: dict[str, str]
    disputed: tuple[str, ...]
    untold: tuple[str, ...]
    agreements: tuple[Agreement, ...]


def tally(labels: Iterable[HumanLabel]) -> ReviewTally:
    """Return what stands of labels in the order they were given; a reviewer's last one on a record counts."""
    standing: dict[tuple[str, str], HumanLabel] = {(one.record_id, one.reviewer): one for one in labels}
    kept = [one for one in standing.values() if not one.is_withdrawn]
    said = Counter(one.reviewer for one in kept)
    given: dict[str, dict[str, str]] = {}
    looked_at: set[str] = set()
    for one in kept:
        looked_at.add(one.record_id)
        if one.class_name is not None:
            given.setdefault(one.record_id, {})[one.reviewer] = one.class_name
    agreed = {id: next(iter(names.values())) for id, names in given.items() if len(set(names.values())) == 1}
    return ReviewTally(
        said=dict(sorted(said.items())),
        classes=agreed,
        disputed=tuple(sorted(set(given) - set(agreed))),
        untold=tuple(sorted(looked_at - set(given))),
        agreements=tuple(
            found for pair in combinations(sorted(said), 2) if (found := _agreement(pair, given)) is not None
        ),
    )


def _agreement(pair: tuple[str, str], given: dict[str, dict[str, str]]) -> Agreement | None:
    both = [(names[pair[0]], names[pair[1]]) for names in given.values() if set(pair) <= set(names)]
    if not both:
        return None
    n, same = len(both), sum(one == other for one, other in both)
    first, second = (Counter(one[side] for one in both) for side in (0, 1))
    chance = sum(count * second[name] for name, count in first.items()) / n**2
    return Agreement(pair, n, same, None if chance == 1 else (same / n - chance) / (1 - chance))
