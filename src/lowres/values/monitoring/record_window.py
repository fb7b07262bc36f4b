"""Many recorded predictions as columns: what a watch compares, window by window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.monitoring.image_statistics import STATISTICS, Statistics

# Nobody has labelled it, or those who did could not tell, or did not agree.
NO_LABEL = -1
# People gave it a class that the model does not know: the answer is wrong whatever it was.
UNKNOWN_CLASS = -2


@dataclass(frozen=True, eq=False)
class RecordWindow:
    """Recorded predictions of one model in the order of their times; every column has one entry, or row, a record.

    numbers: int64, the store's own count, rising with the order in which they were written: whoever follows a store
    asks for what comes after the last number seen. ids, sha256, caller_ids: text. times: datetime64[us], UTC.
    versions: int64. probabilities: float32 `[n, classes]`, calibrated. embeddings: float16 `[n, channels]`, NaN in the
    rows that have none; `[n, 0]` where none were asked for. statistics: float32 `[n]` by name. seconds: float32, NaN
    where nobody waited. needs_review: int8, 1 yes, 0 no, -1 where the study draws no line. has_picture: whether the
    picture was kept and still is. labels: int64, the class that everybody gave who could tell; `NO_LABEL`,
    `UNKNOWN_CLASS`.
    Refused with PredictionsError: columns of different lengths, labels of no class, statistics that are missing.
    """

    model: str
    class_names: tuple[str, ...]
    numbers: NDArray[np.int64]
    ids: NDArray[np.str_]
    times: NDArray[np.datetime64]
    versions: NDArray[np.int64]
    sha256: NDArray[np.str_]
    caller_ids: NDArray[np.str_]
    probabilities: NDArray[np.float32]
    embeddings: NDArray[np.float16]
    statistics: Statistics
    seconds: NDArray[np.float32]
    needs_review: NDArray[np.int8]
    has_picture: NDArray[np.bool_]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse columns that do not belong together, and let nobody change one."""
        n = len(self.ids)
        if set(self.statistics) != set(STATISTICS):
            raise PredictionsError(f"expected the statistics {', '.join(STATISTICS)}, got {list(self.statistics)}")
        columns = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        wrong = {name: len(column) for name, column in (columns | dict(self.statistics)).items() if len(column) != n}
        if wrong:
            raise PredictionsError(f"expected columns of {n} records, got {wrong}")
        if self.probabilities.shape != (n, len(self.class_names)) or self.embeddings.ndim != 2:
            raise PredictionsError(
                f"expected probabilities [{n}, {len(self.class_names)}] and embeddings [{n}, channels], got "
                f"{list(self.probabilities.shape)} and {list(self.embeddings.shape)}"
            )
        if n and not (self.labels.min() >= UNKNOWN_CLASS and self.labels.max() < len(self.class_names)):
            raise PredictionsError(f"expected labels of {len(self.class_names)} classes, got {np.unique(self.labels)}")
        for name, column in columns.items():
            object.__setattr__(self, name, _read_only(column))
        statistics: Mapping[str, Any] = {name: _read_only(column) for name, column in self.statistics.items()}
        object.__setattr__(self, "statistics", statistics)

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.ids)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The likeliest class of each record, int64 `[n]`."""
        if not len(self):
            return np.zeros(0, np.int64)
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int64)

    @property
    def confidences(self) -> NDArray[np.float32]:
        """The probability of the likeliest class, float32 `[n]`."""
        return np.asarray(self.probabilities.max(axis=1, initial=0.0), dtype=np.float32)

    @property
    def is_labelled(self) -> NDArray[np.bool_]:
        """Whether people gave it one class, be it one the model does not know; bool `[n]`."""
        return np.asarray(self.labels != NO_LABEL)

    def rows(self, chosen: NDArray[Any] | slice) -> RecordWindow:
        """Return the window of these records only, by their places, by a mask or by a slice."""
        columns: dict[str, Any] = {
            name: value[chosen] for name, value in vars(self).items() if isinstance(value, np.ndarray)
        }
        statistics = {name: one[chosen] for name, one in self.statistics.items()}
        return replace(self, **columns, statistics=statistics)


def _read_only(column: NDArray[Any]) -> NDArray[Any]:
    view = column.view()
    view.flags.writeable = False
    return view
