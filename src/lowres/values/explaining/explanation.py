"""Where in an image a class's score came from: heat maps as they are kept, shown and chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.predictions import Predictions

Maps = NDArray[np.float32]
_LARGEST_HALF = float(np.finfo(np.float16).max)


@dataclass(frozen=True, eq=False)
class Explanation:
    """One heat map an explained image, as raw as the method made it: no ReLU, no scaling.

    ids: `n` image ids. target_classes: int64 `[n]`, the class whose logit is explained. maps: float32
    `[n, height, width]` of the explained layer. method: such as "Grad-CAM". layer: the feature tensor's name.
    mistakes: the same of further images, those that were answered wrongly, some of each kind (`choose_mistakes`); what
    they explain is the answer given. Their maps went through float16. In `explanation.npz` they are `mistake_ids`,
    `mistake_target_classes` and `mistake_maps` (float16).
    Refused with PredictionsError: lengths that differ, NaN or infinity.
    """

    ids: tuple[str, ...]
    target_classes: NDArray[np.int64]
    maps: Maps
    method: str
    layer: str
    mistakes: Explanation | None = None

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
        """Return the number of images explained, without the mistakes."""
        return len(self.ids)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `explanation.npz` holds; it loads without pickle."""
        arrays = {
            "ids": np.array(self.ids, dtype=np.str_),
            "target_classes": self.target_classes,
            "maps": self.maps,
            "method": np.array(self.method),
            "layer": np.array(self.layer),
        }
        if self.mistakes is None:
            return arrays
        more = self.mistakes.to_arrays()
        return arrays | {
            "mistake_ids": more["ids"],
            "mistake_target_classes": more["target_classes"],
            "mistake_maps": np.clip(more["maps"], -_LARGEST_HALF, _LARGEST_HALF).astype(np.float16),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Explanation:
        """Read back what `to_arrays` gave. Refused with PredictionsError: an array missing."""
        wanted = ("ids", "target_classes", "maps", "method", "layer")
        missing = [name for name in wanted if name not in arrays]
        if missing:
            raise PredictionsError(f"expected {', '.join(missing)} in the explanation, got none; explain again")
        whole = cls(
            ids=tuple(arrays["ids"].tolist()),
            target_classes=arrays["target_classes"].astype(np.int64),
            maps=arrays["maps"].astype(np.float32),
            method=str(arrays["method"]),
            layer=str(arrays["layer"]),
        )
        if "mistake_ids" not in arrays:
            return whole
        own = {name: arrays[name] for name in ("method", "layer")}
        return replace(whole, mistakes=cls.from_arrays(own | {name: arrays[f"mistake_{name}"] for name in wanted[:3]}))


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


def choose_mistakes(predictions: Predictions, per_cell: int) -> NDArray[np.int64]:
    """Return the rows of the wrong predictions, of each cell of the confusion matrix up to `per_cell`, the surest."""
    confidence = predictions.probabilities().max(axis=1)
    wrong = np.flatnonzero(~predictions.is_right)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    cells = predictions.labels * len(predictions.class_names) + predictions.predicted
    return np.sort(wrong[_turns(cells[wrong]) < per_cell])


def _spread(rows: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Deal the rows round the classes: the first of every class, then the second of every class, ..."""
    return rows[np.argsort(_turns(labels[rows]), kind="stable")]


def _turns(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the same group stand before each."""
    seen: dict[int, int] = {}
    turns = np.zeros(len(groups), dtype=np.int64)
    for place, group in enumerate(groups.tolist()):
        turns[place] = seen[group] = seen.get(group, -1) + 1
    return turns
