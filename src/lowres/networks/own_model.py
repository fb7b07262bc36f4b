"""A user's own Keras file made ready to be explained: what it wants to be fed is stated, never guessed in silence."""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import keras

from lowres.errors import StudyDamaged, TrainingError
from lowres.networks.splitting import is_convolution, last_feature_map
from lowres.networks.trained_classifier import TrainedClassifier

InputRange = Literal["0..255", "0..1", "-1..1"]
_RANGES: dict[str, tuple[float, float]] = {"0..255": (1.0, 0.0), "0..1": (1 / 255, 0.0), "-1..1": (1 / 127.5, -1.0)}
_SUFFIXES = (".keras", ".h5", ".hdf5")
# Layers, and operations written as `pixels / 255`, that may stand before the first convolution.
_SCALING = ("Rescaling", "Normalization", "BatchNormalization", "TrueDivide", "Divide", "Multiply", "Subtract")


class OwnModel(NamedTuple):
    """classifier: takes uint8 pixels. contract: what it is fed, in words. doubt: what speaks against it, or nothing."""

    classifier: TrainedClassifier
    contract: str
    doubt: str


def open_own_model(
    path: Path,
    *,
    layer: str = "",
    input_range: InputRange = "0..255",
    input_pixels: int = 0,
    class_names: Sequence[str] = (),
) -> OwnModel:
    """Return the model of a .keras or .h5 file, cut after `layer` (empty: its last feature map).

    What lowres itself saved brings its class names and its cut; others are called "class 0" and so on unless
    `class_names` says more. input_range: of the numbers the model was trained on. input_pixels: side of its pictures,
    where the model leaves that open. Refused: no file that opens (StudyDamaged), a model that cannot be cut, fed or
    named so (TrainingError).
    """
    model = _loaded(path)
    if {"trunk", "head"} <= {one.name for one in model.layers} and model.inputs[0].dtype == "uint8":
        saved = TrainedClassifier.load(path, class_names or None)
        height, width, _ = saved.image_shape
        return OwnModel(saved, f"{height} x {width} RGB pixels from 0 to 255", "")
    model = _sized(model, path, input_pixels)
    height, width, channels = model.input_shape[1:]
    if channels not in (1, 3):
        raise TrainingError(f"expected a model of pictures with 3 channels or 1, got {channels} in {path.name}")
    names = tuple(class_names) or tuple(f"class {number}" for number in range(model.output_shape[-1]))
    fed = _scaled(model, input_range)
    classifier = TrainedClassifier.from_keras(fed, layer or last_feature_map(fed), names)
    colours = "RGB" if channels == 3 else "grey"
    contract = f"{height} x {width} {colours} pixels from {input_range.replace('..', ' to ')}"
    return OwnModel(classifier, contract, _doubt(classifier, input_range))


def _loaded(path: Path) -> keras.Model:
    if not path.is_file() or path.suffix not in _SUFFIXES:
        raise StudyDamaged(f"expected a Keras model ({', '.join(_SUFFIXES)}) at {path}, got no such file")
    if path.suffix == ".keras" and not zipfile.is_zipfile(path):
        raise StudyDamaged(f"expected a Keras model at {path}, got none that opens; save it again")
    try:
        return keras.saving.load_model(path, compile=False)
    except OSError as error:
        raise StudyDamaged(f"expected a Keras model at {path}, got none that opens: {error}") from error
    except (ValueError, TypeError, KeyError) as error:
        cause = str(error).strip().splitlines()[0]
        raise TrainingError(
            f"expected a model of built-in Keras layers in {path.name}, got one that does not load: {cause}; "
            "rebuild it without Lambda and without layers of your own, and save it again"
        ) from error


def _sized(model: keras.Model, path: Path, input_pixels: int) -> keras.Model:
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) != 4 or len(getattr(model, "output_shape", ())) != 2:
        raise TrainingError(
            f"expected a model from one picture [n, height, width, channels] to [n, classes] in {path.name}, "
            f"got {shape} to {getattr(model, 'output_shape', None)}"
        )
    if None not in shape[1:3]:
        return model
    if not input_pixels:
        raise TrainingError(
            f"expected {path.name} to say how large its pictures are, got {list(shape)}; say it: --input-pixels 224"
        )
    pixels = keras.Input((input_pixels, input_pixels, shape[3]), dtype=model.inputs[0].dtype)
    return keras.Model(pixels, model(pixels), name=f"{model.name}_sized")


def _scaled(model: keras.Model, input_range: InputRange) -> keras.Model:
    if input_range not in _RANGES:
        raise TrainingError(f"expected an input range among {', '.join(_RANGES)}, got {input_range!r}")
    if input_range == "0..255":
        return model
    pixels = keras.Input(model.input_shape[1:])
    scale, offset = _RANGES[input_range]
    scaled = keras.layers.Rescaling(scale, offset, name="lowres_scaling")(pixels)
    return keras.Model(pixels, model(scaled), name=f"{model.name}_scaled")


def _doubt(classifier: TrainedClassifier, input_range: InputRange) -> str:
    before = itertools.takewhile(lambda one: not is_convolution(one), classifier.trunk.operations)
    own = [one for one in before if type(one).__name__ in _SCALING]
    if input_range == "0..255" and not own:
        return (
            "it has no layer that scales pixels; where it was trained on numbers from 0 to 1 or -1 to 1, its answers "
            "here are wrong: say --input-range 0..1 or --input-range=-1..1"
        )
    if input_range != "0..255" and len(own) > 1:
        return "it scales pixels itself as well; they may be scaled twice: try it without --input-range"
    return ""
