"""Anybody's Keras file is cut and explained, nested or not, and what cannot be is refused in words."""

from pathlib import Path

import keras
import numpy as np
import pytest

from lowres.errors import StudyDamaged, TrainingError
from lowres.networks.explaining import Explainer
from lowres.networks.own_model import open_own_model
from lowres.networks.splitting import last_feature_map
from lowres.networks.trained_classifier import TrainedClassifier

layers = keras.layers
PIXELS = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)


def _backbone(size: int | None = 8, channels: int = 3) -> keras.Model:
    pixels = keras.Input((size, size, channels))
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(layers.Rescaling(1 / 255)(pixels))
    return keras.Model(pixels, layers.Conv2D(5, 3, activation="relu", name="conv2")(x), name="backbone")


def _tops(pool: keras.Layer) -> list[keras.Layer]:
    return [pool, layers.Dense(3, activation="softmax", name="top")]


def flat() -> keras.Model:
    backbone, x = _backbone(), None
    for layer in _tops(layers.GlobalAveragePooling2D()):
        x = layer(backbone.output if x is None else x)
    return keras.Model(backbone.input, x)


def nested() -> keras.Model:
    pixels = keras.Input((8, 8, 3))
    x = layers.Dropout(0.5, name="last_dropout")(_backbone()(layers.RandomFlip(name="flips")(pixels)))
    for layer in _tops(layers.Flatten()):
        x = layer(x)
    return keras.Model(pixels, x)


def sequential() -> keras.Model:
    return keras.Sequential([keras.Input((8, 8, 3)), _backbone(), *_tops(layers.GlobalMaxPooling2D(keepdims=False))])


def kept_dimensions() -> keras.Model:
    """Its last map of four dimensions has one place, which is nothing to look at."""
    pool = layers.GlobalAveragePooling2D(keepdims=True)
    return keras.Sequential([keras.Input((8, 8, 3)), _backbone(), pool, layers.Flatten(), layers.Dense(3)])


def two_branches() -> keras.Model:
    """Behind conv2 the ways part and meet again only where no places are left."""
    pixels = keras.Input((8, 8, 3))
    x = _backbone()(pixels)
    left = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 1, name="left")(x))
    right = layers.GlobalMaxPooling2D()(layers.Conv2D(2, 1, name="right")(x))
    return keras.Model(pixels, layers.Dense(3)(layers.Concatenate()([left, right])))


@pytest.mark.parametrize(
    ("make", "layer"),
    [
        (flat, "conv2"),
        (nested, "last_dropout"),
        (sequential, "conv2"),
        (kept_dimensions, "conv2"),
        (two_branches, "conv2"),
    ],
)
def test_the_last_feature_map_is_found_and_explained(make, layer: str, tmp_path: Path) -> None:
    model = make()
    model.save(tmp_path / "own.keras")
    own = open_own_model(tmp_path / "own.keras")
    assert (own.classifier.feature_layer, own.classifier.class_names) == (layer, ("class 0", "class 1", "class 2"))
    assert (own.contract, own.doubt) == ("8 x 8 RGB pixels from 0 to 255", "")
    logits = own.classifier.logits(PIXELS)
    expected = model.predict_on_batch(PIXELS.astype(np.float32))
    if make in (flat, nested, sequential):
        logits = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    targets = np.array([0, 1, 2, 1])
    assert Explainer(own.classifier).maps(PIXELS, targets).shape == (4, 4, 4)
    finer = Explainer(own.classifier, "conv1").maps(PIXELS, targets, (targets + 1) % 3)
    assert finer.shape == (4, 6, 6)


def test_what_lowres_saved_keeps_its_names_and_its_cut(tiny_classifier: TrainedClassifier, tmp_path: Path) -> None:
    tiny_classifier.save(tmp_path / "model.keras")
    own = open_own_model(tmp_path / "model.keras")
    assert own.classifier.class_names == tiny_classifier.class_names
    assert (own.classifier.feature_layer, own.contract) == ("tiny_out", "8 x 8 RGB pixels from 0 to 255")
    assert own.doubt == ""


def _unscaled(channels: int = 3) -> keras.Model:
    top = _tops(layers.GlobalAveragePooling2D())
    return keras.Sequential([keras.Input((8, 8, channels)), layers.Conv2D(4, 3, name="conv"), *top])


