"""A trained classifier: uint8 pixels in, logits out, a trunk and a head with a named feature map between them."""

from __future__ import annotations

import errno
import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import DataError, DiskFull, StudyDamaged, TrainingError
from lowres.networks.engines import Engine, EngineName, Precision, View, batches_of, open_engine
from lowres.networks.splitting import split_at
from lowres.values.predictions import Predictions

BATCH_IMAGES = 64
# An entry of its own in the .keras archive: the names can never be parted from the network they belong to.
_CARD = "lowres.json"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class TrainedClassifier:
    """A network and the names of its classes.

    model: Keras, uint8 `[n, height, width, 3]` to float32 logits `[n, classes]`, made of `trunk` and `head`.
    Refused with TrainingError: a model without the two, one that wants other input, another number of logits.
    """

    def __init__(self, model: keras.Model, class_names: Sequence[str]) -> None:
        """Wrap a model as `from_parts` makes it."""
        _check_model(model, len(class_names))
        self.model = model
        self.class_names = tuple(class_names)
        self._runners: dict[tuple[EngineName, Precision], Engine] = {}

    @classmethod
    def from_parts(cls, trunk: keras.Model, head: keras.Model, class_names: Sequence[str]) -> TrainedClassifier:
        """Join a trunk and a head; they are used as they are, not copied."""
        pixels = keras.Input(trunk.input_shape[1:], dtype="uint8", name="pixels")
        model = keras.Model(pixels, _called(head, "head", _called(trunk, "trunk", pixels)), name="classifier")
        return cls(model, class_names)

    @classmethod
    def from_keras(cls, model: keras.Model, feature_layer: str, class_names: Sequence[str]) -> TrainedClassifier:
        """Take over any Keras classifier of pixels from 0 to 255, cut after the layer of that name (nested or not).

        A softmax at its end is taken off, since a head gives logits. Weights are shared with the model.
        """
        return cls.from_parts(*split_at(model, feature_layer), class_names)

    @property
    def trunk(self) -> keras.Model:
        """From pixels to the feature map."""
        return self.model.get_layer("trunk")

    @property
    def head(self) -> keras.Model:
        """From the feature map to logits."""
        return self.model.get_layer("head")

    @property
    def feature_layer(self) -> str:
        """Name of the layer whose output is the feature map."""
        return str(self.trunk.layers[-1].name)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the images it takes."""
        height, width, channels = self.model.input_shape[1:]
        return int(height), int(width), int(channels)

    def logits(
        self,
        pixels: NDArray[np.uint8],
        rows: NDArray[np.int64] | None = None,
        *,
        engine: EngineName = "keras",
        precision: Precision = "auto",
        flip_views: bool = False,
        batch_images: int = BATCH_IMAGES,
    ) -> NDArray[np.float32]:
        """Return float32 `[rows, classes]` of the given rows (None: all), each computed exactly once, no padding.

        flip_views: the mean of each image's logits and its mirror image's; twice the work, and to be reported apart.
        """
        _check_pixels(pixels, self.image_shape)
        rows = np.arange(len(pixels)) if rows is None else np.asarray(rows)
        if len(rows) == 0:
            return np.zeros((0, len(self.class_names)), np.float32)
        views = [
            np.concatenate(
                [
                    logits
                    for _, logits in self.batches(
                        pixels, rows, engine=engine, precision=precision, flipped=flipped, batch_images=batch_images
                    )
                ]
            )
            for flipped in ((False, True) if flip_views else (False,))
        ]
        return np.mean(views, axis=0, dtype=np.float32)

    def batches(
        self,
        pixels: NDArray[np.uint8],
        rows: NDArray[np.int64],
        *,
        engine: EngineName = "keras",
        precision: Precision = "auto",
        flipped: bool = False,
        batch_images: int = BATCH_IMAGES,
        view: View | None = None,
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield logits of the given rows batch by batch, in their order, each with how many rows are done by then.

        view: what is made of each batch, uint8; flipped: whether that is mirrored left to right.
        """
        _check_pixels(pixels, self.image_shape)
        runner, done = self._runner(engine, precision), 0
        for logits in runner.run(batches_of(pixels, rows, batch_images, flipped, view)):
            done += len(logits)
            yield done, logits

    def _runner(self, engine: EngineName, precision: Precision) -> Engine:
        """Converting a network takes seconds, so each way of running it is opened once."""
        if (engine, precision) not in self._runners:
            self._runners[engine, precision] = open_engine(self.model, engine, precision)
        return self._runners[engine, precision]

    def predict(
        self,
        pixels: NDArray[np.uint8],
        ids: Sequence[str],
        labels: NDArray[np.int64],
        rows: NDArray[np.int64] | None = None,
        *,
        engine: EngineName = "keras",
        precision: Precision = "auto",
        flip_views: bool = False,
        batch_images: int = BATCH_IMAGES,
    ) -> Predictions:
        """Return the predictions of the given rows (None: all) of the images; options as in `logits`.

        pixels, ids, labels: of the whole set, so that a row's three parts cannot be cut apart differently.
        """
        rows = np.arange(len(pixels)) if rows is None else np.asarray(rows)
        logits = self.logits(
            pixels, rows, engine=engine, precision=precision, flip_views=flip_views, batch_images=batch_images
        )
        names = tuple(ids[row] for row in rows)
        return Predictions(names, np.asarray(labels)[rows].astype(np.int64), logits, self.class_names)

    def logits_from_features(self, pooled: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 logits `[n, classes]` of features already averaged over height and width, `[n, channels]`.

        For heads that `train_head` built: one product instead of a pass through the trunk.
        """
        head = self.head
        if head.layers[1].name != "pooled":
            raise TrainingError(
                f"expected a head that begins with the average named 'pooled', got {head.layers[1].name!r}; "
                "use logits(pixels)"
            )
        x = pooled
        for layer in head.layers[2:]:
            x = layer(x, training=False) if isinstance(layer, keras.layers.Dropout) else layer(x)
        return np.asarray(keras.ops.convert_to_numpy(x), dtype=np.float32)

    def save(self, path: Path) -> None:
        """Write one `.keras` file, whole or not at all; any Keras 3 opens it, and it holds the class names too.

        They are the entry `lowres.json` of the archive, which `keras.saving.load_model` passes over.
        Refused: another suffix (TrainingError), a full disk (DiskFull).
        """
        if path.suffix != ".keras":
            raise TrainingError(f"expected a file name that ends in .keras, got {path.name!r}")
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.stem}.part-{os.getpid()}.keras")
        try:
            self.model.save(part)
            _append_card(part, self.class_names)
            os.replace(part, path)
        except OSError as error:
            if error.errno in _FULL:
                raise DiskFull(f"expected room for {path.name} in {path.parent}, got a full disk; free some") from error
            raise
        finally:
            with suppress(FileNotFoundError):
                part.unlink()

    @classmethod
    def load(cls, path: Path, class_names: Sequence[str] | None = None) -> TrainedClassifier:
        """Open what `save` wrote; it predicts the same as before.

        class_names: for a file that Keras wrote again and that lost them. Refused with StudyDamaged: not a .keras file,
        or no class names anywhere.
        """
        try:
            class_names = class_names or _read_card(path)
            return cls(keras.saving.load_model(path, compile=False), class_names)
        except (zipfile.BadZipFile, FileNotFoundError) as error:
            raise StudyDamaged(
                f"expected a .keras file at {path}, got none that opens ({error}); train again, or restore it"
            ) from error


def _called(part: keras.Model, name: str, inputs: object) -> object:
    if part.name != name:
        raise TrainingError(f"expected a model named {name!r}, got {part.name!r}; set its name where it is made")
    return part(inputs)


def _check_model(model: keras.Model, classes: int) -> None:
    names = {layer.name for layer in model.layers}
    if not {"trunk", "head"} <= names:
        raise TrainingError(
            f"expected a model of a trunk and a head, got {', '.join(sorted(names))}; "
            "use TrainedClassifier.from_keras to cut one"
        )
    if model.inputs[0].dtype != "uint8" or len(model.input_shape) != 4:
        raise TrainingError(
            f"expected a model that takes uint8 [n, height, width, 3], got {model.inputs[0].dtype} "
            f"{list(model.input_shape)}; put the scaling inside the trunk"
        )
    if model.output_shape[1:] != (classes,):
        raise TrainingError(
            f"expected {classes} logits, one a class name, got an output of shape {list(model.output_shape)}"
        )


def _check_pixels(pixels: NDArray[np.uint8], image_shape: tuple[int, int, int]) -> None:
    if pixels.dtype != np.uint8 or tuple(pixels.shape[1:]) != image_shape:
        raise DataError(
            f"expected uint8 pixels of shape [n, {', '.join(map(str, image_shape))}], got {pixels.dtype} "
            f"{list(pixels.shape)}; give the pixels unscaled, in the size the classifier was trained on"
        )


def _append_card(path: Path, class_names: Sequence[str]) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(_CARD, json.dumps({"class_names": list(class_names)}, ensure_ascii=False))
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _read_card(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        if _CARD not in archive.namelist():
            raise StudyDamaged(
                f"expected class names ({_CARD}) in {path}, got a .keras file without; give them as class_names="
            )
        return list(json.loads(archive.read(_CARD))["class_names"])
