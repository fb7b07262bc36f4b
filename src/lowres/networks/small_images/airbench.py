"""The networks of airbench: whitened patches, then three groups of two or three convolutions that begin as copies.

Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU" (2024), sections 3.1 to 3.3, and for 96 % section 4: wider, a
third convolution a group, and a path around the last two. Layers are named as in KellerJordan/cifar10-airbench,
`airbench94_muon.py`; `airbench96.py` gives them numbers of its own. Their classifier takes the largest value of each
channel and divides its logits by 9 (`networks/backbones/published_head.py`).
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.small_images.layers import finished
from lowres.values.training.initial_weights import begun_as_identity
from lowres.values.training.whitening import PATCH_PIXELS, whitening_kernels

CHANNELS_94, CHANNELS_96 = (64, 256, 256), (128, 512, 512)
# Its kernel stands still in training; its bias learns.
WHITENING_LAYER = "whiten"
WHITENING_IMAGES = 5000
_MOMENTUM = 0.6
# Published as 1e-12. In grey pictures half of the whitened channels hold nothing; divided by the deviation of nothing,
# they would answer a step of training a million times over.
_EPSILON = 1e-5
_SMALLEST_HALVED = 4
_BATCH_IMAGES = 500


def airbench94(pixels: Any, seed: int = 0) -> keras.Model:
    """Return the network without its classifier, two convolutions a group. pixels: a float32 tensor `[n, h, w, 3]`.

    Out: `layers_3_gelu2`, `[n, 3, 3, 256]` of 32 pixels: three times halved, rounded down, but never below 2x2. Until
    `whiten` has seen training images, the first kernels are a rotation of patches drawn at random, in both signs.
    """
    return _airbench(pixels, CHANNELS_94, "airbench94", seed)


def airbench96(pixels: Any, seed: int = 0) -> keras.Model:
    """Return the network without its classifier, three convolutions a group, the last two of them with a shortcut.

    pixels: a float32 tensor `[n, h, w, 3]`. Out: `layers_3_gelu3`, `[n, 3, 3, 512]` of 32 pixels.
    """
    return _airbench(pixels, CHANNELS_96, "airbench96", seed, is_residual=True)


def whiten(trunk: keras.Model, pixels: NDArray[np.uint8]) -> None:
    """Compute the first kernels of a trunk made of this network from training images, uint8 `[n, h, w, 3]`.

    The first 5,000 of them are looked at, as the trunk scales and resizes them.
    """
    layer = trunk.get_layer(WHITENING_LAYER)
    before = keras.Model(trunk.inputs[0], layer.input)
    starts = range(0, min(len(pixels), WHITENING_IMAGES), _BATCH_IMAGES)
    batches = (np.asarray(before.predict_on_batch(pixels[start : start + _BATCH_IMAGES])) for start in starts)
    layer.kernel.assign(whitening_kernels(batches))


def _airbench(
    pixels: Any, group_channels: tuple[int, ...], name: str, seed: int, *, is_residual: bool = False
) -> keras.Model:
    filters = 2 * PATCH_PIXELS**2 * pixels.shape[-1]
    x = keras.layers.Conv2D(filters, PATCH_PIXELS, name=WHITENING_LAYER)(pixels)
    x = _activate(x, "whiten_gelu")
    for number, channels in enumerate(group_channels, start=1):
        x = _group(x, channels, f"layers_{number}", is_residual)
    network = finished(pixels, x, name, "uniform", seed)
    for layer in network.layers:
        if layer.name == WHITENING_LAYER:
            layer.kernel.assign(_rotated_patches(tuple(layer.kernel.shape), seed))
        elif isinstance(layer, keras.layers.Conv2D):
            layer.kernel.assign(begun_as_identity(keras.ops.convert_to_numpy(layer.kernel)))
    return network


def _group(x: Any, channels: int, name: str, is_residual: bool) -> Any:
    x = _convolve(x, channels, f"{name}_conv1")
    if min(x.shape[1:3]) >= _SMALLEST_HALVED:
        x = keras.layers.MaxPooling2D(2, name=f"{name}_pool")(x)
    x = _activate(_normalise(x, f"{name}_norm1"), f"{name}_gelu1")
    y = _normalise(_convolve(x, channels, f"{name}_conv2"), f"{name}_norm2")
    y = _activate(y, f"{name}_gelu2")
    if not is_residual:
        return y
    y = _normalise(_convolve(y, channels, f"{name}_conv3"), f"{name}_norm3")
    return _activate(keras.layers.Add(name=f"{name}_add")([y, x]), f"{name}_gelu3")


def _convolve(x: Any, channels: int, name: str) -> Any:
    return keras.layers.Conv2D(channels, 3, padding="same", use_bias=False, kernel_initializer="zeros", name=name)(x)


def _normalise(x: Any, name: str) -> Any:
    return keras.layers.BatchNormalization(momentum=_MOMENTUM, epsilon=_EPSILON, scale=False, name=name)(x)


def _activate(x: Any, name: str) -> Any:
    return keras.layers.Activation("gelu", name=name)(x)


def _rotated_patches(shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    numbers = shape[0] * shape[1] * shape[2]
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((numbers, numbers)))
    return np.concatenate([rotation, -rotation], axis=1).reshape(shape).astype(np.float32)
