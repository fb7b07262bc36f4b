"""Any Keras classifier can be cut after a named layer, and the two parts together give its logits."""

import keras
import numpy as np
import pytest

from lowres.errors import TrainingError
from lowres.networks.splitting import split_at
from lowres.networks.trained_classifier import TrainedClassifier

CLASSES = ("a", "b", "c")


def _backbone() -> keras.Model:
    pixels = keras.Input((8, 8, 3))
    x = keras.layers.Rescaling(1 / 255)(pixels)
    x = keras.layers.Conv2D(4, 3, activation="relu", name="conv1")(x)
    x = keras.layers.BatchNormalization(name="bn")(x)
    return keras.Model(pixels, keras.layers.Conv2D(5, 3, name="conv2")(x), name="backbone")


def _top(activation: str) -> list[keras.Layer]:
    return [keras.layers.GlobalAveragePooling2D(name="gap"), keras.layers.Dense(3, activation=activation, name="top")]


def _flat(activation: str) -> keras.Model:
    backbone = _backbone()
    x = backbone.output
    for layer in _top(activation):
        x = layer(x)
    return keras.Model(backbone.input, x)


def _nested(activation: str) -> keras.Model:
    pixels = keras.Input((8, 8, 3))
    x = _backbone()(keras.layers.RandomFlip("horizontal", seed=1)(pixels))
    for layer in _top(activation):
        x = layer(x)
    return keras.Model(pixels, x)


def _sequential(activation: str) -> keras.Model:
    return keras.Sequential([keras.Input((8, 8, 3)), _backbone(), *_top(activation)])


def _twice_nested(activation: str) -> keras.Model:
    return keras.Sequential([keras.Input((8, 8, 3)), _nested("linear"), keras.layers.Activation(activation)])


MODELS = [_flat, _nested, _sequential, _twice_nested]


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("layer", ["conv1", "bn", "conv2"])
def test_trunk_and_head_together_are_the_model(make, layer: str, pixels: np.ndarray) -> None:
    model = make("linear")
    trunk, head = split_at(model, layer)
    assert (trunk.name, head.name, trunk.layers[-1].name) == ("trunk", "head", layer)
    assert trunk.inputs[0].dtype == "uint8"
    found = head.predict_on_batch(trunk.predict_on_batch(pixels))
    np.testing.assert_allclose(found, model.predict_on_batch(pixels.astype(np.float32)), atol=1e-5)


@pytest.mark.parametrize("make", MODELS)
def test_a_softmax_is_taken_off(make, pixels: np.ndarray) -> None:
    model = make("softmax")
    trunk, head = split_at(model, "conv2")
    logits = head.predict_on_batch(trunk.predict_on_batch(pixels))
    weights = np.exp(logits)
    expected = model.predict_on_batch(pixels.astype(np.float32))
    np.testing.assert_allclose(weights / weights.sum(axis=1, keepdims=True), expected, atol=1e-5)
    assert not np.allclose(logits, expected)


def test_a_softmax_layer_is_taken_off(pixels: np.ndarray) -> None:
    inner = _flat("linear")
    model = keras.Model(inner.input, keras.layers.Softmax()(inner.output))
    trunk, head = split_at(model, "conv2")
    found = head.predict_on_batch(trunk.predict_on_batch(pixels))
    np.testing.assert_allclose(found, inner.predict_on_batch(pixels.astype(np.float32)), atol=1e-5)


def test_another_end_is_kept(pixels: np.ndarray) -> None:
    model = _flat("tanh")
    trunk, head = split_at(model, "conv2")
    found = head.predict_on_batch(trunk.predict_on_batch(pixels))
    np.testing.assert_allclose(found, model.predict_on_batch(pixels.astype(np.float32)), atol=1e-5)


def test_the_model_itself_is_left_as_it_was(pixels: np.ndarray) -> None:
    model = _nested("softmax")
    before = model.predict_on_batch(pixels.astype(np.float32))
    config = model.to_json()
    _, head = split_at(model, "conv2")
    head.set_weights([weight + 1 for weight in head.get_weights()])
    np.testing.assert_array_equal(model.predict_on_batch(pixels.astype(np.float32)), before)
    assert model.to_json() == config


@pytest.mark.parametrize("make", MODELS)
def test_a_classifier_of_it_saves_and_loads(make, pixels: np.ndarray, tmp_path) -> None:
    classifier = TrainedClassifier.from_keras(make("softmax"), "conv2", CLASSES)
    classifier.save(tmp_path / "model.keras")
    again = TrainedClassifier.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.logits(pixels), classifier.logits(pixels))
    assert (again.feature_layer, again.class_names) == ("conv2", CLASSES)


def _with_a_way_around() -> keras.Model:
    pixels = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", name="conv")(pixels)
    around = keras.layers.Conv2D(4, 1, name="around")(pixels)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Add()([x, around]))
    return keras.Model(pixels, keras.layers.Dense(3)(x), name="forked")


def _with_equal_names() -> keras.Model:
    pixels = keras.Input((8, 8, 3))
    inner = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(3, 1, name="same")], name="inner")
    x = keras.layers.Conv2D(3, 1, name="same")(inner(pixels))
    return keras.Model(pixels, keras.layers.Dense(3)(keras.layers.Flatten()(x)), name="doubled")


class _Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


@pytest.mark.parametrize(
    ("model", "layer", "complaint"),
    [
        (_flat("linear"), "conv9", r"a layer of 'functional.*', got 'conv9'; name one of .*conv1, bn, conv2, gap, top"),
        (_flat("linear"), "gap", r"a feature map .*, got 'gap' of .* with \[None, 5\]; name the last convolution"),
        (_flat("sigmoid"), "conv2", "ends in logits or a softmax, got 'sigmoid' in 'top'; give the model before it"),
        (_with_a_way_around(), "conv", "all paths of 'forked' to go through 'conv', got one around it"),
        (_with_equal_names(), "same", "expected 'doubled' to have no two layers of one name, nested ones counted"),
        (_Subclassed(), "conv", "a Functional or Sequential model, got _Subclassed; rebuild it from keras.Input"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_cut_is_refused(model: keras.Model, layer: str, complaint: str) -> None:
    with pytest.raises(TrainingError, match=complaint):
        split_at(model, layer)
