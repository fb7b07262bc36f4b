"""Every engine gives the network's own numbers, in order, each row once; and the choice between them is said."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from lowres.errors import MissingDependency, RecipeError, TrainingError
from lowres.networks import engines
from lowres.networks.engines import KerasEngine, batches_of, open_engine

on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="OpenVINO reads networks of the TensorFlow backend only"
)


@pytest.fixture(scope="module")
def sums() -> keras.Model:
    """A network whose answer is known: the sum of each channel."""
    pixels = keras.Input((4, 5, 3), dtype="uint8")
    return keras.Model(pixels, keras.ops.sum(keras.ops.cast(pixels, "float32"), axis=(1, 2)))


@pytest.fixture(scope="module")
def unknown_to_openvino() -> keras.Model:
    """TensorFlow's bicubic resize is the one that OpenVINO does not read."""
    pixels = keras.Input((4, 5, 3), dtype="uint8")
    return keras.Model(pixels, keras.layers.Resizing(8, 8, interpolation="bicubic")(pixels))


@pytest.fixture
def hide_openvino(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def hide() -> None:
        monkeypatch.setattr(engines.importlib.util, "find_spec", lambda name: None)

    return hide


@pytest.mark.parametrize("engine", ["keras", pytest.param("openvino", marks=on_tensorflow)])
@pytest.mark.parametrize("images", [1, 2, 7])
def test_every_row_once_and_in_order(engine: str, images: int, sums: keras.Model) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 4, 5, 3), dtype=np.uint8)
    rows = np.array([8, 0, 5, 5, 3, 1, 2])[:images]
    found = list(open_engine(sums, engine, "float32").run(batches_of(pixels, rows, 3)))
    assert [len(batch) for batch in found] == {1: [1], 2: [2], 7: [3, 3, 1]}[images]
    np.testing.assert_array_equal(np.concatenate(found), pixels[rows].sum(axis=(1, 2)))


def test_a_mirrored_batch_is_mirrored_left_to_right() -> None:
    pixels = np.arange(2 * 1 * 2 * 3, dtype=np.uint8).reshape(2, 1, 2, 3)
    (batch,) = batches_of(pixels, np.array([1]), 8, flipped=True)
    np.testing.assert_array_equal(batch, [[[[9, 10, 11], [6, 7, 8]]]])
    assert batch.flags.c_contiguous


@on_tensorflow
def test_auto_takes_openvino(sums: keras.Model) -> None:
    engine = open_engine(sums)
    assert (engine.name, engine.note) == ("openvino", "")


@on_tensorflow
def test_auto_takes_keras_where_openvino_is_not(sums: keras.Model, hide_openvino: Callable[[], None]) -> None:
    hide_openvino()
    engine = open_engine(sums)
    assert (engine.name, engine.precision, engine.note) == ("keras", "float32", "no OpenVINO")
    with pytest.raises(MissingDependency, match="for features.engine = 'openvino', got no OpenVINO; install lowres"):
        open_engine(sums, "openvino")


def test_openvino_needs_the_tensorflow_backend(sums: keras.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines.keras.backend, "backend", lambda: "jax")
    with pytest.raises(MissingDependency, match="got Keras on jax"):
        open_engine(sums, "openvino")


@on_tensorflow
def test_auto_takes_keras_for_a_network_openvino_cannot_read(unknown_to_openvino: keras.Model) -> None:
    engine = open_engine(unknown_to_openvino)
    assert engine.name == "keras"
    assert "ResizeBicubic" in engine.note
    with pytest.raises(TrainingError, match="one it cannot read .*ResizeBicubic.*; set features.engine to 'keras'"):
        open_engine(unknown_to_openvino, "openvino")


def test_keras_asked_for_by_name_is_no_second_choice(sums: keras.Model) -> None:
    assert open_engine(sums, "keras").note == ""
    assert isinstance(open_engine(sums, "keras"), KerasEngine)


def test_bfloat16_with_keras_is_refused(sums: keras.Model) -> None:
    with pytest.raises(RecipeError, match="'float32' or 'auto' with the engine keras, got 'bfloat16'; set"):
        open_engine(sums, "keras", "bfloat16")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("onnx", "auto"), "features.engine among auto, openvino, keras, got 'onnx'"),
        (("auto", "int8"), "features.precision among auto, bfloat16, float32, got 'int8'"),
    ],
)
def test_unknown_names_are_refused(arguments: tuple[str, str], complaint: str, sums: keras.Model) -> None:
    with pytest.raises(RecipeError, match=complaint):
        open_engine(sums, *arguments)
