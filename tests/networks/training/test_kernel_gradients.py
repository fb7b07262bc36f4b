"""A kernel's gradient made of matrix products is the one TensorFlow's own convolution gives."""

import keras
import numpy as np
import pytest

from lowres.networks.training import operations

tf = pytest.importorskip("tensorflow")
if keras.backend.backend() != "tensorflow":
    pytest.skip("TensorFlow alone has this room", allow_module_level=True)

kernel_gradients = pytest.importorskip("lowres.networks.training.operations.kernel_gradients")
RANDOM = np.random.default_rng(0)


def of(convolve, inputs, kernel, upstream):
    """Values, and the gradients of the sum of values times `upstream` by inputs and kernel, of the inputs' type."""
    inputs, kernel, upstream = (tf.constant(one, inputs.dtype) for one in (inputs, kernel, upstream))
    with tf.GradientTape() as tape:
        tape.watch((inputs, kernel))
        values = convolve(inputs, kernel)
        total = tf.reduce_sum(values * upstream)
    return [np.asarray(one) for one in (values, *tape.gradient(total, (inputs, kernel)))]


@pytest.mark.parametrize("sides", [(1, 1), (3, 3), (1, 5), (5, 3)])
def test_values_and_gradients_are_those_of_the_frameworks_convolution(sides):
    inputs = RANDOM.standard_normal((3, 7, 6, 4)).astype(np.float32)
    kernel = RANDOM.standard_normal((*sides, 4, 5)).astype(np.float32)
    upstream = RANDOM.standard_normal((3, 7, 6, 5)).astype(np.float32)
    ours = of(kernel_gradients.convolution, inputs, kernel, upstream)
    theirs = of(lambda x, k: tf.nn.conv2d(x, k, 1, "SAME"), inputs.astype(np.float64), kernel, upstream)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(("strides", "sides"), [((2, 2), (7, 6)), ((2, 2), (8, 8)), ((3, 2), (7, 5))])
def test_a_kernel_of_one_place_may_stride(strides, sides, padding):
    inputs = RANDOM.standard_normal((3, *sides, 4)).astype(np.float32)
    kernel = RANDOM.standard_normal((1, 1, 4, 5)).astype(np.float32)
    values = tf.nn.conv2d(inputs, kernel, strides, padding)
    upstream = RANDOM.standard_normal(values.shape).astype(np.float32)
    assert kernel_gradients.pays(kernel.shape, strides, padding.lower(), "float32")
    ours = of(lambda x, k: kernel_gradients.convolution(x, k, strides), inputs, kernel, upstream)
    # In float64 TensorFlow asks nothing of oneDNN, whose gradient of this kernel is wrong on AVX2: its inputs have
    # fewer than eight channels (docs/decisions/0022-onednn-on-every-processor.md).
    theirs = of(lambda x, k: tf.nn.conv2d(x, k, strides, padding), inputs.astype(np.float64), kernel, upstream)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_many_channels_are_taken_a_row_of_the_kernel_at_once(monkeypatch):
    monkeypatch.setattr(kernel_gradients, "_CHANNELS_FOR_ROWS", 4)
    test_values_and_gradients_are_those_of_the_frameworks_convolution((5, 3))
    by_row = kernel_gradients.kernel_gradient(tf.ones((2, 6, 5, 4)), tf.ones((2, 6, 5, 3)), (3, 3))
    # In the middle every place of the images was met, at a corner of the kernel a row and a column less.
    assert by_row[1, 1].numpy() == pytest.approx(60)
    assert by_row[0, 2].numpy() == pytest.approx(2 * 5 * 4)


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_it_is_taken_where_it_pays(precision):
    def pays(*asked):
        return kernel_gradients.pays(*asked, precision)

    assert pays((1, 1, 8, 16), (1, 1), "valid")
    assert pays((1, 1, 8, 16), (2, 2), "same")
    assert pays((3, 3, 256, 256), (1, 1), "same")
    assert pays((3, 3, 256, 128), (1, 1), "same") == (precision == "bfloat16")
    assert pays((3, 3, 64, 256), (1, 1), "same") == (precision == "float32")
    assert not pays((3, 3, 64, 64), (1, 1), "same")
    assert not pays((3, 3, 256, 256), (1, 1), "valid")
    assert not pays((3, 3, 256, 256), (2, 2), "same")
    assert not pays((2, 2, 256, 256), (1, 1), "same")


@pytest.mark.parametrize("quicker_in", ["bfloat16", "float32", "none"])
def test_only_numbers_that_a_processor_is_quicker_at_take_it(quicker_in, monkeypatch):
    taken = []
    monkeypatch.setattr(operations, "products_beat_convolutions", lambda precision: precision == quicker_in)
    monkeypatch.setattr(kernel_gradients, "convolution", lambda inputs, *rest: taken.append(inputs.dtype.name))
    for precision in ("bfloat16", "float32"):
        inputs, kernel = keras.ops.ones((1, 4, 4, 2), precision), keras.ops.ones((1, 1, 2, 2), precision)
        operations.convolution(inputs, kernel, (1, 1), "same")
    assert taken == [name for name in ("bfloat16", "float32") if name == quicker_in]


def test_a_convolution_in_groups_is_left_to_the_framework(monkeypatch):
    monkeypatch.setattr(operations, "products_beat_convolutions", lambda precision: True)
    inputs = RANDOM.standard_normal((1, 4, 4, 6)).astype(np.float32)
    kernel = RANDOM.standard_normal((1, 1, 3, 4)).astype(np.float32)
    upstream = RANDOM.standard_normal((1, 4, 4, 4)).astype(np.float32)
    found = of(lambda x, k: operations.convolution(x, k, (1, 1), "same"), inputs, kernel, upstream)
    expected = np.concatenate([inputs[..., :3] @ kernel[0, 0, :, :2], inputs[..., 3:] @ kernel[0, 0, :, 2:]], axis=-1)
    np.testing.assert_allclose(found[0], expected, rtol=1e-5)
    assert found[2].shape == kernel.shape
