"""The public PyTorch definitions of these networks as NumPy, in float64, on weights drawn as they are asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Array = NDArray[np.float64]


class TorchNetwork:
    """`torch.nn.functional` on `[n, channels, height, width]`; `tensors` grows to the state dict of what was called."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self.tensors: dict[str, NDArray[np.float32]] = {}

    def conv(
        self,
        x: Array,
        name: str,
        filters: int,
        kernel: int = 3,
        stride: int = 1,
        padding: int | None = None,
        *,
        depthwise: bool = False,
        bias: bool = False,
    ) -> Array:
        channels = 1 if depthwise else x.shape[1]
        # Wide ResNet's authors have no module around a kernel, so no "weight" behind its name.
        weight = self._draw(name, (filters, channels, kernel, kernel), 0, (channels * kernel**2) ** -0.5)
        padding = kernel // 2 if padding is None else padding
        x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(2, 3))[:, :, ::stride, ::stride]
        if depthwise:
            return np.einsum("nchwij,cij->nchw", windows, weight[:, 0])
        y = np.tensordot(windows, weight, ([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2)
        return y + self._draw(f"{name.removesuffix('.weight')}.bias", (filters,), 0, 0.1)[:, None, None] if bias else y

    def norm(self, x: Array, name: str, epsilon: float = 1e-5, scale: bool = True) -> Array:
        """In evaluation mode."""
        channels = (x.shape[1],)
        weight = self._draw(f"{name}.weight", channels, 1, 0.2 * scale)
        bias, mean = (self._draw(f"{name}.{what}", channels, 0, 0.2) for what in ("bias", "running_mean"))
        variance = self._draw(f"{name}.running_var", channels, 1, 0.1)
        self.tensors[f"{name}.num_batches_tracked"] = np.float32(7)
        by_channel = (a[:, None, None] for a in (mean, np.sqrt(variance + epsilon), weight, bias))
        mean, deviation, weight, bias = by_channel
        return (x - mean) / deviation * weight + bias

    def linear(self, x: Array, name: str, classes: int = 10, bias: bool = True) -> Array:
        weight = self._draw(f"{name}.weight", (classes, x.shape[1]), 0, 0.3)
        return x @ weight.T + (self._draw(f"{name}.bias", (classes,), 0, 0.3) if bias else 0)

    def _draw(self, name: str, shape: tuple[int, ...], centre: float, deviation: float) -> Array:
        tensor = np.float32(centre + deviation * np.clip(self._random.standard_normal(shape), -3, 3))
        assert name not in self.tensors
        self.tensors[name] = tensor
        return tensor.astype(np.float64)


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def gelu(x: Array) -> Array:
    return x * (1 + erf(x / np.sqrt(2))) / 2


def max_pool(x: Array, side: int) -> Array:
    n, channels, height, width = x.shape
    x = x[:, :, : height // side * side, : width // side * side]
    return x.reshape(n, channels, height // side, side, width // side, side).max(axis=(3, 5))


def resnet(net: TorchNetwork, x: Array, blocks: int) -> Array:
    """akamaster/pytorch_resnet_cifar10, `resnet.py`, option A."""
    x = relu(net.norm(net.conv(x, "conv1.weight", 16), "bn1"))
    for stage, planes in enumerate((16, 32, 64), start=1):
        for block in range(blocks):
            name, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
            y = relu(net.norm(net.conv(x, f"{name}.conv1.weight", planes, stride=stride), f"{name}.bn1"))
            y = net.norm(net.conv(y, f"{name}.conv2.weight", planes), f"{name}.bn2")
            if stride == 2:
                x = np.pad(x[:, :, ::2, ::2], ((0, 0), (planes // 4, planes // 4), (0, 0), (0, 0)))
            x = relu(y + x)
    return net.linear(x.mean(axis=(2, 3)), "linear")


def wide_resnet(net: TorchNetwork, x: Array, blocks: int, width: int) -> Array:
    """szagoruyko/wide-residual-networks, `pytorch/resnet.py`."""
    x = net.conv(x, "conv0", 16)
    for group in range(3):
        planes = 16 * width * 2**group
        for block in range(blocks):
            name, stride = f"group{group}.block{block}", 2 if group > 0 and block == 0 else 1
            o1 = relu(net.norm(x, f"{name}.bn0"))
            y = net.conv(o1, f"{name}.conv0", planes, stride=stride)
            z = net.conv(relu(net.norm(y, f"{name}.bn1")), f"{name}.conv1", planes)
            x = z + (net.conv(o1, f"{name}.convdim", planes, 1, stride) if x.shape[1] != planes else x)
    return net.linear(relu(net.norm(x, "bn")).mean(axis=(2, 3)), "fc")


def preact_resnet18(net: TorchNetwork, x: Array) -> Array:
    """kuangliu/pytorch-cifar, `models/preact_resnet.py`."""
    x = net.conv(x, "conv1.weight", 64)
    for stage, planes in enumerate((64, 128, 256, 512), start=1):
        for block in range(2):
            name, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
            out = relu(net.norm(x, f"{name}.bn1"))
            if stride != 1 or x.shape[1] != planes:
                x = net.conv(out, f"{name}.shortcut.0.weight", planes, 1, stride)
            out = net.conv(out, f"{name}.conv1.weight", planes, stride=stride)
            x = net.conv(relu(net.norm(out, f"{name}.bn2")), f"{name}.conv2.weight", planes) + x
    return net.linear(x.mean(axis=(2, 3)), "linear")


def mobilenet_v2(net: TorchNetwork, x: Array) -> Array:
    """kuangliu/pytorch-cifar, `models/mobilenetv2.py`."""
    stages = ((1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    x = relu(net.norm(net.conv(x, "conv1.weight", 32), "bn1"))
    rows = [(e, planes, s if i == 0 else 1) for e, planes, repeats, s in stages for i in range(repeats)]
    for number, (expansion, planes, stride) in enumerate(rows):
        name, inner = f"layers.{number}", expansion * x.shape[1]
        out = relu(net.norm(net.conv(x, f"{name}.conv1.weight", inner, 1), f"{name}.bn1"))
        out = net.conv(out, f"{name}.conv2.weight", inner, stride=stride, depthwise=True)
        out = net.conv(relu(net.norm(out, f"{name}.bn2")), f"{name}.conv3.weight", planes, 1)
        out = net.norm(out, f"{name}.bn3")
        if stride == 1 and x.shape[1] != planes:
            x = net.norm(net.conv(x, f"{name}.shortcut.0.weight", planes, 1), f"{name}.shortcut.1")
        x = out + x if stride == 1 else out
    x = relu(net.norm(net.conv(x, "conv2.weight", 1280, 1), "bn2"))
    return net.linear(x.mean(axis=(2, 3)), "linear")


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def efficientnet_b0(net: TorchNetwork, x: Array) -> Array:
    """torchvision, `models/efficientnet.py`, with kuangliu's strides of MobileNetV2; in evaluation mode."""
    stages = (
        (1, 16, 1, 3, 1),
        (6, 24, 2, 3, 1),
        (6, 40, 2, 5, 2),
        (6, 80, 3, 3, 2),
        (6, 112, 3, 5, 1),
        (6, 192, 4, 5, 2),
        (6, 320, 1, 3, 1),
    )
    x = silu(net.norm(net.conv(x, "features.0.0.weight", 32), "features.0.1"))
    for number, (expansion, planes, repeats, kernel, first) in enumerate(stages, start=1):
        for repeat in range(repeats):
            name, stride, part = f"features.{number}.{repeat}.block", first if repeat == 0 else 1, 0
            out, inner = x, expansion * x.shape[1]
            if expansion != 1:
                out, part = silu(net.norm(net.conv(out, f"{name}.0.0.weight", inner, 1), f"{name}.0.1")), 1
            out = net.conv(out, f"{name}.{part}.0.weight", inner, kernel, stride, depthwise=True)
            out = silu(net.norm(out, f"{name}.{part}.1"))
            # SqueezeExcitation: of a quarter of the channels that come in.
            scale = silu(
                net.conv(
                    out.mean(axis=(2, 3), keepdims=True), f"{name}.{part + 1}.fc1.weight", x.shape[1] // 4, 1, bias=True
                )
            )
            out = out * sigmoid(net.conv(scale, f"{name}.{part + 1}.fc2.weight", inner, 1, bias=True))
            out = net.norm(net.conv(out, f"{name}.{part + 2}.0.weight", planes, 1), f"{name}.{part + 2}.1")
            x = out + x if stride == 1 and x.shape[1] == planes else out
    x = silu(net.norm(net.conv(x, "features.8.0.weight", 1280, 1), "features.8.1"))
    return net.linear(x.mean(axis=(2, 3)), "classifier.1")


def airbench94(net: TorchNetwork, x: Array) -> Array:
    """KellerJordan/cifar10-airbench, `airbench94_muon.py`, which divides its logits by `x.size(-1)`, the channels."""
    x = gelu(net.conv(x, "whiten.weight", 24, 2, padding=0, bias=True))
    for number, planes in enumerate((64, 256, 256), start=1):
        name = f"layers.{number}"
        x = max_pool(net.conv(x, f"{name}.conv1.weight", planes), 2)
        x = gelu(net.norm(x, f"{name}.norm1", 1e-12, scale=False))
        x = net.conv(x, f"{name}.conv2.weight", planes)
        x = gelu(net.norm(x, f"{name}.norm2", 1e-12, scale=False))
    x = max_pool(x, 3)[:, :, 0, 0]
    return net.linear(x, "head", bias=False) / x.shape[1]


def airbench96(net: TorchNetwork, x: Array) -> Array:
    """KellerJordan/cifar10-airbench, the network of `airbench96.py`, layers named as in `airbench94_muon.py`."""
    x = gelu(net.conv(x, "whiten.weight", 24, 2, padding=0, bias=True))
    for number, planes in enumerate((128, 512, 512), start=1):
        name = f"layers.{number}"
        x = max_pool(net.conv(x, f"{name}.conv1.weight", planes), 2)
        x = gelu(net.norm(x, f"{name}.norm1", 1e-12, scale=False))
        out = gelu(net.norm(net.conv(x, f"{name}.conv2.weight", planes), f"{name}.norm2", 1e-12, scale=False))
        x = gelu(net.norm(net.conv(out, f"{name}.conv3.weight", planes), f"{name}.norm3", 1e-12, scale=False) + x)
    return net.linear(max_pool(x, 3)[:, :, 0, 0], "head", bias=False) / 9
