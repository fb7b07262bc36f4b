"""Whether images differ in the eyes of the trunk as much as they do to one that is fed correctly (pitfall 1)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.backbones.trunk import preprocessed_layer
from lowres.values.findings import Finding

_NAME = "feature spread"
# ResNet50 at 224 px on CIFAR-10 spreads by 0.60 when fed correctly and by 0.01 when its pixels are scaled twice.
LOWEST_SHARE = 0.2
# Where there is nothing to compare with. Random trunks spread by 0.1 of their size, pretrained ones by 0.3 and more.
LOWEST_RELATIVE_SPREAD = 0.02
_BATCH_IMAGES = 16


def spread(features: NDArray[np.float32]) -> float:
    """Return the standard deviation over images of pooled features `[n, channels]`, averaged over the channels."""
    return float(np.asarray(features, np.float64).std(axis=0).mean())


def relative_spread(features: NDArray[np.float32]) -> float:
    """Return the spread by the mean size of a feature, which no scale of the features changes; 0 for equal images."""
    size = float(np.abs(features).mean(dtype=np.float64))
    return spread(features) / size if size > 0 else 0.0


def features_of_preprocessed(trunk: keras.Model, values: NDArray[Any]) -> NDArray[np.float32]:
    """Return the pooled features `[n, channels]` of numbers fed to the backbone proper, past the preprocessing."""
    entry = trunk.get_layer(preprocessed_layer(trunk)).output
    pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(trunk.output)
    network = keras.Model(entry, pooled)
    starts = range(0, len(values), _BATCH_IMAGES)
    batches = (np.asarray(values[start : start + _BATCH_IMAGES], np.float32) for start in starts)
    return np.concatenate([np.asarray(network.predict_on_batch(batch), np.float32) for batch in batches])


def judge_spread(features: NDArray[np.float32], correct: NDArray[np.float32] | None = None) -> Finding:
    """Return whether the trunk's pooled features spread as they should.

    correct: of the same images through the same backbone with its input as the contract says; None where the network's
    input is that already.
    """
    n, own, share = len(features), spread(features), relative_spread(features)
    if not np.isfinite(features).all():
        rows = int((~np.isfinite(features)).any(axis=1).sum())
        repair = "set features.precision = float32, and look for damaged weights"
        return Finding(_NAME, "FAIL", f"NaN or infinity in the features of {rows} of {n} images", repair)
    measured = f"the features of {n} images have a deviation of {own:.3g}, {share:.3g} of their size"
    if correct is not None and own < LOWEST_SHARE * spread(correct):
        measured += f"; correctly scaled pixels give {spread(correct):.3g}: to the trunk all images look alike"
        repair = "feed the backbone what its contract asks for: network.scaling = contract"
        return Finding(_NAME, "FAIL", measured, repair)
    if share < LOWEST_RELATIVE_SPREAD:
        repair = "look at the images (`lowres check`), and whether the trunk's weights are the published ones"
        return Finding(_NAME, "FAIL", f"{measured}, less than {LOWEST_RELATIVE_SPREAD}: all images look alike", repair)
    return Finding(_NAME, "PASS", measured)
