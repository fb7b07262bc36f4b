"""A classifier nobody has trained yet: a network at random with the head it was published with."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.backbones import find_backbone
from lowres.networks.published_head import published_head
from lowres.networks.trained_classifier import TrainedClassifier


def untrained_classifier(
    backbone: str,
    trunk: keras.Model,
    class_names: Sequence[str],
    pixels: NDArray[np.uint8],
    training_rows: NDArray[np.int64],
    seed: int,
) -> TrainedClassifier:
    """Return the trunk with a head drawn by the seed, weights that are computed from images computed.

    trunk: as `build_trunk` made it of `backbone`. pixels: uint8 `[n, h, w, 3]`, of which only `training_rows` are
    looked at.
    """
    known = find_backbone(backbone)
    if known.prepare is not None:
        known.prepare(trunk, pixels[training_rows])
    head = published_head(known.head, trunk.output_shape[1:], len(class_names), seed)
    return TrainedClassifier.from_parts(trunk, head, class_names)
