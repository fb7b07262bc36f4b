"""Features of many images from a frozen trunk: one pass, in batches to be stored as they come."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import DataError
from lowres.networks.engines import EngineName, Precision, View, batches_of, open_engine

BATCH_IMAGES = 32


class FeatureBatch(NamedTuple):
    """rows: int64 `[m]`, which images of the pixels these are. features: float32 `[m, ...]`, in the same order."""

    rows: NDArray[np.int64]
    features: NDArray[np.float32]


class FeatureExtractor:
    """Runs a trunk, or a trunk up to a named layer, over uint8 images.

    engine, precision: what it runs on. note: why that is not OpenVINO where it might have been. feature_shape: of one
    image. images_per_second: of the last pass, None before the first.
    """

    def __init__(
        self,
        trunk: keras.Model,
        engine: EngineName = "auto",
        precision: Precision = "auto",
        *,
        layer: str | None = None,
        pooled: bool = True,
    ) -> None:
        """Take the output of `layer` (None: the feature map); `pooled`: averaged over height and width."""
        network = _network(trunk, layer, pooled)
        self._engine = open_engine(network, engine, precision)
        self.engine, self.precision, self.note = self._engine.name, self._engine.precision, self._engine.note
        self.parallel_batches = self._engine.parallel_batches
        self.image_shape = tuple(network.input_shape[1:])
        self.feature_shape = tuple(network.output_shape[1:])
        self.images_per_second: float | None = None

    def batches(
        self,
        pixels: NDArray[np.uint8],
        rows: NDArray[np.int64] | None = None,
        *,
        flipped: bool = False,
        view: View | None = None,
        batch_images: int = BATCH_IMAGES,
    ) -> Iterator[FeatureBatch]:
        """Yield the features of the given rows (None: all) of `[n, h, w, 3]`, each row once, in their order.

        flipped: of the images mirrored left to right. view: of what it makes of
        them and their rows. Refused with DataError: pixels of another shape or dtype.
        """
        _check_pixels(pixels, self.image_shape)
        rows = np.arange(len(pixels)) if rows is None else np.asarray(rows)
        started, done = time.perf_counter(), 0
        for features in self._engine.run(batches_of(pixels, rows, batch_images, flipped, view)):
            batch_rows = rows[done : done + len(features)]
            done += len(features)
            self.images_per_second = done / (time.perf_counter() - started)
            yield FeatureBatch(batch_rows, features)

    def run(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Yield the features of each batch of uint8 pixels `[n, h, w, 3]`, in their order, as the batches come."""
        return self._engine.run(batches)

    def extract(
        self, pixels: NDArray[np.uint8], rows: NDArray[np.int64] | None = None, *, flipped: bool = False
    ) -> NDArray[np.float32]:
        """Return the features of the given rows (None: all) at once, float32 `[rows, *feature_shape]`."""
        parts = [batch.features for batch in self.batches(pixels, rows, flipped=flipped)]
        return np.concatenate(parts) if parts else np.zeros((0, *self.feature_shape), np.float32)


def _network(trunk: keras.Model, layer: str | None, pooled: bool) -> keras.Model:
    output: Any = trunk.output if layer is None else trunk.get_layer(layer).output
    if pooled:
        output = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(output)
    return keras.Model(trunk.input, output, name="features")


def _check_pixels(pixels: NDArray[np.uint8], image_shape: tuple[int, ...]) -> None:
    if pixels.dtype != np.uint8 or tuple(pixels.shape[1:]) != image_shape:
        raise DataError(
            f"expected uint8 pixels of shape [n, {', '.join(map(str, image_shape))}], the trunk's, "
            f"got {pixels.dtype} {list(pixels.shape)}; give the pixels unscaled, in the size the trunk was built for"
        )
