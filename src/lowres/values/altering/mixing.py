"""Training images mixed in pairs (mixup, cutmix), and the soft targets and weights that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import DataError, TrainingError

Fractions = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MixingPlan:
    """Which image of a batch is mixed with which, and how; the same plan fits images and activation maps of any size.

    partners: int64 `[n]`, the row each image is mixed with. own_shares: `[n]`, how much of an image stays (mixup).
    boxes: `[n, 4]` top, left, bottom, right as fractions of the side, what the partner covers (cutmix); None: mixup.
    """

    partners: NDArray[np.int64]
    own_shares: Fractions
    boxes: Fractions | None = None

    def mix(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the mixed batch, of the shape of `values`: `[n, ...]` for mixup, `[n, height, width, channels]` else.

        Floating values keep their type, others come back as float32.
        Refused with TrainingError: another number of rows, and cutmix of values that have no height and width.
        """
        self._check(values)
        if self.boxes is not None and values.ndim != 4:
            raise TrainingError(
                f"expected values [n, height, width, channels] for cutmix, got {list(values.shape)}; try mixup"
            )
        values = values if np.issubdtype(values.dtype, np.floating) else values.astype(np.float32)
        if self.boxes is not None:
            return np.where(self._covered(*values.shape[1:3])[..., None], values[self.partners], values)
        shares = self.own_shares.astype(values.dtype).reshape(-1, *[1] * (values.ndim - 1))
        return np.asarray(shares * values + (1 - shares) * values[self.partners])

    def mix_targets(self, targets: NDArray[np.float32], height: int = 0, width: int = 0) -> NDArray[np.float32]:
        """Return targets `[n, classes]` mixed as the values of this height and width were; rows keep their sum."""
        self._check(targets)
        shares = self.shares(height, width).astype(np.float32)[:, None]
        return np.asarray(shares * targets + (1 - shares) * targets[self.partners])

    def shares(self, height: int = 0, width: int = 0) -> Fractions:
        """Return how much of itself each image keeps, `[n]`; for cutmix the pixels not covered, counted on the grid."""
        if self.boxes is None:
            return self.own_shares
        if min(height, width) < 1:
            raise TrainingError(
                f"expected the height and width of what cutmix was applied to, got {height} and {width}; "
                "try those of the mixed values"
            )
        return np.asarray(1.0 - self._covered(height, width).mean(axis=(1, 2)))

    def _covered(self, height: int, width: int) -> NDArray[np.bool_]:
        """Whether the partner shows, bool `[n, height, width]`: where the middle of a pixel lies in the box."""
        assert self.boxes is not None
        top, left, bottom, right = self.boxes.T[:, :, None]
        y, x = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
        return np.asarray(((y >= top) & (y < bottom))[:, :, None] & ((x >= left) & (x < right))[:, None, :])

    def _check(self, values: NDArray[Any]) -> None:
        if len(values) != len(self.partners):
            raise TrainingError(
                f"expected the {len(self.partners)} rows that mixing was planned for, got {len(values)}; "
                "try a plan for this batch"
            )


def plan_mixing(
    images: int, *, mixup_alpha: float, cutmix_alpha: float, seed: int, epoch: int, step: int
) -> MixingPlan | None:
    """Return how a batch of so many images is mixed, the same for the same seed, epoch and step; None: not at all.

    mixup (Zhang et al. 2018, equation 1) where only its alpha is above 0, cutmix (Yun et al. 2019, equations 1 and 2)
    where only its own is, else each batch one of both with equal chance. Each image draws a share of its own.
    """
    if not (mixup_alpha or cutmix_alpha) or images == 0:
        return None
    random = np.random.default_rng((seed, epoch, step))
    is_cutmix = cutmix_alpha > 0 and (mixup_alpha == 0 or bool(random.random() < 0.5))
    alpha = cutmix_alpha if is_cutmix else mixup_alpha
    shares = random.beta(alpha, alpha, size=images)
    partners = random.permutation(images)
    return MixingPlan(partners, shares, _boxes(random, shares) if is_cutmix else None)


def soft_targets(labels: NDArray[np.int64], classes: int, label_smoothing: float = 0.0) -> NDArray[np.float32]:
    """Return float32 `[n, classes]`, rows summing to one: `1 - s + s / classes` at the label, `s / classes` elsewhere.

    Szegedy et al. 2016, section 7. Refused with DataError: labels outside the classes.
    """
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise DataError(f"expected labels from 0 to {classes - 1}, got {labels.min()} to {labels.max()}")
    targets = np.full((len(labels), classes), label_smoothing / classes, dtype=np.float32)
    targets[np.arange(len(labels)), labels] += np.float32(1.0 - label_smoothing)
    return targets


def balanced_class_weights(class_counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return `n / (classes * count)` for each class, float32: an average of one over the images (King and Zeng 2001).

    Refused with DataError: a class without images.
    """
    if class_counts.min() < 1:
        missing = np.flatnonzero(class_counts < 1).tolist()
        raise DataError(f"expected images of every class to weigh classes by, got none of {missing}")
    weights: NDArray[np.float64] = class_counts.sum() / (len(class_counts) * class_counts)
    return weights.astype(np.float32)


def _boxes(random: np.random.Generator, own_shares: Fractions) -> Fractions:
    """Squares (of a square image) with an area of 1 - share, cut off at the edges; the grid says what they cover."""
    half = np.sqrt(1.0 - own_shares)[:, None] / 2
    middle = random.random((len(own_shares), 2))
    return np.concatenate([middle - half, middle + half], axis=1)
