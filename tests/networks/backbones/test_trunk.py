"""A trunk takes uint8, scales by its backbone's contract, resizes inside, and opens without lowres."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from lowres.errors import DataError, RecipeError, TrainingError, VerificationError
from lowres.files.weights.published import load_weights
from lowres.networks.backbones.trunk import (
    BACKBONES,
    build_trunk,
    cut_layers,
    feature_layer,
    find_backbone,
    preprocessed_layer,
)
from lowres.networks.resizing import resampling_matrix


def test_the_tiny_trunk_is_scaling_resizing_and_convolutions(tiny_trunk: keras.Model) -> None:
    names = [layer.name for layer in tiny_trunk.layers]
    assert names[1:4] == ["scaling", "resize_rows", "resize_columns"]
    assert tiny_trunk.name == "trunk"
    assert tiny_trunk.inputs[0].dtype == "uint8"
    assert feature_layer(tiny_trunk) == "tiny_out"
    assert not tiny_trunk.trainable_weights


def test_the_backbone_sees_scaled_and_resized_pixels(tiny_trunk: keras.Model) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    probe = keras.Model(tiny_trunk.input, tiny_trunk.get_layer(preprocessed_layer(tiny_trunk)).output)
    matrix = resampling_matrix(8, 16, "bicubic")
    expected = np.einsum("yh,xw,nhwc->nyxc", matrix, matrix, pixels / 127.5 - 1)
    np.testing.assert_allclose(probe.predict_on_batch(pixels), expected, atol=1e-5)


def test_no_resizing_where_the_size_fits() -> None:
    trunk = build_trunk("tiny-conv", (16, 16, 3), 16)
    assert preprocessed_layer(trunk) == "scaling"


def test_scaled_twice_the_features_hardly_differ_between_images() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3), dtype=np.uint8)
    right, wrong = (
        build_trunk("tiny-conv", (8, 8, 3), 8, scaling=scaling).predict_on_batch(pixels).std(axis=0).mean()
        for scaling in ("contract", "unit-then-contract")
    )
    assert wrong < right / 50


def test_resnet50_sees_bgr_minus_the_mean(resnet50: keras.Model) -> None:
    pixels = np.full((1, 32, 32, 3), (10, 20, 30), np.uint8)
    probe = keras.Model(resnet50.input, resnet50.get_layer(preprocessed_layer(resnet50)).output)
    seen = probe.predict_on_batch(pixels)[0, 100, 100]
    np.testing.assert_allclose(seen, [30 - 103.939, 20 - 116.779, 10 - 123.68], atol=1e-3)


def test_cuts_lie_at_the_ends_of_blocks(resnet50: keras.Model, tiny_trunk: keras.Model) -> None:
    cuts = cut_layers(resnet50, BACKBONES["resnet50"])
    assert len(cuts) == 3 + 4 + 6 + 3
    assert cuts[-4:] == ("conv4_block6_out", "conv5_block1_out", "conv5_block2_out", "conv5_block3_out")
    assert cut_layers(tiny_trunk, BACKBONES["tiny-conv"]) == ("tiny_relu1",)


def test_lite0_takes_its_published_tensors() -> None:
    trunk = build_trunk("efficientnet-lite0", (8, 8, 3), 32, tensors=load_weights("efficientnet-lite0").tensors)
    cuts = cut_layers(trunk, BACKBONES["efficientnet-lite0"])
    assert (len(cuts), cuts[4], cuts[15]) == (16, "blocks_4_add", "blocks_15_bn2")
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    features = trunk.predict_on_batch(pixels)
    assert features.shape == (4, 1, 1, 1280)
    assert 0 <= features.min() < features.max() <= 6


def test_the_saved_trunk_opens_in_a_fresh_process_without_lowres(tiny_trunk: keras.Model, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    tiny_trunk.save(tmp_path / "trunk.keras")
    np.save(tmp_path / "pixels.npy", pixels)
    code = (
        "import sys, keras, numpy as np; trunk = keras.saving.load_model('trunk.keras'); "
        "np.save('features.npy', trunk.predict_on_batch(np.load('pixels.npy'))); "
        "assert not any(name.startswith('lowres') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)
    np.testing.assert_array_equal(np.load(tmp_path / "features.npy"), tiny_trunk.predict_on_batch(pixels))


def test_every_backbone_says_what_it_is() -> None:
    for name, backbone in BACKBONES.items():
        assert backbone.name == name
        assert backbone.smallest_pixels <= backbone.default_pixels
        assert backbone.licence
    assert BACKBONES["tiny-conv"].load is None


def test_an_unknown_backbone_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match="got 'resnet500' in network.backbone; did you mean 'resnet50'"):
        find_backbone("resnet500")


@pytest.mark.parametrize(
    ("arguments", "error", "complaint"),
    [
        (("tiny-conv", (8, 8), 16), DataError, r"images of shape \(height, width, 3\), got \(8, 8\)"),
        (("tiny-conv", (8, 8, 4), 16), DataError, r"got \(8, 8, 4\)"),
        (("resnet50", (8, 8, 3), 16), RecipeError, "at least 32 for resnet50, got 16; it was published for 224"),
        (("tiny-conv", (8, 8, 3), 16, "lanczos"), RecipeError, "interpolation among bilinear, bicubic, got 'lanczos'"),
        (("resnet50", (8, 8, 3), 32), VerificationError, "the published tensors of resnet50, got none"),
        (("tiny-conv", (8, 8, 3), 16, "bicubic", {}), VerificationError, "no tensors for tiny-conv, .* got 0"),
        (
            ("efficientnet-lite0", (8, 8, 3), 32, "bicubic", {"other": np.zeros(1)}),
            VerificationError,
            "published tensors of efficientnet-lite0, got 1 that do not fit: '_conv_stem.weight'",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(arguments: tuple, error: type[Exception], complaint: str) -> None:
    with pytest.raises(error, match=complaint):
        build_trunk(*arguments)


def test_another_policy_is_refused() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with pytest.raises(TrainingError, match="Keras set to float32 and channels_last, got mixed_bfloat16"):
            build_trunk("tiny-conv", (8, 8, 3), 16)
    finally:
        keras.config.set_dtype_policy("float32")
