"""A classifier predicts every row once, and the same after saving and loading in a fresh process."""

import errno
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from lowres.errors import DataError, DiskFull, StudyDamaged, TrainingError
from lowres.networks.trained_classifier import TrainedClassifier

IN_A_FRESH_PROCESS = """
import sys, keras, numpy as np
model = keras.saving.load_model("model.keras")
np.save("logits.npy", np.concatenate([model.predict_on_batch(part) for part in np.split(np.load("pixels.npy"), [64])]))
assert not any(name.startswith("lowres") for name in sys.modules)
from pathlib import Path
from lowres.networks.trained_classifier import TrainedClassifier
np.save("again.npy", TrainedClassifier.load(Path("model.keras")).logits(np.load("pixels.npy")))
"""


@pytest.fixture
def saved(tiny_classifier: TrainedClassifier, tmp_path: Path) -> Path:
    path = tmp_path / "model.keras"
    tiny_classifier.save(path)
    return path


def test_logits_are_the_heads_of_the_trunks(tiny_classifier: TrainedClassifier, digits) -> None:
    pixels = digits.pixels[:70]
    expected = tiny_classifier.head.predict_on_batch(tiny_classifier.trunk.predict_on_batch(pixels))
    np.testing.assert_allclose(tiny_classifier.logits(pixels), expected, atol=1e-5)
    assert tiny_classifier.logits(pixels).dtype == np.float32


def test_predictions_hold_every_row_once_with_its_id_and_label(tiny_classifier: TrainedClassifier, digits) -> None:
    ids = [f"digits-{number}" for number in range(len(digits.labels))]
    rows = np.array([300, 4, 17, 599, 5])
    everything = tiny_classifier.predict(digits.pixels, ids, digits.labels, batch_images=7)
    assert everything.ids == tuple(ids)
    assert everything.is_right[400:].mean() > 0.5
    some = tiny_classifier.predict(digits.pixels, ids, digits.labels, rows, batch_images=2)
    assert some.ids == tuple(ids[row] for row in rows)
    np.testing.assert_array_equal(some.labels, digits.labels[rows])
    np.testing.assert_allclose(some.logits, everything.logits[rows], atol=1e-5)
    assert some.class_names == tiny_classifier.class_names


def test_flipped_views_are_the_mean_of_both(tiny_classifier: TrainedClassifier, digits) -> None:
    pixels = digits.pixels[:9]
    plain, mirrored = tiny_classifier.logits(pixels), tiny_classifier.logits(pixels[:, :, ::-1])
    np.testing.assert_allclose(tiny_classifier.logits(pixels, flip_views=True), (plain + mirrored) / 2, atol=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="OpenVINO reads TensorFlow's networks only")
def test_openvino_says_the_same(tiny_classifier: TrainedClassifier, digits) -> None:
    found = tiny_classifier.logits(digits.pixels[:70], engine="openvino", precision="float32")
    np.testing.assert_allclose(found, tiny_classifier.logits(digits.pixels[:70]), atol=1e-3)


def test_logits_from_features_are_those_from_pixels(tiny_classifier: TrainedClassifier, digits) -> None:
    pooled = tiny_classifier.trunk.predict_on_batch(digits.pixels[:20]).mean(axis=(1, 2))
    expected = tiny_classifier.logits(digits.pixels[:20])
    np.testing.assert_allclose(tiny_classifier.logits_from_features(pooled), expected, atol=1e-4)


def test_logits_from_features_need_a_head_that_begins_with_the_average(tiny_trunk: keras.Model) -> None:
    inputs = keras.Input(tiny_trunk.output_shape[1:])
    x = keras.layers.Dense(2, name="logits")(keras.layers.Flatten(name="flatten")(inputs))
    classifier = TrainedClassifier.from_parts(tiny_trunk, keras.Model(inputs, x, name="head"), ["a", "b"])
    with pytest.raises(TrainingError, match="begins with the average named 'pooled', got 'flatten'; use logits"):
        classifier.logits_from_features(np.zeros((1, 32), np.float32))


def test_no_rows_no_logits(tiny_classifier: TrainedClassifier, digits) -> None:
    assert tiny_classifier.logits(digits.pixels, np.array([], np.int64)).shape == (0, 10)


def test_it_predicts_the_same_after_loading_in_a_fresh_process(tiny_classifier, digits, saved: Path) -> None:
    pixels = digits.pixels[:100]
    np.save(saved.parent / "pixels.npy", pixels)
    code = f"import sys; sys.path[:0] = {sys.path!r}\n{IN_A_FRESH_PROCESS}"
    subprocess.run([sys.executable, "-c", code], cwd=saved.parent, check=True, timeout=120)
    for name in ("logits.npy", "again.npy"):
        np.testing.assert_array_equal(np.load(saved.parent / name), tiny_classifier.logits(pixels))


