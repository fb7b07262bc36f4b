"""The digits against scikit-learn's own loader and the counts its documentation gives."""

import numpy as np
from sklearn.datasets import load_digits

from lowres.files.sources.digits import open_digits


def test_all_1797_digits_in_their_order():
    images, published = open_digits(), load_digits()
    assert images.pixels.shape == (1797, 8, 8, 3)
    np.testing.assert_array_equal(images.labels, published.target)
    assert images.class_names == tuple("0123456789")
    assert (images.ids[0], images.ids[-1]) == ("digits/0000", "digits/1796")
    assert images.held_out is None
    assert images.groups is None


def test_grey_levels_are_spread_over_the_bytes_and_the_channels_are_equal():
    images, published = open_digits(), load_digits()
    by_hand = {0: 0, 1: 16, 2: 32, 4: 64, 8: 128, 12: 191, 15: 239, 16: 255}
    for level, byte in by_hand.items():
        assert set(images.pixels[published.images == level].ravel()) == {byte}
    assert (images.pixels == images.pixels[..., :1]).all()
