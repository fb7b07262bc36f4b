"""A convolution and its BatchNorm in inference mode as one operation, computed from the variables of both."""

from __future__ import annotations

from typing import Any

import keras

from lowres.networks.training import operations


def inference_scale(normalisation: keras.layers.BatchNormalization) -> tuple[Any, Any]:
    """Return scale and offset `[channels]` such that inference is `x * scale + offset` (Ioffe and Szegedy 2015, 11)."""
    scale = keras.ops.rsqrt(normalisation.moving_variance + normalisation.epsilon)
    if normalisation.scale:
        scale = scale * normalisation.gamma
    offset = -normalisation.moving_mean * scale
    return scale, offset + normalisation.beta if normalisation.center else offset


def convolved(convolution: keras.layers.Conv2D | keras.layers.DepthwiseConv2D, inputs: Any, kernel: Any) -> Any:
    """Return inputs `[n, h, w, in]` under the layer's strides and padding with another kernel of its shape."""
    if not isinstance(convolution, keras.layers.DepthwiseConv2D):
        return operations.convolution(
            inputs, kernel, convolution.strides, convolution.padding, convolution.dilation_rate
        )
    return keras.ops.depthwise_conv(
        inputs,
        kernel,
        strides=convolution.strides,
        padding=convolution.padding,
        data_format="channels_last",
        dilation_rate=convolution.dilation_rate,
    )


class FoldedConvolution(keras.layers.Layer):
    """`normalisation(convolution(x))` with the statistics standing still: kernel times scale, and a bias.

    The two layers given are used, not copied: their variables train, through the fold, exactly as if it were not
    there. precision: "bfloat16" rounds input and kernel for the product alone; what comes out is float32.
    For training only; it is in no saved model.
    """

    def __init__(
        self,
        convolution: keras.layers.Conv2D | keras.layers.DepthwiseConv2D,
        normalisation: keras.layers.BatchNormalization,
        precision: str = "float32",
        **options: Any,
    ) -> None:
        """Take the pair; both have to be built."""
        super().__init__(**options)
        self.convolution, self.normalisation = convolution, normalisation
        self.is_depthwise = isinstance(convolution, keras.layers.DepthwiseConv2D)
        # Frameworks compute depthwise convolutions in bfloat16 by way of float32, or slower than that.
        self.product_dtype = "float32" if self.is_depthwise else precision
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return float32 `[n, h, w, channels]`; the mask is BatchNorm's, which a clone passes on and nobody uses."""
        convolution = self.convolution
        scale, offset = inference_scale(self.normalisation)
        if convolution.use_bias:
            offset = offset + convolution.bias * scale
        # A depthwise kernel's last two sides are what comes in, and how many channels come out of each.
        channels = convolution.kernel.shape[-2:] if self.is_depthwise else (1, convolution.kernel.shape[-1])
        kernel = convolution.kernel * keras.ops.reshape(scale, (1, 1, *channels))
        inputs, kernel = (keras.ops.cast(one, self.product_dtype) for one in (inputs, kernel))
        return keras.ops.cast(convolved(convolution, inputs, kernel), "float32") + offset

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the convolution's."""
        return self.convolution.compute_output_shape(input_shape)


class InferenceNormalisation(keras.layers.Layer):
    """BatchNorm that stays in inference mode whatever the training flag says; for one that follows no convolution."""

    def __init__(self, normalisation: keras.layers.BatchNormalization, **options: Any) -> None:
        """Take the layer, used and not copied; its scale and offset train."""
        super().__init__(**options)
        self.normalisation = normalisation
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return the normalised input, of its shape."""
        scale, offset = inference_scale(self.normalisation)
        return inputs * scale + offset
