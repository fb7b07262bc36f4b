"""Logits of pictures that come batch by batch, by the way a study's own predictions went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from lowres.networks.engines import Engine, EngineName, Precision, open_engine
from lowres.networks.features import FeatureExtractor
from lowres.networks.trained_classifier import TrainedClassifier


class LogitsByFeatures:
    """The trunk on its engine and the head in float32, as a frozen study computes its predictions."""

    def __init__(self, classifier: TrainedClassifier, engine: EngineName, precision: Precision) -> None:
        """Convert the trunk where the engine asks for it; a second or two."""
        self._classifier = classifier
        self._extractor = FeatureExtractor(classifier.trunk, engine, precision)
        self.name, self.precision = self._extractor.engine, self._extractor.precision
        self.note, self.parallel_batches = self._extractor.note, self._extractor.parallel_batches

    def run(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Yield the logits of each batch, in their order."""
        for features in self._extractor.run(batches):
            yield self._classifier.logits_from_features(features)


def open_logits_engine(
    classifier: TrainedClassifier, engine: EngineName, precision: Precision, by_features: bool
) -> Engine:
    """Return what gives float32 `[n, classes]` for uint8 pixels: the trunk and then the head, or all in one.

    Refused with what `open_engine` refuses; by_features with TrainingError for a head that takes no averaged features.
    """
    if by_features:
        return LogitsByFeatures(classifier, engine, precision)
    return open_engine(classifier.model, engine, precision)
