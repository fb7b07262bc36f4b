"""What a backbone wants to be fed: the order of its channels and the range of its numbers, from RGB 0 to 255."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

Triple = tuple[float, float, float]
Scaling = Literal["contract", "unit-then-contract"]
SCALING_LAYER = "scaling"


@dataclass(frozen=True)
class InputContract:
    """`(pixel - mean) / deviation` in the channel order `layout`, for pixels of 0 to 255.

    mean, deviation: one number a channel, in the order of `layout`.
    """

    words: str
    layout: Literal["rgb", "bgr"] = "rgb"
    mean: Triple = (0.0, 0.0, 0.0)
    deviation: Triple = (1.0, 1.0, 1.0)

    @property
    def low(self) -> float:
        """The smallest number a pixel can become."""
        return float(self.apply(np.zeros((1, 1, 1, 3), np.uint8)).min())

    @property
    def high(self) -> float:
        """The largest number a pixel can become."""
        return float(self.apply(np.full((1, 1, 1, 3), 255, np.uint8)).max())

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return what the backbone should see of RGB pixels `[n, h, w, 3]`: the definition, without a framework."""
        ordered = pixels[..., ::-1] if self.layout == "bgr" else pixels
        return ((ordered.astype(np.float64) - self.mean) / self.deviation).astype(np.float32)


RAW = InputContract("0 to 255; the network scales inside")
MINUS_ONE_TO_ONE = InputContract("-1 to 1", mean=(127.5,) * 3, deviation=(127.5,) * 3)
BGR_MINUS_MEAN = InputContract("BGR minus ImageNet's mean", layout="bgr", mean=(103.939, 116.779, 123.68))
IMAGENET_STANDARDISED = InputContract(
    "ImageNet's mean 0 and deviation 1",
    mean=(0.485 * 255, 0.456 * 255, 0.406 * 255),
    deviation=(0.229 * 255, 0.224 * 255, 0.225 * 255),
)


def scale_pixels(pixels: Any, contract: InputContract, scaling: Scaling = "contract") -> Any:
    """Return the float32 tensor the contract asks for, from a uint8 tensor `[n, h, w, 3]`.

    The last layer is named `scaling`, so that a probe can compare what leaves it with `InputContract.apply`.
    scaling: "unit-then-contract" divides by 255 first, the described system's mistake, kept to be shown.
    """
    first = {"contract": 1.0, "unit-then-contract": 1.0 / 255}[scaling]
    if contract.layout == "bgr":
        pixels = keras.ops.flip(pixels, axis=-1)
    scale = [first / deviation for deviation in contract.deviation]
    offset = [-mean / deviation for mean, deviation in zip(contract.mean, contract.deviation, strict=True)]
    return keras.layers.Rescaling(scale, offset, dtype="float32", name=SCALING_LAYER)(pixels)
