"""Several levels as one feature map: what is in it, and that its average is the levels' own averages side by side."""

import keras
import numpy as np

from lowres.files.weights.published import load_weights
from lowres.networks.backbones.tiny_conv import tiny_conv
from lowres.networks.backbones.trunk import build_trunk


def _averages(trunk: keras.Model, layer: str, pixels: np.ndarray) -> np.ndarray:
    return np.asarray(keras.Model(trunk.input, trunk.get_layer(layer).output).predict_on_batch(pixels)).mean(
        axis=(1, 2)
    )


def test_lite0_joins_the_ends_of_its_late_stages_behind_its_last_map() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    tensors = load_weights("efficientnet-lite0").tensors
    trunk = build_trunk("efficientnet-lite0", (8, 8, 3), 64, tensors=tensors, levels="several")
    # Tan and Le's table 1: the stages at 1/32 end with 192 and 320 channels, those at 1/16 with 80 and 112.
    assert trunk.output_shape == (None, 2, 2, 1280 + 80 + 112 + 192 + 320)
    levels = ("conv_head_relu", "blocks_7_add", "blocks_10_add", "blocks_14_add", "blocks_15_bn2")
    expected = np.concatenate([_averages(trunk, name, pixels) for name in levels], axis=1)
    np.testing.assert_allclose(trunk.predict_on_batch(pixels).mean(axis=(1, 2)), expected, rtol=1e-4, atol=1e-4)


def test_the_last_level_alone_is_the_backbones_own_map() -> None:
    trunk = build_trunk("tiny-conv", (8, 8, 3), 8)
    alone = tiny_conv(keras.Input((8, 8, 3)))
    assert trunk.output_shape == alone.output_shape
