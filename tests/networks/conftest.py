"""One small classifier on real digits, trained once, that the tests of every room share."""

from typing import NamedTuple

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from lowres.networks.backbones.keras_applications import application
from lowres.networks.backbones.published_tensors import published_variables
from lowres.networks.backbones.trunk import build_trunk
from lowres.networks.backend import load_backend
from lowres.networks.features import FeatureExtractor
from lowres.networks.heads.feature_set import FeatureSet
from lowres.networks.heads.fitting import train_head
from lowres.networks.trained_classifier import TrainedClassifier
from lowres.networks.training import run
from lowres.networks.training.judgement import Judgement
from lowres.values.recipes.recipe import Head

# As every command does before it trains.
load_backend()

TRAIN_IMAGES = 400
VALIDATION_IMAGES = 200


class Digits(NamedTuple):
    """The first 600 of scikit-learn's digits as uint8 `[600, 8, 8, 3]`, with their labels."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]


@pytest.fixture(scope="session")
def digits() -> Digits:
    source = load_digits()
    images = np.round(source.images[: TRAIN_IMAGES + VALIDATION_IMAGES] * (255 / 16)).astype(np.uint8)
    return Digits(np.repeat(images[..., None], 3, axis=3), source.target[: len(images)].astype(np.int64))


@pytest.fixture(scope="session")
def tiny_trunk() -> keras.Model:
    return build_trunk("tiny-conv", (8, 8, 3), 16)


@pytest.fixture(scope="session")
def resnet50() -> keras.Model:
    """ResNet50 as recipe `two-phase` builds it for CIFAR-10, its tensors drawn at random; to be left as it is."""
    network = application("resnet50", keras.Input((32, 32, 3)))
    tensors = {name: keras.ops.convert_to_numpy(one) for name, one in published_variables(network.layers).items()}
    return build_trunk("resnet50", (32, 32, 3), 224, "bilinear", tensors)


@pytest.fixture(scope="session")
def tiny_features(digits: Digits, tiny_trunk: keras.Model) -> FeatureSet:
    extractor = FeatureExtractor(tiny_trunk, "keras")
    pooled = extractor.extract(digits.pixels)
    return FeatureSet(
        pooled[:TRAIN_IMAGES],
        digits.labels[:TRAIN_IMAGES],
        pooled[TRAIN_IMAGES:],
        digits.labels[TRAIN_IMAGES:],
        extractor.extract(digits.pixels[:TRAIN_IMAGES], flipped=True),
    )


@pytest.fixture(scope="session")
def tiny_classifier(tiny_trunk: keras.Model, tiny_features: FeatureSet) -> TrainedClassifier:
    head, _ = train_head(tiny_features, 10, tiny_trunk.output_shape[1:], Head(kinds=("linear",)))
    return TrainedClassifier.from_parts(tiny_trunk, head, [f"digit {number}" for number in range(10)])


@pytest.fixture
def judged(monkeypatch):
    """Have validation say these accuracies, the first before training; losses too where given."""

    def saying(*accuracies, losses=None):
        said = iter(zip(accuracies, losses or [1.0] * len(accuracies), strict=True))

        def judge(*_):
            accuracy, loss = next(said)
            return Judgement(loss, accuracy, np.full(10, 10))

        monkeypatch.setattr(run, "judge", judge)

    return saying
