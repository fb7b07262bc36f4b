"""Features are the mean of the feature map, a row an image, whatever runs the trunk."""

import keras
import numpy as np
import pytest

from lowres.errors import DataError
from lowres.networks.features import FeatureExtractor

ENGINES = ["keras"] + ["openvino"] * (keras.backend.backend() == "tensorflow")


@pytest.fixture(params=ENGINES)
def extractor(request: pytest.FixtureRequest, tiny_trunk: keras.Model) -> FeatureExtractor:
    return FeatureExtractor(tiny_trunk, request.param, "float32")


def test_features_are_the_mean_of_the_feature_map(extractor: FeatureExtractor, digits, tiny_trunk) -> None:
    expected = tiny_trunk.predict_on_batch(digits.pixels[:70]).mean(axis=(1, 2))
    assert extractor.feature_shape == (32,)
    np.testing.assert_allclose(extractor.extract(digits.pixels[:70]), expected, atol=1e-5)


def test_batches_carry_the_rows_they_belong_to(extractor: FeatureExtractor, digits) -> None:
    rows = np.array([9, 2, 2, 30, 4])
    batches = list(extractor.batches(digits.pixels, rows, batch_images=2))
    assert [batch.rows.tolist() for batch in batches] == [[9, 2], [2, 30], [4]]
    everything = extractor.extract(digits.pixels[:31])
    for batch in batches:
        np.testing.assert_allclose(batch.features, everything[batch.rows], atol=1e-5)


def test_flipped_features_are_those_of_mirrored_images(extractor: FeatureExtractor, digits) -> None:
    pixels = digits.pixels[:5]
    mirrored = extractor.extract(pixels, flipped=True)
    np.testing.assert_allclose(mirrored, extractor.extract(pixels[:, :, ::-1]), atol=1e-5)
    assert np.abs(mirrored - extractor.extract(pixels)).max() > 1e-3


def test_it_says_how_fast_it_was(extractor: FeatureExtractor, digits) -> None:
    assert extractor.images_per_second is None
    extractor.extract(digits.pixels[:40])
    assert extractor.images_per_second > 0


def test_no_rows_no_features(extractor: FeatureExtractor, digits) -> None:
    assert extractor.extract(digits.pixels, np.array([], np.int64)).shape == (0, 32)


def test_any_named_layer_can_be_the_output(digits, tiny_trunk: keras.Model) -> None:
    cut = FeatureExtractor(tiny_trunk, layer="tiny_relu1", pooled=False)
    assert cut.feature_shape == (8, 8, 16)
    expected = keras.Model(tiny_trunk.input, tiny_trunk.get_layer("tiny_relu1").output)
    found = cut.extract(digits.pixels[:3])
    np.testing.assert_allclose(found, expected.predict_on_batch(digits.pixels[:3]), atol=0.05)
    assert FeatureExtractor(tiny_trunk, "keras", layer="tiny_relu1").feature_shape == (16,)


def test_it_says_what_it_runs_on(tiny_trunk: keras.Model) -> None:
    extractor = FeatureExtractor(tiny_trunk, "keras")
    assert (extractor.engine, extractor.precision, extractor.note) == ("keras", "float32", "")


@pytest.mark.parametrize(
    "pixels", [np.zeros((2, 8, 8, 3), np.float32), np.zeros((2, 9, 8, 3), np.uint8), np.zeros((2, 8, 8, 1), np.uint8)]
)
def test_other_pixels_are_refused(pixels: np.ndarray, tiny_trunk: keras.Model) -> None:
    with pytest.raises(DataError, match=r"uint8 pixels of shape \[n, 8, 8, 3\], the trunk's, got .*; give the pixels"):
        FeatureExtractor(tiny_trunk, "keras").extract(pixels)
