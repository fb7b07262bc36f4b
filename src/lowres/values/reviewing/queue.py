"""The queue of pictures for people: doubtful ones, a random audit, and those that would teach the next version most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lowres.values.monitoring.picture_policy import AUDITED_SHARE, drawn_by_lot
from lowres.values.monitoring.record_window import RecordWindow
from lowres.values.watching.neighbours import directions

Why = Literal["unsure", "audit", "informative"]


@dataclass(frozen=True)
class QueuedPicture:
    """A record whose picture is kept and whom it is there for: below the review threshold, by lot, or informative."""

    id: str
    why: Why


def review_queue(
    window: RecordWindow, done: NDArray[np.bool_], most: int, *, audited_share: float = AUDITED_SHARE, seed: int = 0
) -> tuple[QueuedPicture, ...]:
    """Return at most so many pictures for one reviewer, in the order they should be looked at.

    done: bool `[n]`, those the reviewer has said something of. The three reasons take turns, so that a reviewer who
    stops anywhere has done some of each. Audited is a share of all records, by the picture alone: a sample that knows
    nothing of the answers, from which accuracy can be told without bias. Records without a picture are left out.
    """
    open_rows = np.flatnonzero(window.has_picture & ~done)
    by_lot = [row for row in open_rows if drawn_by_lot(str(window.sha256[row]), audited_share)]
    unsure = [row for row in open_rows if window.needs_review[row] == 1]
    unsure.sort(key=lambda row: float(window.confidences[row]))
    telling = informative_rows(window.rows(open_rows), min(most, len(open_rows)), seed)
    lines: list[tuple[Why, list[int]]] = [
        ("audit", [int(row) for row in by_lot]),
        ("unsure", [int(row) for row in unsure]),
        ("informative", [int(open_rows[row]) for row in telling]),
    ]
    found: dict[int, Why] = {}
    while len(found) < most and any(rows for _, rows in lines):
        for why, rows in lines:
            while rows:
                row = rows.pop(0)
                if row not in found:
                    found[row] = why
                    break
            if len(found) == most:
                break
    return tuple(QueuedPicture(str(window.ids[row]), why) for row, why in found.items())


def informative_rows(window: RecordWindow, most: int, seed: int = 0) -> list[int]:
    """Return rows to label, most telling first: doubtful, and unlike those chosen before.

    Seeds of k-means++ (Arthur and Vassilvitskii 2007) over embeddings of unit length times the answer's doubt, one
    minus the margin between the two likeliest classes: the last layer's gradient grows with doubt, as in BADGE (Ash et
    al. 2020). Without embeddings: by doubt alone.
    """
    if most < 1 or not len(window):
        return []
    shares = np.sort(window.probabilities.astype(np.float64), axis=1)
    doubt = 1 - (shares[:, -1] - shares[:, -2] if shares.shape[1] > 1 else shares[:, -1])
    ahead = directions(window.embeddings)
    if not ahead.shape[1] or np.isnan(ahead).all():
        return [int(row) for row in np.argsort(-doubt, kind="stable")[:most]]
    points = np.nan_to_num(ahead) * doubt[:, None]
    random, chosen = np.random.default_rng(seed), [int(np.argmax(doubt))]
    nearest = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < most:
        nearest[chosen] = 0
        total = nearest.sum()
        if total <= 0:
            rest = np.setdiff1d(np.arange(len(window)), chosen)
            chosen += [int(row) for row in rest[: most - len(chosen)]]
            break
        row = int(random.choice(len(window), p=nearest / total))
        chosen.append(row)
        nearest = np.minimum(nearest, ((points - points[row]) ** 2).sum(axis=1))
    return chosen
