"""The tiny backbone is small, the same every time, and marked by its names."""

import keras
import numpy as np

from lowres.networks.backbones.tiny_conv import tiny_conv


def test_it_has_a_few_thousand_weights_and_quarters_the_picture() -> None:
    network = tiny_conv(keras.Input((32, 32, 3)))
    # (3 * 3 * 3 + 1) * 16 + (3 * 3 * 16 + 1) * 32
    assert network.count_params() == 5_088
    assert network.output_shape == (None, 8, 8, 32)
    assert network.layers[-1].name == "tiny_out"


def test_the_seed_alone_decides_its_weights() -> None:
    first, again, other = (tiny_conv(keras.Input((8, 8, 3)), seed).get_weights() for seed in (0, 0, 7))
    for one, same, different in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one, same)
        assert one.ndim == 1 or not np.array_equal(one, different)
