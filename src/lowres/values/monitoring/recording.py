"""What a network said of some pictures becomes their records."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.judging.prediction_rows import AnswerRules
from lowres.values.monitoring.image_statistics import image_statistics
from lowres.values.monitoring.picture_policy import PicturePolicy
from lowres.values.monitoring.served_record import RecordedModel, ServedRecord, draw_record_id
from lowres.values.predictions import softmax

_HIGHEST_HALF = np.finfo(np.float16).max


@dataclass(frozen=True, eq=False)
class AnsweredPictures:
    """Pictures of one request as they were answered.

    pixels: uint8 `[n, height, width, 3]`, as the network was shown them. sizes: width and height each came in,
    `[n, 2]`. outputs: the network's, float32 `[n, classes + channels]`: logits, then the embedding; without the latter
    `[n, classes]`. seconds, caller_id: as `ServedRecord` has them.
    Refused with PredictionsError: rows that do not belong together.
    """

    model: RecordedModel
    rules: AnswerRules
    at: datetime
    pixels: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    outputs: NDArray[np.float32]
    seconds: float = float("nan")
    caller_id: str = ""

    def __post_init__(self) -> None:
        """Refuse rows that would be told of another picture."""
        n, classes = len(self.pixels), len(self.model.class_names)
        if self.outputs.ndim != 2 or len(self.outputs) != n or self.outputs.shape[1] < classes or len(self.sizes) != n:
            raise PredictionsError(
                f"expected sizes and outputs of {n} pictures, {classes} logits each, got {len(self.sizes)} sizes and "
                f"outputs {list(self.outputs.shape)}"
            )

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.pixels)


def records_of(answered: Sequence[AnsweredPictures], policy: PicturePolicy) -> list[ServedRecord]:
    """Return one record a picture, in their order; those of equal shape are looked at together, which is quicker."""
    places: dict[tuple[Any, ...], list[int]] = {}
    for place, one in enumerate(answered):
        places.setdefault((one.model, one.rules, one.pixels.shape[1:], one.outputs.shape[1]), []).append(place)
    found: list[list[ServedRecord]] = [[]] * len(answered)
    for some in places.values():
        records = iter(_alike([answered[place] for place in some], policy))
        for place in some:
            found[place] = [next(records) for _ in range(len(answered[place]))]
    return [record for records in found for record in records]


def _alike(answered: Sequence[AnsweredPictures], policy: PicturePolicy) -> list[ServedRecord]:
    """Records of pictures of one shape and one model."""
    model, rules, classes = answered[0].model, answered[0].rules, len(answered[0].model.class_names)
    pixels = np.concatenate([one.pixels for one in answered])
    outputs = np.concatenate([one.outputs for one in answered])
    statistics = image_statistics(pixels, np.concatenate([one.sizes for one in answered]))
    shares = softmax(outputs[:, :classes], rules.temperature)
    # Beyond float16's range a channel would be infinite, and every distance with it.
    embeddings = np.clip(outputs[:, classes:], -_HIGHEST_HALF, _HIGHEST_HALF).astype(np.float16)
    hashes = [hashlib.sha256(one.tobytes()).hexdigest() for one in pixels]
    flags = needs_review(shares, rules.review_threshold)
    kept = policy.keeps(hashes, flags)
    columns = {name: column.tolist() for name, column in statistics.items()}
    owners = [one for one in answered for _ in range(len(one))]
    return [
        ServedRecord(
            id=draw_record_id(owner.at),
            at=owner.at,
            model=model,
            sha256=hashes[row],
            statistics={name: column[row] for name, column in columns.items()},
            probabilities=shares[row].astype(np.float32),
            embedding=embeddings[row] if embeddings.shape[1] else None,
            seconds=owner.seconds,
            caller_id=owner.caller_id,
            needs_review=flags[row],
            picture=pixels[row] if kept[row] else None,
        )
        for row, owner in enumerate(owners)
    ]


def needs_review(shares: NDArray[np.float64], threshold: float | None) -> list[bool | None]:
    """Return for each row of probabilities whether a person should look; None where the study draws no line."""
    if threshold is None:
        return [None] * len(shares)
    return [bool(one) for one in shares.max(axis=1) < threshold]
