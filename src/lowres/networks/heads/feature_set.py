"""Features of the two parts a head is fitted and chosen on, proven to belong together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lowres.errors import TrainingError

Features = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Pooled features of the training and the validation part.

    train, validation: float32 `[n, channels]`; labels: int64 `[n]`. flipped_train: of the mirrored train images, in the
    same order, or None where they were not extracted. augmented_train: of each augmented view, likewise.
    """

    train: Features
    train_labels: Labels
    validation: Features
    validation_labels: Labels
    flipped_train: Features | None = None
    augmented_train: tuple[Features, ...] = ()

    def __post_init__(self) -> None:
        """Refuse rows that do not belong together, and numbers no head can be fitted on."""
        _check("train", self.train, self.train_labels)
        _check("validation", self.validation, self.validation_labels)
        if self.flipped_train is not None:
            _check("flipped train", self.flipped_train, self.train_labels)
        for view in self.augmented_train:
            _check("augmented train", view, self.train_labels)

    def train_views(self, flipped: bool) -> tuple[Features, ...]:
        """Return what to fit on, one array `[n, channels]` a view: as they are, mirrored if so asked, augmented."""
        mirrored = (self.flipped_train,) if flipped and self.flipped_train is not None else ()
        return (self.train, *mirrored, *self.augmented_train)


def _check(part: str, features: Features, labels: Labels) -> None:
    if features.ndim != 2 or len(features) != len(labels) or len(labels) == 0:
        raise TrainingError(
            f"expected {part} features of shape [{len(labels)}, channels], one row a label and at least one, "
            f"got {list(features.shape)}"
        )
    if not np.isfinite(features).all():
        bad = int((~np.isfinite(features)).any(axis=1).sum())
        raise TrainingError(
            f"expected finite {part} features, got NaN or infinity in {bad} of {len(features)} rows; "
            "set features.precision to 'float32'"
        )
