"""A model as the server holds it: what it is called, what it takes, and what answers for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lowres.files.pictures.picture_file import Fit, Size
from lowres.values.judging.prediction_rows import AnswerRules
from lowres.values.monitoring.served_record import RecordedModel

# uint8 `[n, height, width, 3]` to float32 `[n, classes]`, the logits; behind them the embedding where it is recorded.
Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class HeatMap:
    """heat: float32 `[rows, columns]`, as raw as the method made it. layer: the feature map it belongs to."""

    heat: NDArray[np.float32]
    method: str
    layer: str


# One picture uint8 `[height, width, 3]`, the class explained, and the class it is told from, if any.
Explain = Callable[[NDArray[np.uint8], int, int | None], HeatMap]


@dataclass(frozen=True)
class Confusion:
    """Of the test images of other classes, how many of `true` were answered as this class."""

    true: str
    count: int


@dataclass(frozen=True, eq=False)
class ServedModel:
    """One version of one model, ready to answer.

    identity: of what the study had trained and evaluated. size: width and height in pixels pictures are brought to, by
    `fit`. engine: what runs it, in words. parallel_batches: how many threads may be in `answer` at once.
    explain: None where heat maps are off. answers_n: test images behind `mistaken_for`; mistaken_for: for each class,
    which true classes the test images had that were answered with it, commonest first.
    """

    name: str
    version: int
    identity: str
    class_names: tuple[str, ...]
    size: Size
    fit: Fit
    rules: AnswerRules
    engine: str
    answer: Answer
    parallel_batches: int = 1
    explain: Explain | None = None
    answered: dict[str, int] = field(default_factory=dict)
    mistaken_for: dict[str, tuple[Confusion, ...]] = field(default_factory=dict)

    @cached_property
    def recorded(self) -> RecordedModel:
        """What records say of it."""
        return RecordedModel(self.name, self.version, self.identity, self.class_names, self.rules.review_threshold)

    @property
    def pixel_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the pixels it takes."""
        return self.size[1], self.size[0], 3
