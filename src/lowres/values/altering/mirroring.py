"""Whether mirror images are the same class: what a classifier that never saw one says of them, on validation images."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Mirrored CIFAR-10 costs a frozen trunk nothing, mirrored digits cost it most of what it knows.
_LARGEST_LOSS = 0.02
# One class may be handed among many that are not (left shoes): its own recall tells.
_LARGEST_CLASS_LOSS = 0.2
_FEWEST_CLASS_IMAGES = 20
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Mirroring:
    """Validation accuracy of the images as they are and mirrored, the class that loses most, and what follows.

    worst_class: number of the class whose recall falls furthest, among those with enough images; None without any.
    """

    accuracy: float
    mirrored_accuracy: float
    worst_class: int | None
    worst_class_loss: float
    keeps_labels: bool

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def judge_mirroring(
    predicted: NDArray[np.int64], predicted_mirrored: NDArray[np.int64], labels: NDArray[np.int64]
) -> Mirroring:
    """Return whether training may mirror images: no more than 2 points of accuracy lost, and no class 20 of recall.

    predicted, predicted_mirrored, labels: int64 `[n]` of the validation part; the classifier saw no mirror image.
    """
    is_right, is_right_mirrored = predicted == labels, predicted_mirrored == labels
    losses = {
        int(label): float(is_right[labels == label].mean() - is_right_mirrored[labels == label].mean())
        for label in np.unique(labels)
        if (labels == label).sum() >= _FEWEST_CLASS_IMAGES
    }
    worst = max(losses, key=lambda label: losses[label], default=None)
    worst_loss = losses[worst] if worst is not None else 0.0
    accuracy, mirrored = float(is_right.mean()), float(is_right_mirrored.mean())
    keeps = accuracy - mirrored <= _LARGEST_LOSS + _ROUNDING and worst_loss <= _LARGEST_CLASS_LOSS + _ROUNDING
    return Mirroring(accuracy, mirrored, worst, worst_loss, keeps)
