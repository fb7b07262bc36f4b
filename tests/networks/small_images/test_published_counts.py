"""Every network has the parameters and the multiply-adds that its paper, or its public definition, states."""

import math

import keras
import pytest

from lowres.networks.backbones.published_head import published_head
from lowres.networks.backbones.trunk import BACKBONES, build_trunk, cut_layers
from lowres.networks.multiply_adds import multiply_adds
from lowres.networks.small_images.table import NETWORKS
from lowres.values.training.drawn_networks import FIXED, SEEDED

# Parameters with ten classes; blocks; millions of multiply-adds at 32 pixels.
PUBLISHED = {
    # He et al. 2016, table 6 (0.27, 0.46, 0.66 and 0.85 million); 125.49 million by Lin et al. 2020, "HRank", table 3.
    "resnet20": (269_722, 9, 40.55),
    "resnet32": (464_154, 15, 68.86),
    "resnet44": (658_586, 21, 97.17),
    "resnet56": (853_018, 27, 125.49),
    # Zagoruyko and Komodakis 2016, tables 4 and 5: 2.7 and 36.5 million, 5.2 billion multiply-adds.
    "wrn-16-4": (2_748_890, 6, 392.61),
    # 1.5 million in Oliver et al. 2018, section 4.1.
    "wrn-28-2": (1_467_610, 12, 214.35),
    "wrn-28-10": (36_479_194, 12, 5_243.33),
    # 11.17 million; what torch counts of kuangliu's definitions.
    "preact-resnet18": (11_171_146, 8, 555.42),
    "mobilenetv2-cifar": (2_296_922, 17, 91.15),
    # torchvision's definition with ten classes and these strides, counted by hooks on its convolutions.
    "efficientnetb0-cifar": (4_020_358, 16, 116.17),
    # Jordan 2024, section 3: 1.97 million.
    "airbench94": (1_971_640, 3, 118.15),
    # By hand from `airbench96.py`: kernels of 12,709,152, offsets of 3,480, a classifier of 5,120.
    "airbench96": (12_717_752, 3, 615.20),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_network_is_as_large_as_published(name, trunk_of):
    trunk, (parameters, blocks, millions) = trunk_of(name), PUBLISHED[name]
    head = published_head(BACKBONES[name].head, trunk.output_shape[1:], 10)
    weights = [one for part in (trunk, head) for one in part.weights if "moving_" not in one.name]
    assert sum(math.prod(one.shape) for one in weights) == parameters
    assert (multiply_adds(trunk) + multiply_adds(head)) / 1e6 == pytest.approx(millions, abs=0.005)
    assert len(cut_layers(trunk, BACKBONES[name])) == blocks
    assert trunk.output_shape[-1] == BACKBONES[name].channels


def test_resnet_by_hand():
    """3x3 convolutions of 16, 32 and 64 channels on 32, 16 and 8 pixels cost the same; two begin with half of that."""
    convolution = 9 * 16 * 16 * 32 * 32
    for name, blocks in (("resnet20", 3), ("resnet32", 5), ("resnet44", 7), ("resnet56", 9)):
        cost = 27 * 16 * 32 * 32 + 6 * blocks * convolution - 2 * convolution // 2 + 640
        assert cost / 1e6 == pytest.approx(PUBLISHED[name][2], abs=0.005)


def test_efficientnetb0_at_its_own_size_costs_what_its_paper_says(trunk_of):
    """Tan and Le 2019, table 2: 5.3 million parameters with a thousand classes, .39 billion multiply-adds."""
    published = build_trunk("efficientnetb0", (224, 224, 3), 224, may_be_random=True)
    parameters = {}
    for name, trunk in (("published", published), ("for CIFAR", trunk_of("efficientnetb0-cifar"))):
        # The mean, variance and count of its first layer are not parameters. Its name counts the networks made before.
        layers = [layer for layer in trunk.layers if not isinstance(layer, keras.layers.Normalization)]
        weights = [one for layer in layers for one in layer.weights if "moving_" not in one.name]
        parameters[name] = sum(math.prod(one.shape) for one in weights)
    assert parameters["published"] == parameters["for CIFAR"]
    assert (parameters["published"] + 1281 * 1000) / 1e6 == pytest.approx(5.3, abs=0.05)
    assert (multiply_adds(published) + 1280 * 1000) / 1e9 == pytest.approx(0.39, abs=0.005)


def test_half_a_mobilenet_has_half_the_channels(trunk_of):
    half, whole = trunk_of("mobilenetv2-cifar-0.5"), trunk_of("mobilenetv2-cifar")
    # 24 halved is 12, rounded to eights, and not below nine tenths: 16.
    for layer, channels in (("conv1", (16, 32)), ("layers_1_conv3", (16, 24)), ("layers_16_conv3", (160, 320))):
        assert tuple(part.get_layer(layer).filters for part in (half, whole)) == channels
    assert half.output_shape == whole.output_shape == (None, 4, 4, 1280)


def test_what_is_known_without_a_framework_is_what_there_is():
    assert tuple(NETWORKS) == SEEDED
    assert {name for name, backbone in BACKBONES.items() if backbone.is_drawn} == set(SEEDED)
    assert {name for name, backbone in BACKBONES.items() if backbone.load is None} == set(FIXED)
