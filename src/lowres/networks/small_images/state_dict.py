"""Weights trained elsewhere: a PyTorch state dict of a network's public definition, put into the same network here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import VerificationError
from lowres.networks.backbones.published_tensors import assign_tensors

Tensors = Mapping[str, NDArray[Any]]
_CLASSIFIERS = ("linear", "fc", "head", "classifier.1")
_OF_BATCH_NORM = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
_OF_CONVOLUTION = {"weight": "kernel", "bias": "bias"}


def load_state_dict(name: str, layers: Sequence[keras.Layer], tensors: Tensors) -> None:
    """Put tensors named as the public PyTorch definition names them into the layers of network `name`.

    The classifier's own are left out, so is what counts batches. Refused with VerificationError, before anything is
    changed: a tensor missing, left over or of another shape.
    """
    assign_tensors(layers, _by_variable(layers, tensors), f"{name}, given as {len(tensors)} of PyTorch's names,")


def classifier_tensors(tensors: Tensors) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Return the linear layer of a state dict: kernel `[channels, classes]`, and bias `[classes]` where it has one.

    Refused with VerificationError: none of that name.
    """
    named = {_plain(name): tensor for name, tensor in tensors.items()}
    for classifier in _CLASSIFIERS:
        if f"{classifier}.weight" in named:
            kernel = np.asarray(named[f"{classifier}.weight"].T, np.float32)
            bias = named.get(f"{classifier}.bias")
            return kernel, None if bias is None else np.asarray(bias, np.float32)
    raise VerificationError(
        f"expected a classifier named {', '.join(_CLASSIFIERS)} in the state dict, got {len(tensors)} tensors without; "
        "give the weights of the whole network"
    )


def _by_variable(layers: Sequence[keras.Layer], tensors: Tensors) -> dict[str, NDArray[Any]]:
    """The tensors by `<layer>/<variable>`; what belongs to no layer keeps its name, to be complained of by it."""
    layer_of = {layer.name: layer for layer in layers if layer.weights}
    found: dict[str, NDArray[Any]] = {}
    for name, tensor in tensors.items():
        whose, _, what = _plain(name).rpartition(".")
        if whose in _CLASSIFIERS or what == "num_batches_tracked":
            continue
        if _plain(name).replace(".", "_") in layer_of:
            # Wide ResNet's authors name a kernel as its layer.
            whose, what = _plain(name), "weight"
        layer = layer_of.get(whose.replace(".", "_"))
        if isinstance(layer, keras.layers.BatchNormalization):
            if what == "weight" and not layer.scale and (tensor == 1).all():
                continue
            found[f"{layer.name}/{_OF_BATCH_NORM.get(what, what)}"] = tensor
        elif layer is not None:
            found[f"{layer.name}/{_OF_CONVOLUTION.get(what, what)}"] = _as_keras(layer, tensor)
        else:
            found[name] = tensor
    return found


def _plain(name: str) -> str:
    """Training on several cards puts "module." before every name."""
    return name.removeprefix("module.")


def _as_keras(layer: keras.Layer, tensor: NDArray[Any]) -> NDArray[Any]:
    """PyTorch keeps kernels as `[out, in, height, width]`; of a depthwise one, in is 1."""
    if tensor.ndim != 4:
        return tensor
    return (
        tensor.transpose(2, 3, 0, 1)
        if isinstance(layer, keras.layers.DepthwiseConv2D)
        else tensor.transpose(2, 3, 1, 0)
    )
