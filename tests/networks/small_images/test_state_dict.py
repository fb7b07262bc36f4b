"""The public PyTorch definitions, on weights drawn at random, give the logits that ours give with those weights."""

from functools import partial

import keras
import numpy as np
import pytest

from lowres.errors import VerificationError
from lowres.networks.backbones.published_head import published_head
from lowres.networks.backbones.trunk import build_trunk, find_backbone
from lowres.networks.small_images.state_dict import classifier_tensors
from lowres.networks.training.from_scratch import given_classifier
from networks.small_images import torch_definitions as torch

DEFINITIONS = {
    "resnet20": (partial(torch.resnet, blocks=3), 18),
    "wrn-16-4": (partial(torch.wide_resnet, blocks=2, width=4), 13),
    "preact-resnet18": (torch.preact_resnet18, 9),
    "mobilenetv2-cifar": (torch.mobilenet_v2, 9),
    "efficientnetb0-cifar": (torch.efficientnet_b0, 9),
    # What follows the whitening in the public network takes 32 pixels only: its last pooling is 3 x 3.
    "airbench94": (torch.airbench94, 32),
    "airbench96": (torch.airbench96, 32),
}


def seen_by(pixels):
    """ImageNet's mean 0 and deviation 1, channels first."""
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    return ((pixels / 255 - mean) / deviation).transpose(0, 3, 1, 2)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_same_weights_give_the_same_logits(name, pixels_of):
    define, side = DEFINITIONS[name]
    network, pixels = torch.TorchNetwork(seed=3), pixels_of(side)
    expected = define(network, seen_by(pixels))
    # airbench94_muon.py divides its logits by 256 channels.
    scale = 1 / 256 if name == "airbench94" else 1
    assert expected.std() > 0.01 * scale
    trunk = build_trunk(name, pixels.shape[1:], side, tensors=network.tensors)
    # Of airbench96, which numbers its layers, names are ours, and so is what they are divided by.
    numbered = name == "airbench96"
    weights = (
        classifier_tensors(network.tensors)
        if numbered
        else given_classifier(name, network.tensors, trunk.output_shape[-1], 10)
    )
    head = published_head(find_backbone(name).head, trunk.output_shape[1:], 10, weights=weights)
    found = keras.ops.convert_to_numpy(head(trunk(pixels)))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * scale)


@pytest.fixture(scope="module")
def tensors():
    network = torch.TorchNetwork(seed=4)
    torch.resnet(network, np.zeros((1, 3, 8, 8)), blocks=3)
    return network.tensors


def test_names_of_a_training_on_several_cards_are_read(tensors, trunk_of):
    trunk = build_trunk("resnet20", (8, 8, 3), 8, tensors={f"module.{name}": one for name, one in tensors.items()})
    kernel = keras.ops.convert_to_numpy(trunk.get_layer("layer3_0_conv1").kernel)
    np.testing.assert_array_equal(kernel[2, 0, 31, 5], tensors["layer3.0.conv1.weight"][5, 31, 2, 0])
    kernel, bias = classifier_tensors({f"module.{name}": one for name, one in tensors.items()})
    assert (kernel.shape, bias.shape) == ((64, 10), (10,))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"layer3.2.bn2.running_var": None}, "missing: layer3_2_bn2/moving_variance"),
        ({"layer4.0.conv1.weight": np.zeros(1)}, r"left over: layer4\.0\.conv1\.weight"),
        ({"conv1.weight": np.zeros((16, 1, 3, 3))}, r"another shape: conv1/kernel \[3, 3, 1, 16\] for \[3, 3, 3, 16\]"),
    ],
)
def test_tensors_that_do_not_fit_are_named(change, complaint, tensors):
    changed = {name: one for name, one in (tensors | change).items() if one is not None}
    with pytest.raises(VerificationError, match=complaint):
        build_trunk("resnet20", (8, 8, 3), 8, tensors=changed)


def test_a_scale_that_is_not_one_is_not_dropped(pixels_of):
    network = torch.TorchNetwork(seed=3)
    torch.airbench94(network, np.zeros((1, 3, 32, 32)))
    network.tensors["layers.2.norm1.weight"][5] = 0.9
    with pytest.raises(VerificationError, match="left over: layers_2_norm1/gamma"):
        build_trunk("airbench94", (32, 32, 3), 32, tensors=network.tensors)


def test_a_state_dict_without_a_classifier_is_refused():
    with pytest.raises(VerificationError, match=r"linear, fc, head, classifier\.1 in the state dict, got 1 tensors"):
        classifier_tensors({"conv1.weight": np.zeros(3)})
