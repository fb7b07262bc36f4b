"""What a study's predictions are like where all is well: those of its own validation part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.monitoring.image_statistics import Statistics
from lowres.values.watching.neighbours import directions, neighbour_distances
from lowres.values.watching.signals import signals_of


@dataclass(frozen=True, eq=False)
class Reference:
    """Validation images as the server would have answered them, n of them.

    identity: of what the study had trained and evaluated. probabilities: float32 `[n, classes]`, calibrated. labels:
    int64 `[n]`. embeddings: float16 `[n, channels]`. statistics: float32 `[n]` by name. sha256: of the pixels.
    examples: a few of the images, uint8 `[k, height, width, 3]`, for people to compare with.
    spoiled_*: some of the same images spoiled in known ways, m of them, for the estimate of accuracy: in which way
    (`spoiled_kinds`, text `[m]`), probabilities, embeddings and labels likewise.
    Refused with PredictionsError: rows that do not belong together.
    """

    identity: str
    class_names: tuple[str, ...]
    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    embeddings: NDArray[np.float16]
    statistics: Statistics
    sha256: NDArray[np.str_]
    examples: NDArray[np.uint8]
    spoiled_kinds: NDArray[np.str_]
    spoiled_probabilities: NDArray[np.float32]
    spoiled_embeddings: NDArray[np.float16]
    spoiled_labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse rows of another number."""
        n, m = len(self.labels), len(self.spoiled_labels)
        own = {len(self.probabilities), len(self.embeddings), len(self.sha256), *map(len, self.statistics.values())}
        spoiled = {len(self.spoiled_kinds), len(self.spoiled_probabilities), len(self.spoiled_embeddings)}
        if own != {n} or spoiled != {m} or n == 0 or self.probabilities.shape[1] != len(self.class_names):
            raise PredictionsError(
                f"expected a reference of {n} and {m} images in every column and of {len(self.class_names)} classes, "
                f"got columns of {sorted(own)} and {sorted(spoiled)}"
            )

    def __len__(self) -> int:
        """Return the number of images, the spoiled ones not counted."""
        return len(self.labels)

    @property
    def accuracy(self) -> float:
        """Of the images as they are."""
        return float((self.probabilities.argmax(axis=1) == self.labels).mean())

    @cached_property
    def directions(self) -> NDArray[np.float32]:
        """The embeddings at length 1, float32 `[n, channels]`."""
        return directions(self.embeddings)

    @cached_property
    def signals(self) -> dict[str, NDArray[np.float64]]:
        """Of the images as they are; an image is no neighbour of its own."""
        own = neighbour_distances(self.directions, self.directions, is_own=True)
        return signals_of(self.probabilities, self.statistics, own)

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """The likeliest class of each image."""
        return np.asarray(self.probabilities.argmax(axis=1), np.int64)
