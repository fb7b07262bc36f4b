"""Whether the backbone is fed the numbers it was trained on, and which known mistake feeds it others (pitfall 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.backbones.input_contracts import IMAGENET_STANDARDISED, MINUS_ONE_TO_ONE, InputContract
from lowres.networks.backbones.trunk import preprocessed_layer
from lowres.networks.resizing import resampling_matrix
from lowres.values.findings import Finding

_NAME = "input range"
# Of the contract's range: far above the rounding of float32, far below any mistake.
_TOLERANCE_FRACTION = 1e-3
_REPAIR = (
    "give the trunk uint8 pixels from 0 to 255 and let it scale by its contract alone (network.scaling = contract)"
)

Values = NDArray[np.float64]


def probe_input_range(
    trunk: keras.Model, contract: InputContract, pixels: NDArray[np.uint8], interpolation: str
) -> Finding:
    """Return whether what leaves the trunk's preprocessing is `contract.apply` of the same pixels, resized.

    pixels: some real images, uint8 `[n, height, width, 3]`. interpolation: of the trunk's resizing.
    """
    seen = preprocessed(trunk, pixels)
    side = seen.shape[1]
    tolerance = _TOLERANCE_FRACTION * (contract.high - contract.low)
    expected = resized(contract.apply(pixels), side, interpolation)
    if _distance(seen, expected) <= tolerance:
        return Finding(_NAME, "PASS", f"{_figures(seen)}, as the contract says: {contract.words}")
    cause = _cause(seen, lambda mistake: resized(mistake(contract, pixels), side, interpolation), tolerance)
    return Finding(_NAME, "FAIL", f"{cause}: {_figures(seen)}; the contract is {_figures(expected)}", _REPAIR)


def preprocessed(trunk: keras.Model, pixels: NDArray[np.uint8]) -> Values:
    """Return what the backbone proper is fed, `[n, side, side, 3]`."""
    preprocessing = keras.Model(trunk.input, trunk.get_layer(preprocessed_layer(trunk)).output)
    return np.asarray(keras.ops.convert_to_numpy(preprocessing(pixels, training=False)), np.float64)


def resized(values: NDArray[Any], side: int, interpolation: str) -> Values:
    """Return `[n, side, side, c]` by the definition of resizing; what fits already stays as it is."""
    values = np.asarray(values, np.float64)
    for axis in (1, 2):
        if values.shape[axis] != side:
            matrix = resampling_matrix(values.shape[axis], side, interpolation)
            values = np.moveaxis(np.tensordot(matrix, values, axes=(1, axis)), 0, axis)
    return values


def _cause(seen: Values, made_by: Callable[[Callable[..., Any]], Values], tolerance: float) -> str:
    """The mistake that gives these numbers, in words; more than one where the images cannot tell them apart."""
    found = [words for words, mistake in _MISTAKES if _distance(seen, made_by(mistake)) <= tolerance]
    return " or ".join(dict.fromkeys(found)) or "the backbone is fed other numbers than it was trained on"


def _distance(one: Values, other: Values) -> float:
    return float(np.abs(one - other).max()) if one.shape == other.shape else float("inf")


def _figures(values: Values) -> str:
    means, deviations = values.mean(axis=(0, 1, 2)), values.std(axis=(0, 1, 2))
    mean, deviation = (" ".join(f"{number:.3g}" for number in numbers) for numbers in (means, deviations))
    return f"{values.min():.4g} to {values.max():.4g} (mean {mean}, deviation {deviation} by channel)"


def _of_unit(contract: InputContract, pixels: Any) -> Any:
    return contract.apply(pixels / 255.0)


def _of_itself(contract: InputContract, pixels: Any) -> Any:
    return contract.apply(contract.apply(pixels).astype(np.float64))


_SCALED_TWICE = "pixels are scaled twice"
_WRONG_ORDER = "the channels are in the wrong order"
_MISTAKES: tuple[tuple[str, Callable[[InputContract, Any], Any]], ...] = (
    (f"{_SCALED_TWICE} (to 0-1 first, then as if they were 0-255)", _of_unit),
    (f"{_SCALED_TWICE} (by the contract both times)", _of_itself),
    (f"{_WRONG_ORDER} (red and blue swapped)", lambda contract, pixels: contract.apply(pixels[..., ::-1])),
    (f"{_WRONG_ORDER} (swapped after scaling)", lambda contract, pixels: contract.apply(pixels)[..., ::-1]),
    ("pixels are not scaled at all (0 to 255)", lambda contract, pixels: pixels),
    ("pixels are scaled to 0-1 only", lambda contract, pixels: pixels / 255.0),
    ("pixels are scaled to -1 to 1", lambda contract, pixels: MINUS_ONE_TO_ONE.apply(pixels)),
    ("pixels are standardised by ImageNet", lambda contract, pixels: IMAGENET_STANDARDISED.apply(pixels)),
)
