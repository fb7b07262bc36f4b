"""What training from scratch begins with: a network at random, or with weights given for it, and its published head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.backbones.published_head import published_head
from lowres.networks.backbones.trunk import find_backbone
from lowres.networks.small_images.state_dict import classifier_tensors
from lowres.networks.trained_classifier import TrainedClassifier

ClassifierWeights = tuple[NDArray[np.float32], NDArray[np.float32] | None]
# airbench94_muon.py, whose names are read, divides its logits by the channels; here they are divided as in the paper.
_DIVIDED_BY_CHANNELS = "airbench94"


def untrained_classifier(
    backbone: str,
    trunk: keras.Model,
    class_names: Sequence[str],
    pixels: NDArray[np.uint8],
    training_rows: NDArray[np.int64],
    seed: int,
    *,
    is_given: bool = False,
    weights: ClassifierWeights | None = None,
) -> TrainedClassifier:
    """Return the trunk with a head drawn by the seed, weights that are computed from images computed.

    trunk: as `build_trunk` made it of `backbone`. pixels: uint8 `[n, h, w, 3]`, of which only `training_rows` are
    looked at. is_given: the trunk's weights came from elsewhere, so all of them stay as they are. weights: of the head,
    as `given_classifier` returns them.
    """
    known = find_backbone(backbone)
    if known.prepare is not None and not is_given:
        known.prepare(trunk, pixels[training_rows])
    head = published_head(known.head, trunk.output_shape[1:], len(class_names), seed, weights)
    return TrainedClassifier.from_parts(trunk, head, class_names)


def given_classifier(
    backbone: str, tensors: Mapping[str, NDArray[Any]], channels: int, classes: int
) -> ClassifierWeights | None:
    """Return the head's kernel and bias out of a state dict of the network's public PyTorch definition.

    None: the backbone is of those that are given without a classifier, or the classifier takes other channels than the
    trunk has, or knows another number of classes.
    Refused with VerificationError: a state dict of a whole network without its classifier.
    """
    known = find_backbone(backbone)
    if not known.is_drawn:
        return None
    kernel, bias = classifier_tensors(tensors)
    if kernel.shape != (channels, classes):
        return None
    divisor = len(kernel) * known.head.scale if backbone == _DIVIDED_BY_CHANNELS else 1.0
    return (kernel / divisor).astype(np.float32), bias
