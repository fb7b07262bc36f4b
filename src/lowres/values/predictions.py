"""What a network said about a set of images: the one value that goes upstairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError


@dataclass(frozen=True, eq=False)
class Predictions:
    """One row per image: id, true label and logits travel together, so no shuffle can part them (pitfall 12).

    ids: `n` unique strings. labels: int64 `[n]`. logits: float32 `[n, classes]`, finite; float64
    where others' outputs came so, lest two that differ become one.
    Refused with PredictionsError: lengths that differ, duplicate ids, labels outside the classes, NaN or infinity.
    """

    ids: tuple[str, ...]
    labels: NDArray[np.int64]
    logits: NDArray[np.floating[Any]]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse rows that do not belong together."""
        n, classes = len(self.ids), len(self.class_names)
        if self.logits.shape != (n, classes):
            raise PredictionsError(f"expected logits of shape [{n}, {classes}], got {list(self.logits.shape)}")
        if self.labels.shape != (n,):
            raise PredictionsError(f"expected labels of shape [{n}], got {list(self.labels.shape)}")
        if n == 0 or len(set(self.ids)) != n:
            raise PredictionsError(f"expected at least one id and no id twice, got {n}, {len(set(self.ids))} different")
        if self.labels.min() < 0 or self.labels.max() >= classes:
            raise PredictionsError(
                f"expected labels from 0 to {classes - 1}, got {self.labels.min()} to {self.labels.max()}"
            )
        bad = int((~np.isfinite(self.logits)).any(axis=1).sum())
        if bad:
            raise PredictionsError(f"expected finite logits, got NaN or infinity in {bad} of {n} rows")
        for name in ("labels", "logits"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def __len__(self) -> int:
        """Return the number of images predicted."""
        return len(self.ids)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The class with the highest logit, int64 `[n]`."""
        return np.asarray(self.logits.argmax(axis=1), dtype=np.int64)

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether each prediction is the true label, bool `[n]`."""
        return np.asarray(self.predicted == self.labels)

    def probabilities(self, temperature: float = 1.0) -> NDArray[np.float64]:
        """Softmax of `logits / temperature`, float64 `[n, classes]`, rows summing to one."""
        return softmax(self.logits, temperature)


def softmax(logits: NDArray[np.floating[Any]], temperature: float) -> NDArray[np.float64]:
    """Return the softmax of `logits / temperature`, float64 `[n, classes]`, rows summing to one."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    weights = np.exp(scaled)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
