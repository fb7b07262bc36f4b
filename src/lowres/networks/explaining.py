"""What Grad-CAM is made of: the trunk's activations and the gradient of one logit with respect to them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.networks.gradients import head_gradient
from lowres.networks.trained_classifier import TrainedClassifier


class Attribution(NamedTuple):
    """activations, gradients: float32 `[n, h, w, channels]`; layer: the name of the feature map they belong to."""

    activations: NDArray[np.float32]
    gradients: NDArray[np.float32]
    layer: str


def explain(
    classifier: TrainedClassifier,
    pixels: NDArray[np.uint8],
    target_classes: NDArray[np.int64],
    *,
    batch_images: int = 32,
) -> Attribution:
    """Return activations and gradients of the logits of `target_classes` `[n]`, for uint8 images `[n, h, w, 3]`.

    Because the classifier is a trunk and a head, this needs no surgery on its graph: any network explains alike, also
    after saving and loading. Selvaraju et al., "Grad-CAM" (2017), equations 1 and 2, start from these.
    Refused with PredictionsError: targets that are not one class an image.
    """
    targets = _checked_targets(target_classes, len(pixels), len(classifier.class_names))
    activations, gradients = [], []
    for start in range(0, len(pixels), batch_images):
        batch = np.asarray(pixels[start : start + batch_images])
        features = np.asarray(classifier.trunk.predict_on_batch(batch), dtype=np.float32)
        activations.append(features)
        gradients.append(head_gradient(classifier.head, features, targets[start : start + batch_images]))
    return Attribution(np.concatenate(activations), np.concatenate(gradients), classifier.feature_layer)


def _checked_targets(target_classes: NDArray[np.int64], images: int, classes: int) -> NDArray[np.int64]:
    targets = np.asarray(target_classes, dtype=np.int64)
    if images == 0 or targets.shape != (images,):
        raise PredictionsError(
            f"expected at least one image and one target class an image ({images}), got {list(targets.shape)}"
        )
    if targets.min() < 0 or targets.max() >= classes:
        raise PredictionsError(
            f"expected target classes from 0 to {classes - 1}, got {targets.min()} to {targets.max()}"
        )
    return targets
