"""Anybody's model on anybody's pictures: raw maps, a sheet, and what was asked is what was explained."""

import keras
import numpy as np
import pytest
from PIL import Image

from lowres.errors import DataError, PredictionsError
from lowres.files.study.predictions_file import read_arrays
from lowres.pipeline.explain_model import ModelQuestion, explain_model
from lowres.pipeline.progress import SilentProgress
from lowres.values.explaining.explanation import Explanation

NAMES = ("cat", "dog", "ship")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of 16 x 16 pictures that averages its feature map, and three pictures of another size."""
    folder = tmp_path_factory.mktemp("own")
    layers = keras.layers
    parts = [
        keras.Input((16, 16, 3)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(
            6, 4, strides=4, activation="relu", kernel_initializer=keras.initializers.HeNormal(1), name="conv"
        ),
        layers.GlobalAveragePooling2D(),
        layers.Dense(3, activation="softmax", kernel_initializer=keras.initializers.GlorotNormal(2), name="top"),
    ]
    keras.Sequential(parts).save(folder / "own.keras")
    random = np.random.default_rng(0)
    (folder / "pictures").mkdir()
    for number in range(3):
        noise = random.integers(0, 256, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / "pictures" / f"{number}.png")
    return folder


@pytest.fixture
def asked(folder, tmp_path):
    """Explain the model; return the answer, the explanation and all arrays."""

    def ask(**options):
        options = {"pictures": (folder / "pictures",), "class_names": NAMES} | options
        answer = explain_model(ModelQuestion(folder / "own.keras", out=tmp_path / "out", **options), SilentProgress())
        arrays = read_arrays(answer.maps)
        return answer, Explanation.from_arrays(arrays), arrays

    return ask


def test_each_answer_is_explained_and_both_files_are_written(asked, folder):
    answer, explanation, arrays = asked()
    assert (answer.n, answer.method, answer.layer, answer.map_shape) == (3, "Grad-CAM", "conv", (4, 4))
    assert (answer.contract, answer.doubt) == ("16 x 16 RGB pixels from 0 to 255", "")
    assert [name.rsplit("/", 1)[1] for name in explanation.ids] == ["0.png", "1.png", "2.png"]
    assert explanation.target_classes.tolist() == arrays["logits"].argmax(axis=1).tolist()
    assert arrays["class_names"].tolist() == list(NAMES)
    with Image.open(answer.sheet) as sheet:
        assert sheet.size[0] == 1200
    # Behind the average the map is the class activation map: weights times activations over the 16 places.
    model = keras.saving.load_model(folder / "own.keras")
    pictures = [Image.open(path).resize((16, 16), Image.Resampling.BICUBIC) for path in sorted(folder.rglob("*.png"))]
    pixels = np.stack([np.asarray(one) for one in pictures]).astype(np.float32)
    activations = keras.Model(model.inputs, model.get_layer("conv").output).predict_on_batch(pixels)
    weights = model.get_layer("top").get_weights()[0][:, explanation.target_classes]
    np.testing.assert_allclose(explanation.maps, np.einsum("nhwc,cn->nhw", activations, weights) / 16, atol=2e-3)


def test_a_class_against_another_is_the_difference_of_their_maps(asked):
    ship, dog, contrast = (
        asked(target=target, against=against)[1].maps for target, against in (("ship", ""), ("1", ""), ("ship", "dog"))
    )
    np.testing.assert_allclose(contrast, ship - dog, atol=1e-4)
    assert not np.allclose(ship, dog)


def test_what_is_asked_for_by_a_wrong_name_is_refused(asked, folder):
    with pytest.raises(PredictionsError, match="a class of the model, or its number, got 'dgo'; did you mean 'dog'"):
        asked(target="dgo")
    with pytest.raises(PredictionsError, match="another class to tell the target from, got the target itself"):
        asked(target="dog", against="1")
    with pytest.raises(PredictionsError, match="a method among grad-cam, .*, got 'cam'"):
        asked(method="cam")
    with pytest.raises(DataError, match="a picture or a folder of pictures at .*none, got nothing there"):
        asked(pictures=(folder / "none",))
