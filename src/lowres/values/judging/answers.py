"""What a classifier called each image: the part of predictions that is left where no probabilities were given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.predictions import Predictions


@dataclass(frozen=True, eq=False)
class Answers:
    """One row per image: id, true label and predicted label travel together.

    ids: `n` unique strings. labels, predicted: int64 `[n]`, numbers of `class_names`.
    Refused with PredictionsError: no image, an id twice, lengths that differ, a label or an answer outside the classes.
    """

    ids: tuple[str, ...]
    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse rows that do not belong together."""
        n, classes = len(self.ids), len(self.class_names)
        if n == 0 or len(set(self.ids)) != n:
            raise PredictionsError(f"expected at least one id and no id twice, got {n}, {len(set(self.ids))} different")
        for name in ("labels", "predicted"):
            column = getattr(self, name)
            if column.shape != (n,):
                raise PredictionsError(f"expected {name} of shape [{n}], got {list(column.shape)}")
            if column.min() < 0 or column.max() >= classes:
                raise PredictionsError(f"expected {name} from 0 to {classes - 1}, got {column.min()} to {column.max()}")
            view = column.view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def __len__(self) -> int:
        """Return the number of images answered."""
        return len(self.ids)

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether each answer is the true label, bool `[n]`."""
        return np.asarray(self.predicted == self.labels)

    def rows(self, order: NDArray[np.int64]) -> Answers:
        """Return the answers of these rows, in this order."""
        ids = tuple(self.ids[row] for row in order)
        return Answers(ids, self.labels[order], self.predicted[order], self.class_names)


def answers_of(predictions: Predictions) -> Answers:
    """Return the class with the highest logit of each image as its answer."""
    return Answers(predictions.ids, predictions.labels, predictions.predicted, predictions.class_names)
