"""A window of recorded predictions in the figures that are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.values.monitoring.record_window import RecordWindow
from lowres.values.watching.neighbours import directions, neighbour_distances
from lowres.values.watching.reference import Reference
from lowres.values.watching.signals import signals_of


@dataclass(frozen=True, eq=False)
class WindowFigures:
    """n predictions, one after the other.

    ids: text `[n]`. start, end: times of the first and the last. signals: float64 `[n]` by name. predicted: int64
    `[n]`. directions: embeddings at length 1, float32 `[n, channels]`, NaN where there was none. is_copy: whether the
    same picture is there more than once. is_labelled: whether people gave it a class, bool `[n]`. right: of those with
    one, whether the answer was right; labelled: the class people gave, for those.
    """

    ids: NDArray[np.str_]
    start: Any
    end: Any
    signals: dict[str, NDArray[np.float64]]
    predicted: NDArray[np.int64]
    directions: NDArray[np.float32]
    is_copy: NDArray[np.bool_]
    is_labelled: NDArray[np.bool_]
    right: NDArray[np.bool_]
    labelled: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of predictions."""
        return len(self.ids)


def figures_of(window: RecordWindow, reference: Reference) -> WindowFigures:
    """Return the figures of recorded predictions; distances are those to the reference."""
    ahead = directions(window.embeddings)
    if ahead.shape[1] != reference.directions.shape[1]:
        ahead = np.full((len(window), reference.directions.shape[1]), np.nan, np.float32)
    distances = neighbour_distances(ahead, reference.directions)
    _, places, counts = np.unique(window.sha256, return_inverse=True, return_counts=True)
    known = window.is_labelled
    return WindowFigures(
        ids=window.ids,
        start=window.times[0] if len(window) else None,
        end=window.times[-1] if len(window) else None,
        signals=signals_of(window.probabilities, window.statistics, distances),
        predicted=window.predicted,
        directions=ahead,
        is_copy=np.asarray(counts[places] > 1),
        is_labelled=known,
        right=np.asarray(window.labels[known] == window.predicted[known]),
        labelled=np.asarray(window.labels[known]),
    )


def part_of(window: WindowFigures, chosen: NDArray[np.bool_]) -> WindowFigures:
    """Return some of the predictions; of labels it has none."""
    nothing = np.zeros(0, bool)
    return WindowFigures(
        ids=window.ids[chosen],
        start=window.start,
        end=window.end,
        signals={name: values[chosen] for name, values in window.signals.items()},
        predicted=window.predicted[chosen],
        directions=window.directions[chosen],
        is_copy=window.is_copy[chosen],
        is_labelled=np.zeros(int(chosen.sum()), bool),
        right=nothing,
        labelled=nothing.astype(np.int64),
    )


def joined(windows: list[WindowFigures]) -> WindowFigures:
    """Return windows that follow each other as one."""
    first, last = windows[0], windows[-1]
    return WindowFigures(
        ids=np.concatenate([one.ids for one in windows]),
        start=first.start,
        end=last.end,
        signals={name: np.concatenate([one.signals[name] for one in windows]) for name in first.signals},
        predicted=np.concatenate([one.predicted for one in windows]),
        directions=np.concatenate([one.directions for one in windows]),
        is_copy=np.concatenate([one.is_copy for one in windows]),
        is_labelled=np.concatenate([one.is_labelled for one in windows]),
        right=np.concatenate([one.right for one in windows]),
        labelled=np.concatenate([one.labelled for one in windows]),
    )
