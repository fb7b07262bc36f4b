"""Writes benchmarks/results/reference_weights.json: PyTorch's logits against lowres' with the same weights.

    .venv/bin/python benchmarks/reference_weights.py --torch-python PYTHON

PYTHON, an interpreter with PyTorch, builds ResNet-20 as akamaster's pytorch_resnet_cifar10 defines it and the network
of KellerJordan's airbench94_muon.py, takes torchvision's own EfficientNetB0 at the strides of 32 pixels, draws weights
and BatchNorm's statistics at random, and saves what `torch.save` makes of each and its logits of pixels at random.
lowres reads the files as `--from` does and has to say the same.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results" / "reference_weights.json"
NETWORKS = ("resnet20", "airbench94", "efficientnetb0-cifar")
IMAGES, CLASSES, TOLERANCE = 64, 10, 1e-4


def main() -> None:
    """Have PyTorch write its files, and compare."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--torch-python", required=True)
    asked.add_argument("--into", type=Path, help="write PyTorch's files there and do no more; for the script itself")
    options = asked.parse_args()
    if options.into:
        _write_with_torch(options.into)
        return
    with tempfile.TemporaryDirectory() as folder:
        words = [options.torch_python, __file__, "--torch-python", options.torch_python, "--into", folder]
        version = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()[-1]
        _compare(Path(folder), version)


def _compare(folder: Path, torch_version: str) -> None:
    from lowres.files.atomic import atomic_write_json
    from lowres.files.machine import installed_versions
    from lowres.networks.backend import load_backend
    from processor import machine

    backend = load_backend()
    rows = {}
    for name in NETWORKS:
        expected = np.load(folder / f"{name}.npy")
        rows[name] = {
            "images": IMAGES,
            "largest_logit": float(np.abs(expected).max()),
            "largest_difference": float(np.abs(_said(name, folder / f"{name}.pth") - expected).max()),
        }
        print(name, rows[name])
    versions = {"torch": torch_version} | installed_versions(("keras", "tensorflow-cpu", "tensorflow"))
    atomic_write_json(RESULTS, {"networks": rows, "backend": backend, "machine": machine(), "versions": versions})
    if any(row["largest_difference"] > TOLERANCE for row in rows.values()):
        sys.exit(f"expected logits within {TOLERANCE} of PyTorch's, got {rows}")


def _said(name: str, path: Path) -> Any:
    import keras

    from lowres.files.weights.published import read_weights_file
    from lowres.networks.backbones.published_head import published_head
    from lowres.networks.backbones.trunk import build_trunk, find_backbone
    from lowres.networks.training.from_scratch import given_classifier

    tensors = read_weights_file(path)
    trunk = build_trunk(name, (32, 32, 3), 32, tensors=tensors)
    weights = given_classifier(name, tensors, trunk.output_shape[-1], CLASSES)
    head = published_head(find_backbone(name).head, trunk.output_shape[1:], CLASSES, weights=weights)
    return keras.ops.convert_to_numpy(head(trunk(_pixels())))


def _pixels() -> Any:
    return np.random.default_rng(0).integers(0, 256, (IMAGES, 32, 32, 3)).astype(np.uint8)


def _write_with_torch(folder: Path) -> None:
    import torch

    torch.manual_seed(0)
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    images = ((torch.from_numpy(_pixels()).float() / 255 - mean) / deviation).permute(0, 3, 1, 2)
    for name, make in zip(NETWORKS, (_resnet20, _airbench94, _efficientnet_b0), strict=True):
        network = make()
        for layer in network.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.running_mean.normal_(0, 0.2)
                layer.running_var.uniform_(0.5, 2)
                layer.bias.data.normal_(0, 0.2)
                if layer.weight.requires_grad:
                    layer.weight.data.uniform_(0.5, 1.5)
        with torch.no_grad():
            np.save(folder / f"{name}.npy", network.eval()(images).numpy())
        torch.save(network.state_dict(), folder / f"{name}.pth")
    print(torch.__version__)


def _efficientnet_b0() -> Any:
    from torchvision.models import efficientnet_b0

    network = efficientnet_b0(num_classes=CLASSES)
    network.features[0][0].stride = network.features[2][0].block[1][0].stride = (1, 1)
    return network


def _resnet20() -> Any:
    from torch import nn
    from torch.nn import functional

    class Shortcut(nn.Module):
        """Every second place, and as many channels of zeros before and behind as are missing."""

        def __init__(self, missing: int) -> None:
            super().__init__()
            self.missing = missing

        def forward(self, x: Any) -> Any:
            half = self.missing // 2
            return functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, half, half))

    class Block(nn.Module):
        def __init__(self, before: int, planes: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(before, planes, 3, stride, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(planes)
            self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(planes)
            self.shortcut = Shortcut(planes - before) if before != planes else nn.Sequential()

        def forward(self, x: Any) -> Any:
            y = functional.relu(self.bn1(self.conv1(x)))
            return functional.relu(self.bn2(self.conv2(y)) + self.shortcut(x))

    class ResNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
            self.layer1 = nn.Sequential(*(Block(16, 16, 1) for _ in range(3)))
            self.layer2 = nn.Sequential(Block(16, 32, 2), Block(32, 32, 1), Block(32, 32, 1))
            self.layer3 = nn.Sequential(Block(32, 64, 2), Block(64, 64, 1), Block(64, 64, 1))
            self.linear = nn.Linear(64, CLASSES)

        def forward(self, x: Any) -> Any:
            x = functional.relu(self.bn1(self.conv1(x)))
            return self.linear(self.layer3(self.layer2(self.layer1(x))).mean(dim=(2, 3)))

    return ResNet()


def _airbench94() -> Any:
    from torch import nn

    def norm(channels: int) -> Any:
        layer = nn.BatchNorm2d(channels, eps=1e-12)
        layer.weight.requires_grad = False
        return layer

    class Group(nn.Module):
        def __init__(self, before: int, channels: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(before, channels, 3, padding="same", bias=False)
            self.pool, self.norm1 = nn.MaxPool2d(2), norm(channels)
            self.conv2 = nn.Conv2d(channels, channels, 3, padding="same", bias=False)
            self.norm2, self.activ = norm(channels), nn.GELU()

        def forward(self, x: Any) -> Any:
            x = self.activ(self.norm1(self.pool(self.conv1(x))))
            return self.activ(self.norm2(self.conv2(x)))

    class CifarNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.whiten = nn.Conv2d(3, 24, 2)
            groups = [Group(24, 64), Group(64, 256), Group(256, 256)]
            self.layers = nn.Sequential(nn.GELU(), *groups, nn.MaxPool2d(3))
            self.head = nn.Linear(256, CLASSES, bias=False)

        def forward(self, x: Any) -> Any:
            x = self.layers(self.whiten(x)).flatten(1)
            return self.head(x) / x.shape[-1]

    return CifarNet()


if __name__ == "__main__":
    main()