@pytest.mark.parametrize(("input_range", "scale", "offset"), [("0..1", 255, 0), ("-1..1", 127.5, -1)])
def test_the_range_that_is_said_is_fed(input_range, scale: float, offset: float, tmp_path: Path) -> None:
    model = _unscaled()
    model.save(tmp_path / "own.keras")
    own = open_own_model(tmp_path / "own.keras", input_range=input_range, class_names=("a", "b", "c"))
    expected = model.predict_on_batch(PIXELS / np.float32(scale) + offset)
    logits = own.classifier.logits(PIXELS)
    np.testing.assert_allclose(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), expected, atol=1e-5)
    assert own.contract == f"8 x 8 RGB pixels from {input_range.replace('..', ' to ')}"
    assert (own.doubt, own.classifier.class_names) == ("", ("a", "b", "c"))


def test_doubts_about_scaling_are_told(tmp_path: Path) -> None:
    _unscaled().save(tmp_path / "unscaled.keras")
    assert "no layer that scales pixels" in open_own_model(tmp_path / "unscaled.keras").doubt
    flat().save(tmp_path / "scaled.keras")
    pixels = keras.Input((8, 8, 3))
    x = layers.Flatten()(layers.Conv2D(2, 3)(pixels / 255.0))
    keras.Model(pixels, layers.Dense(2)(x)).save(tmp_path / "divided.keras")
    assert open_own_model(tmp_path / "divided.keras").doubt == ""
    assert "may be scaled twice" in open_own_model(tmp_path / "scaled.keras", input_range="0..1").doubt


def test_grey_models_and_models_of_any_size(tmp_path: Path) -> None:
    _unscaled(channels=1).save(tmp_path / "grey.keras")
    own = open_own_model(tmp_path / "grey.keras")
    assert own.contract == "8 x 8 grey pixels from 0 to 255"
    assert Explainer(own.classifier).maps(PIXELS[..., :1], np.zeros(4, int)).shape == (4, 6, 6)
    backbone = _backbone(size=None)
    keras.Sequential([backbone, *_tops(layers.GlobalAveragePooling2D())]).save(tmp_path / "any.keras")
    with pytest.raises(TrainingError, match=r"any.keras to say how large its pictures are, .*--input-pixels 224"):
        open_own_model(tmp_path / "any.keras")
    assert open_own_model(tmp_path / "any.keras", input_pixels=12).classifier.image_shape == (12, 12, 3)


def _dense() -> keras.Model:
    return keras.Sequential([keras.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(3)])


def _one_dimensional() -> keras.Model:
    return keras.Sequential([keras.Input((12,)), layers.Dense(3)])


def _five_channels() -> keras.Model:
    return _unscaled(channels=5)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (_dense, r"a model with a convolution, got 'sequential.*' with none \(InputLayer, .*Flatten, Dense\)"),
        (
            _one_dimensional,
            r"one picture \[n, height, width, channels\] to \[n, classes\] in own.keras, got \(None, 12\)",
        ),
        (_five_channels, "3 channels or 1, got 5 in own.keras"),
    ],
)
def test_a_model_that_has_no_places_is_refused(make, complaint: str, tmp_path: Path) -> None:
    make().save(tmp_path / "own.keras")
    with pytest.raises(TrainingError, match=complaint):
        open_own_model(tmp_path / "own.keras")


def test_no_layer_that_all_paths_go_through_is_refused() -> None:
    pixels = keras.Input((8, 8, 3))
    arms = [layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3)(pixels)) for _ in range(2)]
    model = keras.Model(pixels, layers.Dense(3)(layers.Concatenate()(arms)), name="forked")
    with pytest.raises(TrainingError, match="a layer of 'forked' whose feature map all paths go through, got none"):
        last_feature_map(model)


def test_files_that_are_no_such_model_are_refused(tmp_path: Path) -> None:
    (tmp_path / "own.keras").write_bytes(b"PK nothing")
    with pytest.raises(StudyDamaged, match=r"a Keras model at .*own.keras, got none that opens"):
        open_own_model(tmp_path / "own.keras")
    with pytest.raises(StudyDamaged, match=r"a Keras model \(.keras, .h5, .hdf5\) at .*own.txt, got no such file"):
        open_own_model(tmp_path / "own.txt")
    keras.Sequential([keras.Input((8, 8, 3)), layers.Lambda(lambda x: x)]).save(tmp_path / "lambda.keras")
    with pytest.raises(TrainingError, match=r"built-in Keras layers in lambda.keras, .*rebuild it without Lambda"):
        open_own_model(tmp_path / "lambda.keras")
    flat().save(tmp_path / "own.keras")
    with pytest.raises(TrainingError, match=r"an input range among 0..255, 0..1, -1..1, got '0-9'"):
        open_own_model(tmp_path / "own.keras", input_range="0-9")
