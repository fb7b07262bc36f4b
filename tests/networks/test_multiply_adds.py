"""Multiply-adds against sums done by hand."""

import keras
import pytest

from lowres.networks.backbones.trunk import build_trunk
from lowres.networks.multiply_adds import multiply_adds

LAYERS = keras.layers


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        # 8 x 8 places, 3 x 3 x 6 numbers each, 10 filters.
        ([LAYERS.Conv2D(10, 3)], 8 * 8 * 54 * 10),
        ([LAYERS.Conv2D(10, 3, strides=2, padding="same")], 5 * 5 * 54 * 10),
        # Two groups see three channels each.
        ([LAYERS.Conv2D(10, 3, groups=2)], 8 * 8 * 27 * 10),
        ([LAYERS.DepthwiseConv2D(3)], 8 * 8 * 9 * 6),
        ([LAYERS.SeparableConv2D(5, 3)], 8 * 8 * (9 * 6 + 6 * 5)),
        ([LAYERS.BatchNormalization(), LAYERS.ReLU(), LAYERS.MaxPooling2D(2), LAYERS.Flatten(), LAYERS.Dense(7)], 1050),
        ([LAYERS.Dense(7)], 100 * 6 * 7),
    ],
)
def test_a_layer_costs_what_it_multiplies(layers, expected):
    assert multiply_adds(keras.Sequential([keras.Input((10, 10, 6)), *layers])) == expected


def test_a_layer_used_twice_costs_twice_and_nested_networks_are_looked_into():
    inner = keras.Sequential([keras.Input((6,)), LAYERS.Dense(6)])
    x = keras.Input((6,))
    assert multiply_adds(keras.Model(x, inner(inner(x)))) == 72


def test_resizing_is_a_matrix_product_a_side():
    alone, resized = (multiply_adds(build_trunk("tiny-conv", (side, side, 3), 16)) for side in (16, 8))
    # Rows first: 16 x 8 x 3 numbers of 8 each, then columns: 16 x 16 x 3 of 8 each.
    assert resized - alone == 16 * 8 * 3 * 8 + 16 * 16 * 3 * 8
