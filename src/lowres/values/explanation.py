"""Where in an image a class's score came from: Grad-CAM in steps that bare arrays can test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.predictions import Predictions

Maps = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Explanation:
    """One heat map an explained image, as raw as the method made it: no ReLU, no scaling.

    ids: `n` image ids. target_classes: int64 `[n]`, the class whose logit is explained. maps: float32
    `[n, height, width]` of the explained layer. method: such as "grad-cam". layer: the feature tensor's name.
    Refused with PredictionsError: lengths that differ, NaN or infinity.
    """

    ids: tuple[str, ...]
    target_classes: NDArray[np.int64]
    maps: Maps
    method: str
    layer: str

    def __post_init__(self) -> None:
        """Refuse rows that do not belong together."""
        n = len(self.ids)
        if self.maps.ndim != 3 or len(self.maps) != n:
            raise PredictionsError(f"expected maps of shape [{n}, height, width], got {list(self.maps.shape)}")
        if self.target_classes.shape != (n,):
            raise PredictionsError(f"expected target classes of shape [{n}], got {list(self.target_classes.shape)}")
        if not np.isfinite(self.maps).all():
            raise PredictionsError(f"expected finite maps, got NaN or infinity by {self.method} of {self.layer!r}")
        for name in ("target_classes", "maps"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def __len__(self) -> int:
        """Return the number of images explained."""
        return len(self.ids)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `explanation.npz` holds; it loads without pickle."""
        return {
            "ids": np.array(self.ids, dtype=np.str_),
            "target_classes": self.target_classes,
            "maps": self.maps,
            "method": np.array(self.method),
            "layer": np.array(self.layer),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Explanation:
        """Read back what `to_arrays` gave. Refused with PredictionsError: an array missing."""
        missing = [name for name in cls.__dataclass_fields__ if name not in arrays]
        if missing:
            raise PredictionsError(f"expected {', '.join(missing)} in the explanation, got none; explain again")
        return cls(
            ids=tuple(arrays["ids"].tolist()),
            target_classes=arrays["target_classes"].astype(np.int64),
            maps=arrays["maps"].astype(np.float32),
            method=str(arrays["method"]),
            layer=str(arrays["layer"]),
        )


def grad_cam(activations: NDArray[np.float32], gradients: NDArray[np.float32]) -> Maps:
    """Return the raw Grad-CAM maps, float32 `[n, height, width]`: channels weighted by their mean gradient.

    activations, gradients: float32 `[n, height, width, channels]`, the gradient being of the explained logit.
    Selvaraju et al., Grad-CAM, ICCV 2017, eq. 1 and eq. 2 before its ReLU, which `for_display` applies.
    """
    if activations.ndim != 4 or activations.shape != gradients.shape:
        raise PredictionsError(
            "expected activations and gradients of one shape [n, height, width, channels], "
            f"got {list(activations.shape)} and {list(gradients.shape)}"
        )
    weights = gradients.mean(axis=(1, 2), dtype=np.float64)
    return np.asarray(np.einsum("nhwc,nc->nhw", activations, weights), dtype=np.float32)


def for_display(raw: Maps) -> Maps:
    """Return the maps with negatives set to 0 and each divided by its highest value, so from 0 to 1.

    A map with nothing positive becomes all zero: no place spoke for the class.
    """
    positive = np.maximum(raw, 0)
    highest = positive.max(axis=(1, 2), keepdims=True)
    return np.asarray(np.divide(positive, highest, out=np.zeros_like(positive), where=highest > 0))


def resize_map(maps: Maps, height: int, width: int) -> Maps:
    """Return maps `[n, height, width]`, bilinear with half-pixel centres, the geometry the trunk resized images with.

    Shrinking averages over the pixels that fall together, as Pillow does.
    """
    rows, columns = _bilinear_weights(maps.shape[1], height), _bilinear_weights(maps.shape[2], width)
    return np.asarray(rows @ maps @ columns.T, dtype=np.float32)


def _bilinear_weights(source: int, target: int) -> NDArray[np.float64]:
    """How much each source pixel (column) gives each target pixel (row); every row sums to one."""
    step = source / target
    centres = (np.arange(target) + 0.5) * step - 0.5
    distance = np.abs(centres[:, None] - np.arange(source)) / max(step, 1.0)
    weights = np.maximum(1 - distance, 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def choose_gallery(predictions: Predictions, count: int, seed: int) -> NDArray[np.int64]:
    """Return the rows of up to `count` predictions worth explaining: the wrong, most confident first, then right ones.

    Half are wrong and half right where there are enough of each; both are spread over the true classes. The wrong are
    each class's most confident mistakes; the right are drawn by `seed`.
    """
    confidence = predictions.probabilities().max(axis=1)
    wrong, right = np.flatnonzero(~predictions.is_right), np.flatnonzero(predictions.is_right)
    count = min(count, len(predictions))
    wrong_count = min(len(wrong), max(count // 2, count - len(right)))
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    chosen_wrong = _spread(wrong, predictions.labels)[:wrong_count]
    chosen_wrong = chosen_wrong[np.argsort(-confidence[chosen_wrong], kind="stable")]
    right = np.random.default_rng(seed).permutation(right)
    return np.concatenate([chosen_wrong, _spread(right, predictions.labels)[: count - wrong_count]])


def _spread(rows: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Deal the rows round the classes: the first of every class, then the second of every class, ..."""
    seen: dict[int, int] = {}
    turns = np.zeros(len(rows), dtype=np.int64)
    for place, label in enumerate(labels[rows].tolist()):
        turns[place] = seen[label] = seen.get(label, -1) + 1
    return rows[np.argsort(turns, kind="stable")]
