"""On TensorFlow: a convolution whose gradients are made of matrix products, where a processor is quicker at those.

oneDNN 3.7 computes the kernel's gradient in bfloat16 at a tenth of the speed of the convolution itself: on two cores of
a Xeon with AMX, 64 images of 5x5 with 208 and 1,248 channels took 18 ms, the product of the same numbers 4; 250 of 7x7
with 256 and 256 and a kernel of 3x3 took 111 ms, nine products 42 (docs/log.md, 2026-11-26). In float32 on two cores of
an EPYC with AVX2, 64 images of 5x5 with 1,152 and 320 channels took 24 ms, the product 13; for the inputs' gradient 17
and 12 (docs/log.md, 2026-11-27); 500 of 15x15 with 64 and 256 and a kernel of 3x3 took 484 ms, nine products 348
(2026-11-28). Sums are in float32 and the result is of the inputs' type either way; only the order of the sums differs.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

# A kernel of more than one place needs a copy of the inputs for each; with fewer channels that costs what it saves.
_FEWEST_CHANNELS = {"bfloat16": (128, 128), "float32": (64, 256)}
# In float32, from so many channels in, a product a row of the kernel is quicker than one a place: on an EPYC with AVX2
# 32 images of 7x7 with 512 and 512 channels took 126 ms by oneDNN, 107 by nine products, 66 by three; with 256 and 256
# 25, 23 and 24 (docs/log.md, 2026-11-28).
_CHANNELS_FOR_ROWS = 512


def pays(kernel_shape: tuple[int, ...], strides: tuple[int, ...], padding: str, precision: str) -> bool:
    """Whether products are quicker, in numbers of that precision; kernel_shape: `[height, width, in, out]`.

    Even sides are left alone, and strides of kernels larger than one place.
    """
    height, width, inward, outward = kernel_shape
    if (height, width) == (1, 1):
        return True
    is_centred = set(strides) == {1} and padding == "same" and height % 2 == 1 and width % 2 == 1
    fewest_in, fewest_out = _FEWEST_CHANNELS[precision]
    return is_centred and inward >= fewest_in and outward >= fewest_out


def convolution(inputs: Any, kernel: Any, strides: tuple[int, ...] = (1, 1)) -> Any:
    """Return inputs `[n, h, w, in]` convolved with `[height, width, in, out]` that `pays`, padded to their side."""
    rows, columns = strides
    # A kernel of one place meets every stride-th place, whatever the padding.
    met = inputs if rows == columns == 1 else inputs[:, ::rows, ::columns]
    return tf.custom_gradient(_with_gradient)(met, kernel)


def _with_gradient(inputs: Any, kernel: Any) -> tuple[Any, Any]:
    def gradient(upstream: Any) -> tuple[Any, Any]:
        return _input_gradient(inputs, upstream, kernel), kernel_gradient(inputs, upstream, kernel.shape[:2])

    return tf.nn.conv2d(inputs, kernel, 1, "SAME"), gradient


def _input_gradient(inputs: Any, upstream: Any, kernel: Any) -> Any:
    # In bfloat16 oneDNN is as quick at it.
    if tuple(kernel.shape[:2]) == (1, 1) and inputs.dtype == tf.float32:
        flat = tf.matmul(tf.reshape(upstream, [-1, upstream.shape[-1]]), kernel[0, 0], transpose_b=True)
        return tf.reshape(flat, tf.shape(inputs))
    return tf.raw_ops.Conv2DBackpropInput(
        input_sizes=tf.shape(inputs), filter=kernel, out_backprop=upstream, strides=[1, 1, 1, 1], padding="SAME"
    )


def kernel_gradient(inputs: Any, upstream: Any, sides: tuple[int, int]) -> Any:
    """Return `[height, width, in, out]`: for each place of the kernel the inputs it met times what came of them."""
    rows, columns = sides
    height, width = tf.shape(inputs)[1], tf.shape(inputs)[2]
    inward, outward = inputs.shape[-1], upstream.shape[-1]
    flat = tf.reshape(upstream, [-1, outward])
    if (rows, columns) == (1, 1):
        return tf.matmul(tf.reshape(inputs, [-1, inward]), flat, transpose_a=True)[None, None]
    edges = [[0, 0], [rows // 2] * 2, [columns // 2] * 2, [0, 0]]
    padded = tf.pad(inputs, edges)
    if inputs.dtype == tf.float32 and inward >= _CHANNELS_FOR_ROWS:
        wide = tf.concat([padded[:, :, column : column + width] for column in range(columns)], axis=-1)
        met = [wide[:, row : row + height] for row in range(rows)]
    else:
        met = [
            padded[:, row : row + height, column : column + width] for row in range(rows) for column in range(columns)
        ]
    products = [tf.matmul(tf.reshape(one, [-1, one.shape[-1]]), flat, transpose_a=True) for one in met]
    return tf.reshape(tf.stack(products), [rows, columns, inward, outward])
