"""Layers of a network in training: products and what lies between them in the precision asked for, sums in float32."""

from __future__ import annotations

from typing import Any

import keras

from lowres.networks.training.folded_convolution import convolved, inference_scale
from lowres.networks.training.operations import gelu, normalised


class RoundedConvolution(keras.layers.Layer):
    """A convolution on rounded input and kernel, giving rounded output; its variables stay float32 and train.

    The layer given is used, not copied. For training only; it is in no saved model.
    """

    def __init__(
        self, convolution: keras.layers.Conv2D | keras.layers.DepthwiseConv2D, precision: str, **options: Any
    ) -> None:
        """Take the convolution, which has to be built; precision: such as "bfloat16"; "float32" rounds nothing."""
        super().__init__(dtype=precision, autocast=False, **options)
        self.convolution = convolution
        self.is_depthwise = isinstance(convolution, keras.layers.DepthwiseConv2D)
        # Frameworks compute depthwise convolutions in bfloat16 by way of float32, or slower than that.
        self.product_dtype = "float32" if self.is_depthwise else precision
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return `[n, h, w, channels]` of the precision."""
        convolution = self.convolution
        inputs, kernel = (keras.ops.cast(one, self.product_dtype) for one in (inputs, convolution.kernel))
        product = keras.ops.cast(convolved(convolution, inputs, kernel), self.compute_dtype)
        if convolution.use_bias:
            product = product + keras.ops.cast(convolution.bias, self.compute_dtype)
        return convolution.activation(product)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the convolution's."""
        return self.convolution.compute_output_shape(input_shape)


class BatchNormalised(keras.layers.Layer):
    """BatchNorm over the channels of images that measures in float32 and passes on rounded numbers.

    One operation there and one back on TensorFlow, where Keras has a dozen. The layer given is used, not copied.
    """

    def __init__(self, normalisation: keras.layers.BatchNormalization, precision: str, **options: Any) -> None:
        """Take the layer, which has to be built; its statistics move where it is trained. "float32" rounds nothing."""
        super().__init__(dtype=precision, autocast=False, **options)
        self.normalisation = normalisation
        self.built = True

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return the normalised input, of its shape."""
        layer, inputs = self.normalisation, keras.ops.cast(inputs, self.compute_dtype)
        if not (training and layer.trainable):
            scale, offset = inference_scale(layer)
            return keras.ops.cast(keras.ops.cast(inputs, "float32") * scale + offset, self.compute_dtype)
        channels = (inputs.shape[-1],)
        scale = keras.ops.convert_to_tensor(layer.gamma) if layer.scale else keras.ops.ones(channels)
        offset = keras.ops.convert_to_tensor(layer.beta) if layer.center else keras.ops.zeros(channels)
        found = normalised(inputs, scale, offset, layer.epsilon)
        for kept, now in ((layer.moving_mean, found.mean), (layer.moving_variance, found.variance)):
            kept.assign(kept * layer.momentum + now * (1 - layer.momentum))
        return found.values

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the input."""
        return input_shape


class CompiledGelu(keras.layers.Layer):
    """GELU of rounded numbers, computed in float32: compiled into one pass on TensorFlow."""

    def __init__(self, precision: str, **options: Any) -> None:
        """precision: such as "bfloat16"; "float32" rounds nothing."""
        super().__init__(dtype=precision, autocast=False, **options)

    def call(self, inputs: Any) -> Any:
        """Return it, of the shape of the input."""
        return gelu(keras.ops.cast(inputs, self.compute_dtype))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the input."""
        return input_shape