def test_a_loaded_classifier_has_the_same_parts_and_names(tiny_classifier: TrainedClassifier, saved: Path) -> None:
    loaded = TrainedClassifier.load(saved)
    assert loaded.class_names == tiny_classifier.class_names
    assert loaded.feature_layer == "tiny_out"
    assert loaded.image_shape == (8, 8, 3)
    assert (loaded.trunk.name, loaded.head.name) == ("trunk", "head")
    assert not loaded.trunk.trainable_weights


def test_the_class_names_are_an_entry_of_the_archive(saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        assert json.loads(archive.read("lowres.json")) == {"class_names": [f"digit {n}" for n in range(10)]}


def test_a_file_keras_wrote_again_needs_its_class_names(tiny_classifier: TrainedClassifier, saved: Path) -> None:
    keras.saving.load_model(saved).save(saved)
    with pytest.raises(StudyDamaged, match=r"class names \(lowres.json\) in .*model.keras, got a .keras file without"):
        TrainedClassifier.load(saved)
    assert TrainedClassifier.load(saved, tiny_classifier.class_names).class_names == tiny_classifier.class_names


def test_a_damaged_or_missing_file_is_named(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:500])
    with pytest.raises(StudyDamaged, match=r"a .keras file at .*model.keras, got none that opens"):
        TrainedClassifier.load(saved)
    with pytest.raises(StudyDamaged, match=r"a .keras file at .*other.keras, got none that opens"):
        TrainedClassifier.load(saved.with_name("other.keras"))


def test_a_save_that_fails_leaves_the_older_file_and_no_other(
    tiny_classifier: TrainedClassifier, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("lowres.networks.trained_classifier._append_card", full)
    with pytest.raises(DiskFull, match="room for model.keras in .*, got a full disk; free some"):
        tiny_classifier.save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_the_file_appears_by_one_rename(
    tiny_classifier: TrainedClassifier, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()
    seen: list[tuple[str, ...]] = []

    def interrupted(part: Path, place: Path) -> None:
        seen.append(tuple(TrainedClassifier.load(part).class_names))
        raise OSError(errno.EIO, f"cut off before {place}")

    monkeypatch.setattr("lowres.networks.trained_classifier.os.replace", interrupted)
    with pytest.raises(OSError, match="cut off before"):
        tiny_classifier.save(saved)
    assert seen == [tiny_classifier.class_names]
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_another_suffix_is_refused(tiny_classifier: TrainedClassifier, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"a file name that ends in .keras, got 'model.h5'"):
        tiny_classifier.save(tmp_path / "model.h5")


@pytest.mark.parametrize("pixels", [np.zeros((2, 8, 8, 3), np.float32), np.zeros((2, 9, 8, 3), np.uint8)])
def test_other_pixels_are_refused(pixels: np.ndarray, tiny_classifier: TrainedClassifier) -> None:
    with pytest.raises(DataError, match=r"uint8 pixels of shape \[n, 8, 8, 3\], got .*; give the pixels unscaled"):
        tiny_classifier.logits(pixels)


def test_models_that_are_no_classifier_are_refused(tiny_classifier: TrainedClassifier, tiny_trunk: keras.Model) -> None:
    with pytest.raises(
        TrainingError, match="a model of a trunk and a head, got pixels, .*; use TrainedClassifier.from"
    ):
        TrainedClassifier(tiny_trunk, ["a", "b"])
    with pytest.raises(TrainingError, match=r"expected 2 logits, one a class name, got .* \[None, 10\]"):
        TrainedClassifier(tiny_classifier.model, ["a", "b"])
    with pytest.raises(TrainingError, match="a model named 'head', got 'trunk'; set its name"):
        TrainedClassifier.from_parts(tiny_trunk, tiny_trunk, ["a", "b"])


def test_a_model_that_wants_scaled_pixels_is_refused(tiny_classifier: TrainedClassifier) -> None:
    inputs = keras.Input((8, 8, 3))
    trunk = keras.Model(inputs, keras.layers.Conv2D(32, 1)(inputs), name="trunk")
    middle = keras.Input((8, 8, 32))
    head = keras.Model(middle, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(middle)), name="head")
    model = keras.Model(inputs, head(trunk(inputs)))
    with pytest.raises(TrainingError, match=r"takes uint8 .*, got float32 \[None, 8, 8, 3\]; put the scaling inside"):
        TrainedClassifier(model, ["a", "b"])
