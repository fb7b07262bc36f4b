"""Class activation maps: where in a feature map a score came from, each method exactly as it was published.

Every function returns raw maps, float32 `[n, height, width]`, before any ReLU or scaling (`explanation.for_display`
does both). activations, gradients: `[n, height, width, channels]`, the gradient being of the explained score, a logit
or the difference of two. Refused with PredictionsError: other shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.explaining.explanation import Maps

Features = NDArray[np.float32]
Needs = Literal["gradients", "activations", "ablations", "occlusions"]


def grad_cam(activations: Features, gradients: Features) -> Maps:
    """Return channels weighted by their mean gradient.

    Selvaraju et al., Grad-CAM, ICCV 2017, eq. 1 and eq. 2 before its ReLU.
    """
    _check(activations, gradients)
    return _weighted(activations, gradients.mean(axis=(1, 2), dtype=np.float64))


def grad_cam_plus_plus(activations: Features, gradients: Features) -> Maps:
    """Return channels weighted by their positive gradients, each with its own coefficient.

    Chattopadhay et al., Grad-CAM++, WACV 2018, eq. 13 and 19 with Y = exp(S): the derivatives of Y are the powers of
    the gradient of S times Y, which divides out of eq. 19 and is left out of eq. 13, where it scales a whole map by one
    positive number and overflows float32 for a logit of 89. Eq. 19 is then 1 / (2 + gradient * sum of activations),
    without the 1e-6 that pytorch-grad-cam adds below it, which outweighs the square of a gradient of 1e-3. Behind a
    ReLU, for which it was derived, what stands below is at least 2; where activations are negative it may come near 0,
    and then one place decides a whole map.
    """
    _check(activations, gradients)
    slopes = gradients.astype(np.float64)
    below = 2 + slopes * activations.sum(axis=(1, 2), keepdims=True, dtype=np.float64)
    # The ReLU of eq. 13: where the gradient is not positive nothing counts. Negative activations may lead to a pole.
    counts = (slopes > 0) & (below != 0)
    coefficients = np.divide(1.0, below, out=np.zeros_like(below), where=counts)
    return _weighted(activations, (coefficients * slopes).sum(axis=(1, 2)))


def hires_cam(activations: Features, gradients: Features) -> Maps:
    """Return gradient times activation, summed over channels: what each place adds to a score linear in the features.

    Draelos and Carin, Use HiResCAM instead of Grad-CAM, 2020, section 3.3.
    """
    _check(activations, gradients)
    return np.asarray(np.einsum("nhwc,nhwc->nhw", activations, gradients), dtype=np.float32)


def layer_cam(activations: Features, gradients: Features) -> Maps:
    """Return positive gradients times activations, summed over channels.

    Jiang et al., LayerCAM, IEEE Transactions on Image Processing 30 (2021), eq. 6 and 7.
    """
    return hires_cam(activations, np.maximum(gradients, 0))


def eigen_cam(activations: Features) -> Maps:
    """Return the projection on the first right singular vector of places by channels; no class is asked for.

    Muhammad and Yeasin, Eigen-CAM, IJCNN 2020: of O = U S V', O times the first column of V, not centred before. A
    singular vector has no sign of its own; the one taken makes the map's sum positive.
    """
    _check(activations, activations)
    n, height, width, channels = activations.shape
    places = activations.reshape(n, height * width, channels).astype(np.float64)
    left, sizes, _ = np.linalg.svd(places, full_matrices=False)
    maps = left[..., 0] * sizes[:, :1]
    signs = np.where(maps.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    return np.asarray((maps * signs).reshape(n, height, width), dtype=np.float32)


def ablation_cam(activations: Features, scores: NDArray[np.floating], ablated: NDArray[np.floating]) -> Maps:
    """Return channels weighted by how far the score falls without them, as a fraction of it; no gradient is needed.

    scores: `[n]`. ablated: `[n, channels]`, the score with that channel set to 0. Desai and Ramaswamy, Ablation-CAM,
    WACV 2020, eq. 3, which takes positive scores for granted; of a negative one the size divides, so that a channel
    which speaks for the class keeps its sign.
    """
    _check(activations, activations)
    n, channels = len(activations), activations.shape[-1]
    if np.shape(scores) != (n,) or np.shape(ablated) != (n, channels):
        raise PredictionsError(
            f"expected scores of shape [{n}] and ablated ones of shape [{n}, {channels}], "
            f"got {list(np.shape(scores))} and {list(np.shape(ablated))}"
        )
    whole = np.asarray(scores, dtype=np.float64)[:, None]
    sizes = np.where(whole == 0, 1.0, np.abs(whole))
    return _weighted(activations, (whole - ablated) / sizes)


@dataclass(frozen=True)
class CamMethod:
    """name: as typed. title: as published. needs: what a network has to give for it."""

    name: str
    title: str
    needs: Needs
    combine: Callable[[Features, Features], Maps] | None = None


METHODS: dict[str, CamMethod] = {
    method.name: method
    for method in (
        CamMethod("grad-cam", "Grad-CAM", "gradients", grad_cam),
        CamMethod("grad-cam++", "Grad-CAM++", "gradients", grad_cam_plus_plus),
        CamMethod("hirescam", "HiResCAM", "gradients", hires_cam),
        CamMethod("layercam", "LayerCAM", "gradients", layer_cam),
        CamMethod("eigencam", "Eigen-CAM", "activations"),
        CamMethod("ablation-cam", "Ablation-CAM", "ablations"),
        CamMethod("occlusion", "Occlusion", "occlusions"),
    )
}


def find_method(name: str) -> CamMethod:
    """Return the method of that name; refused with PredictionsError, which lists them."""
    if name not in METHODS:
        raise PredictionsError(f"expected a method among {', '.join(METHODS)}, got {name!r}")
    return METHODS[name]


def _weighted(activations: Features, weights: NDArray[np.float64]) -> Maps:
    """Channels added up by weights `[n, channels]`; a product of matrices, since einsum converts every number first."""
    n, height, width, channels = activations.shape
    rows = activations.reshape(n, height * width, channels)
    return np.asarray((rows @ weights.astype(np.float32)[..., None]).reshape(n, height, width), dtype=np.float32)


def _check(activations: Features, gradients: Features) -> None:
    if activations.ndim != 4 or activations.shape != gradients.shape:
        raise PredictionsError(
            "expected activations and gradients of one shape [n, height, width, channels], "
            f"got {list(activations.shape)} and {list(gradients.shape)}"
        )
