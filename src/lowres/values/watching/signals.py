"""The figures of a prediction that a watch compares, one number each, whatever the classes are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from lowres.values.monitoring.image_statistics import Statistics

Kind = Literal["size", "look", "answer", "embedding"]


@dataclass(frozen=True)
class Signal:
    """name: as in the record. kind: what it is a figure of. less, more: what it means where it fell or rose."""

    name: str
    kind: Kind
    less: str
    more: str


SIGNALS = {
    one.name: one
    for one in (
        Signal("width", "size", "pictures are narrower", "pictures are wider"),
        Signal("height", "size", "pictures are lower", "pictures are higher"),
        Signal("brightness", "look", "pictures are darker", "pictures are brighter"),
        Signal("contrast", "look", "pictures have less contrast", "pictures have more contrast"),
        Signal("sharpness", "look", "pictures are blurred", "pictures are noisier or sharper"),
        Signal("saturation", "look", "colours are paler", "colours are stronger"),
        Signal("greyness", "look", "fewer pixels are grey", "more pixels are grey"),
        Signal("clipped", "look", "fewer pixels are all black or white", "more pixels are all black or white"),
        Signal("confidence", "answer", "the model is less sure", "the model is surer"),
        Signal("entropy", "answer", "answers hesitate less", "answers hesitate more"),
        Signal(
            "distance",
            "embedding",
            "pictures are more like those the model was chosen on",
            "pictures are unlike those the model was chosen on",
        ),
    )
}


def signals_of(
    probabilities: NDArray[np.floating[Any]], statistics: Statistics, distances: NDArray[np.floating[Any]]
) -> dict[str, NDArray[np.float64]]:
    """Return every signal of n predictions, float64 `[n]`; entropy in nats, NaN distances where there was no embedding.

    probabilities: `[n, classes]`, calibrated. distances: of `neighbour_distances`.
    """
    shares = np.asarray(probabilities, np.float64)
    answers: dict[str, NDArray[Any]] = {
        "confidence": shares.max(axis=1, initial=0.0),
        "entropy": -xlogy(shares, shares).sum(axis=1),
        "distance": distances,
    }
    return {name: np.asarray(answers[name] if name in answers else statistics[name], np.float64) for name in SIGNALS}
