"""A batch normalised by its own statistics: one file a backend, chosen here."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras


class Normalised(NamedTuple):
    """values: of the input's shape and type. mean, variance: float32 `[channels]`, the variance divided by n."""

    values: Any
    mean: Any
    variance: Any


def normalised(inputs: Any, scale: Any, offset: Any, epsilon: float) -> Normalised:
    """Return inputs `[n, h, w, channels]`, of any float type, at mean 0 and variance 1, scaled and offset.

    scale, offset: float32 `[channels]`. Sums are in float32 (Ioffe and Szegedy 2015, algorithm 1).
    """
    if keras.backend.backend() == "tensorflow":
        from lowres.networks.batch_statistics.tensorflow import normalised as by_backend
    else:
        from lowres.networks.batch_statistics.keras_ops import normalised as by_backend
    return Normalised(*by_backend(inputs, scale, offset, epsilon))
