"""Muon: the update of a convolution's kernel is brought to singular values near 1, so that it moves all ways alike.

Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024); as in KellerJordan/cifar10-airbench,
`airbench94_muon.py`, where kernels are kept at one length besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

# Of what is no convolution's kernel, and of the kernels.
MOMENTUM_BESIDE, _MOMENTUM = 0.85, 0.6
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_STEPS = 3
_EPSILON = 1e-7


def orthogonalised(matrix: Any) -> Any:
    """Return about U V^T of a matrix `[rows, columns]` with the decomposition U S V^T, singular values .5 to 1.5 or so.

    Three steps of the quintic Newton-Schulz iteration, in bfloat16 as published. Small singular values stay small.
    """
    a, b, c = _COEFFICIENTS
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = matrix / (keras.ops.norm(matrix) + _EPSILON)
    x = keras.ops.cast(keras.ops.transpose(x) if is_tall else x, "bfloat16")
    for _ in range(_STEPS):
        square = keras.ops.matmul(x, keras.ops.transpose(x))
        x = a * x + keras.ops.matmul(b * square + c * keras.ops.matmul(square, square), x)
    x = keras.ops.transpose(x) if is_tall else x
    return keras.ops.cast(x, matrix.dtype)


class Muon(keras.optimizers.SGD):
    """SGD with Nesterov momentum, but for the kernels of convolutions that mix channels.

    weight_decay: of what is no such kernel, times the learning rate of the kernels, an update.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Change one variable by its gradient."""
        if not _mixes_channels(variable):
            super().update_step(gradient, variable, learning_rate)
            return
        momentum = self.momentums[self._get_variable_index(variable)]
        gradient = keras.ops.cast(gradient, variable.dtype)
        self.assign(momentum, _MOMENTUM * momentum + gradient)
        channels = variable.shape[-1]
        ahead = keras.ops.reshape(gradient + _MOMENTUM * momentum, (-1, channels))
        step = keras.ops.reshape(orthogonalised(ahead), variable.shape)
        length = keras.ops.sqrt(keras.ops.sum(keras.ops.square(variable)))
        kernel = variable * (channels**0.5 / length)
        self.assign(variable, kernel - keras.ops.cast(learning_rate, variable.dtype) * step)

    def _apply_weight_decay(self, variables: Sequence[Any]) -> None:
        for variable in variables if self.weight_decay else ():
            if not _mixes_channels(variable):
                rate = keras.ops.cast(self.learning_rate * self.weight_decay, variable.dtype)
                variable.assign(variable - variable * rate)


def _mixes_channels(variable: Any) -> bool:
    """Whether it is the kernel of a convolution, `[height, width, in, out]`, and not of a depthwise one."""
    return len(variable.shape) == 4 and min(variable.shape[-2:]) > 1
