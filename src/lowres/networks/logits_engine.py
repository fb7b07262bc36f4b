"""Logits of pictures that come batch by batch, by the way a study's own predictions went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.engines import Engine, EngineName, Precision, open_engine
from lowres.networks.features import FeatureExtractor
from lowres.networks.trained_classifier import TrainedClassifier


class LogitsByFeatures:
    """The trunk on its engine and the head in float32, as a frozen study computes its predictions."""

    def __init__(
        self, classifier: TrainedClassifier, engine: EngineName, precision: Precision, with_embedding: bool = False
    ) -> None:
        """Convert the trunk where the engine asks for it; a second or two."""
        self._classifier, self._with_embedding = classifier, with_embedding
        self._extractor = FeatureExtractor(classifier.trunk, engine, precision)
        self.name, self.precision = self._extractor.engine, self._extractor.precision
        self.note, self.parallel_batches = self._extractor.note, self._extractor.parallel_batches

    def run(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Yield the logits of each batch, in their order; behind them, where asked, the features they came from."""
        for features in self._extractor.run(batches):
            logits = self._classifier.logits_from_features(features)
            yield np.concatenate([logits, features], axis=1) if self._with_embedding else logits


def open_logits_engine(
    classifier: TrainedClassifier,
    engine: EngineName,
    precision: Precision,
    by_features: bool,
    with_embedding: bool = False,
) -> Engine:
    """Return what gives float32 `[n, classes]` for uint8 pixels: the trunk and then the head, or all in one.

    with_embedding: gives `[n, classes + channels]` instead, the logits and then the feature map that the head was
    given, averaged over height and width; out of the same pass.
    Refused with what `open_engine` refuses; by_features with TrainingError for a head that takes no averaged features.
    """
    if by_features:
        return LogitsByFeatures(classifier, engine, precision, with_embedding)
    network = _with_embedding(classifier) if with_embedding else classifier.model
    return open_engine(network, engine, precision)


def _with_embedding(classifier: TrainedClassifier) -> keras.Model:
    """The network with its embedding beside its logits: one output, for engines have one."""
    pixels = keras.Input(classifier.image_shape, dtype="uint8", name="pixels")
    features = classifier.trunk(pixels)
    pooled = keras.layers.GlobalAveragePooling2D(dtype="float32", name="embedding")(features)
    logits = classifier.head(features)
    both = keras.layers.Concatenate(dtype="float32", name="logits_and_embedding")([logits, pooled])
    return keras.Model(pixels, both, name="classifier_with_embedding")
