"""Heat maps of a classifier at any of its layers: up to there the engine runs it, the rest in batches behind."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.networks.engines import EngineName, Precision, batches_of, open_engine
from lowres.networks.gradients import head_gradient
from lowres.networks.splitting import split_at
from lowres.networks.trained_classifier import TrainedClassifier
from lowres.values.explaining.class_activation import CamMethod, ablation_cam, eigen_cam, find_method
from lowres.values.explaining.explanation import Maps
from lowres.values.explaining.occlusion import occlusion_shape, occlusion_views

Classes = NDArray[np.int64]
Features = NDArray[np.float32]
Advance = Callable[[int, int], None]
BATCH_IMAGES = 32
# Of one image, so many copies of the feature map with a channel at 0 are shown to the head at once.
_ABLATED_BYTES = 32 * 2**20


class Attribution(NamedTuple):
    """activations, gradients: float32 `[n, h, w, channels]`; layer: the name of the feature map they belong to."""

    activations: Features
    gradients: Features
    layer: str


class Explainer:
    """Explains one classifier at one layer.

    Because a classifier is cut into what comes before the layer and what comes after, this needs no surgery on its
    graph: any network explains alike, nested or not, also after saving and loading.
    layer: the name of the feature map. engine: what the trunk runs on; another may be put in its place.
    """

    def __init__(
        self,
        classifier: TrainedClassifier,
        layer: str = "",
        *,
        engine: EngineName = "keras",
        precision: Precision = "auto",
    ) -> None:
        """Cut at `layer`, the classifier's own feature map where it is empty; refused as `split_at` refuses.

        engine, precision: what the trunk runs on, as in `open_engine`.
        """
        is_own = layer in ("", classifier.feature_layer)
        parts = (classifier.trunk, classifier.head) if is_own else split_at(classifier.model, layer)
        self.trunk, self.head = parts
        self.layer = str(self.trunk.layers[-1].name)
        self._classes = len(classifier.class_names)
        self.engine = open_engine(self.trunk, engine, precision)
        self._gradient = head_gradient(self.head)

    def maps(
        self,
        pixels: NDArray[np.uint8],
        targets: Classes,
        against: Classes | None = None,
        *,
        method: str = "grad-cam",
        batch_images: int = BATCH_IMAGES,
        advance: Advance = lambda done, total: None,
    ) -> Maps:
        """Return raw maps, float32 `[n, height, width]`, of uint8 images `[n, h, w, 3]`.

        targets: int64 `[n]`, the class whose logit is explained. against: int64 `[n]`, where the question is "why this
        and not that": the difference of the two logits is explained. advance: told how many images are done.
        Refused with PredictionsError: an unknown method, classes that do not fit.
        """
        chosen = find_method(method)
        directions = self._directions(targets, against, len(pixels))
        maps, done = [], 0
        for part in self._batches(chosen, pixels, directions, batch_images):
            maps.append(part)
            done += len(part)
            advance(done, len(pixels))
        return np.concatenate(maps)

    def logits(self, pixels: NDArray[np.uint8], *, batch_images: int = BATCH_IMAGES) -> Features:
        """Return float32 `[n, classes]`: trunk and head one after the other, where no engine holds them both."""
        rows = np.arange(len(pixels))
        features = self.engine.run(batches_of(pixels, rows, batch_images))
        return np.concatenate([np.asarray(self.head.predict_on_batch(batch), np.float32) for batch in features])

    def attribution(
        self, pixels: NDArray[np.uint8], targets: Classes, against: Classes | None = None, *, batch_images: int = 32
    ) -> Attribution:
        """Return what gradient methods are made of, of all images at once."""
        directions = self._directions(targets, against, len(pixels))
        pairs = list(self._gradients(pixels, directions, batch_images))
        activations, gradients = (np.concatenate(some) for some in zip(*pairs, strict=True))
        return Attribution(activations, gradients, self.layer)

    def _batches(
        self, method: CamMethod, pixels: NDArray[np.uint8], directions: Features, batch_images: int
    ) -> Iterator[Maps]:
        if method.combine is not None:
            for activations, gradients in self._gradients(pixels, directions, batch_images):
                yield method.combine(activations, gradients)
        elif method.needs == "activations":
            for activations, _ in self._activations(pixels, directions, batch_images):
                yield eigen_cam(activations)
        elif method.needs == "ablations":
            for activations, asked in self._activations(pixels, directions, batch_images):
                yield ablation_cam(activations, *_ablated(self.head, activations, asked))
        else:
            yield from self._occluded(pixels, directions, batch_images)

    def _gradients(
        self, pixels: NDArray[np.uint8], directions: Features, batch_images: int
    ) -> Iterator[tuple[Features, Features]]:
        for activations, asked in self._activations(pixels, directions, batch_images):
            yield activations, self._gradient(activations, asked)

    def _activations(
        self, pixels: NDArray[np.uint8], directions: Features, batch_images: int
    ) -> Iterator[tuple[Features, Features]]:
        done = 0
        for activations in self.engine.run(batches_of(pixels, np.arange(len(pixels)), batch_images)):
            yield activations, directions[done : done + len(activations)]
            done += len(activations)

    def _occluded(self, pixels: NDArray[np.uint8], directions: Features, batch_images: int) -> Iterator[Maps]:
        for start in range(0, len(pixels), batch_images):
            batch, asked = np.asarray(pixels[start : start + batch_images]), directions[start : start + batch_images]
            # A view of every image at a time, so that a batch is as large as any other.
            scores = [
                (self.head.predict_on_batch(activations) * asked).sum(axis=1)
                for activations in self.engine.run(itertools.chain([batch], occlusion_views(batch)))
            ]
            falls = np.stack([scores[0] - score for score in scores[1:]], axis=1)
            yield falls.astype(np.float32).reshape(len(batch), *occlusion_shape(*batch.shape[1:3]))

    def _directions(self, targets: Classes, against: Classes | None, images: int) -> Features:
        directions = np.zeros((images, self._classes), np.float32)
        rows = np.arange(images)
        directions[rows, _checked(targets, images, self._classes)] = 1
        if against is not None:
            others = _checked(against, images, self._classes)
            if (others == targets).any():
                raise PredictionsError("expected another class to tell the target from, got the target itself")
            directions[rows, others] = -1
        return directions


def _ablated(head: keras.Model, activations: Features, directions: Features) -> tuple[Features, Features]:
    """The scores `[n]`, and `[n, channels]` those with one channel set to 0, by running the head that often."""
    channels = activations.shape[-1]
    copies = max(1, min(channels, _ABLATED_BYTES // activations[0].nbytes))
    scores = (head.predict_on_batch(activations) * directions).sum(axis=1)
    ablated = np.empty((len(activations), channels), np.float32)
    for row, (features, direction) in enumerate(zip(activations, directions, strict=True)):
        for start in range(0, channels, copies):
            numbers = np.arange(start, min(start + copies, channels))
            views = np.repeat(features[None], len(numbers), axis=0)
            views[np.arange(len(numbers)), :, :, numbers] = 0
            ablated[row, numbers] = head.predict_on_batch(views) @ direction
    return scores, ablated


def _checked(target_classes: Classes, images: int, classes: int) -> Classes:
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
