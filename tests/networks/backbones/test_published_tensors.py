"""Published tensors go in whole or not at all, whatever Keras called its layers this time."""

import keras
import numpy as np
import pytest

from lowres.errors import VerificationError
from lowres.networks.backbones.published_tensors import assign_tensors, published_variables


def _layers() -> list[keras.Layer]:
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(2, 3, name="stem")(inputs)
    x = keras.layers.Conv2D(4, 1)(x)
    x = keras.layers.BatchNormalization()(x)
    return keras.Model(inputs, keras.layers.Conv2D(2, 1)(x)).layers


def _tensors(layers: list[keras.Layer]) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(0)
    return {name: draw.normal(size=variable.shape) for name, variable in published_variables(layers).items()}


def test_layers_without_a_name_are_counted_from_zero_in_every_network() -> None:
    expected = {f"{layer}/{kind}" for layer in ("stem", "conv2d", "conv2d_1") for kind in ("kernel", "bias")}
    expected |= {f"batch_normalization/{kind}" for kind in ("gamma", "beta", "moving_mean", "moving_variance")}
    assert set(published_variables(_layers())) == expected
    assert set(published_variables(_layers())) == expected


def test_every_tensor_is_put_in() -> None:
    layers = _layers()
    tensors = _tensors(layers)
    assert assign_tensors(layers, tensors, "Toy") == 10
    for name, variable in published_variables(layers).items():
        np.testing.assert_allclose(keras.ops.convert_to_numpy(variable), tensors[name], rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            {"stem/kernel": None},
            r"the 10 tensors of Toy by name and shape, got 9 of which 9 fit \(missing: stem/kernel\)",
        ),
        ({"top/kernel": np.zeros(3)}, r"got 11 of which 10 fit \(left over: top/kernel\)"),
        ({"stem/bias": np.zeros(3)}, r"got 10 of which 9 fit \(of another shape: stem/bias \[3\] for \[2\]\)"),
    ],
)
def test_a_misfit_is_named_and_nothing_changes(change: dict[str, np.ndarray | None], complaint: str) -> None:
    layers = _layers()
    before = [weight.copy() for layer in layers for weight in layer.get_weights()]
    tensors = {name: value for name, value in (_tensors(layers) | change).items() if value is not None}
    with pytest.raises(VerificationError, match=complaint):
        assign_tensors(layers, tensors, "Toy")
    for old, new in zip(before, (weight for layer in layers for weight in layer.get_weights()), strict=True):
        np.testing.assert_array_equal(old, new)


def test_long_lists_are_cut() -> None:
    with pytest.raises(VerificationError, match="missing: batch_normalization/beta, .* and 7 more"):
        assign_tensors(_layers(), {}, "Toy")
