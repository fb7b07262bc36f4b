"""The described system's network, its weights at random, has the figures the document states."""

import keras
import numpy as np
import pytest

from lowres.files.recipes import read_recipe
from lowres.networks.explaining import Explainer
from lowres.networks.heads.feature_set import FeatureSet
from lowres.networks.heads.fitting import train_head
from lowres.networks.trained_classifier import TrainedClassifier
from lowres.networks.training.trainable_network import freeze, trainable_network

CLASSES = 10
HEAD = 2048 * 256 + 256 + 256 * CLASSES + CLASSES


def _convolution(side: int, before: int, after: int) -> int:
    """Kernel and bias, and the scale and shift of the BatchNorm behind it (He et al. 2016, as Keras has it)."""
    return side * side * before * after + after + 2 * after


def _conv5() -> int:
    """Three bottlenecks of 512 and 2,048 channels; the first takes conv4's 1,024 and has a shortcut of its own."""
    first = _convolution(1, 1024, 512) + _convolution(1, 1024, 2048)
    others = 2 * _convolution(1, 2048, 512)
    return first + others + 3 * (_convolution(3, 512, 512) + _convolution(1, 512, 2048))


@pytest.fixture(scope="module")
def classifier(resnet50: keras.Model) -> TrainedClassifier:
    """The trunk with tensors drawn at random, and the recipe's head after one epoch on features drawn at random."""
    draw = np.random.default_rng(0)
    labels = np.arange(2 * CLASSES) % CLASSES
    drawn = [draw.uniform(size=(len(labels), 2048)).astype(np.float32) for _ in range(2)]
    features = FeatureSet(drawn[0], labels, drawn[1], labels)
    choices = read_recipe("described").head.model_copy(update={"epochs": 1})
    head, _ = train_head(features, CLASSES, resnet50.output_shape[1:], choices, flipped_views="never")
    return TrainedClassifier.from_parts(resnet50, head, [str(name) for name in range(CLASSES)])


def _count(weights: list[keras.Variable]) -> int:
    return sum(int(np.prod(weight.shape)) for weight in weights)


def test_the_head_alone_trains_in_phase_one(classifier: TrainedClassifier) -> None:
    assert _count(classifier.model.trainable_weights) == HEAD == 527_114
    assert round(4 * HEAD / 2**20, 2) == 2.01
    kinds = [type(layer).__name__ for layer in classifier.head.layers[2:]]
    assert kinds == ["Dropout", "Dense", "Dropout", "Dense"]
    assert [layer.rate for layer in classifier.head.layers[2:] if isinstance(layer, keras.layers.Dropout)] == [0.3, 0.3]


def test_there_are_24_million_parameters_in_all(classifier: TrainedClassifier) -> None:
    """23,587,712 is what Keras documents for ResNet50 without its top; resizing is lowres' own and learns nothing."""
    resizing = [classifier.trunk.get_layer(name).count_params() for name in ("resize_rows", "resize_columns")]
    found = _count(classifier.trunk.weights + classifier.head.weights) - sum(resizing) - _seeds(classifier.head)
    assert found == 23_587_712 + HEAD == 24_114_826
    assert round(4 * found / 2**20, 2) == 91.99


def _seeds(head: keras.Model) -> int:
    """Dropout keeps the state of its generator among the weights."""
    return _count([weight for weight in head.weights if "seed" in weight.path])


def test_conv5_and_the_head_train_in_phase_two(classifier: TrainedClassifier) -> None:
    from_layer = read_recipe("described").fine_tuning.from_layer
    try:
        network = trainable_network(classifier.trunk, classifier.head, from_layer)
    finally:
        freeze(classifier.trunk, classifier.head)
    assert network.trained_parameters == _conv5() + HEAD == 15_503_114
    assert network.cut_layer == "conv4_block6_out"


def test_a_heat_map_is_7_by_7_at_the_end_of_conv5(classifier: TrainedClassifier) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    explainer = Explainer(classifier)
    assert explainer.layer == "conv5_block3_out"
    maps = explainer.maps(pixels, np.array([3, 5]))
    assert maps.shape == (2, 7, 7)
    assert np.isfinite(maps).all()
