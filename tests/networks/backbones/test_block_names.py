"""Blocks by the layer names of the published networks."""

import re

import keras
import pytest

from lowres.networks.backbones.block_names import block_name


@pytest.mark.parametrize(
    ("layer", "block"),
    [
        ("conv5_block3_2_conv", "conv5_block3"),
        ("blocks_10_bn2", "blocks_10"),
        ("layer3_0_conv1", "layer3_0"),
        ("layers_2_norm1", "layers_2"),
        ("block2a_expand_conv", "block2a"),
        ("block2a_se_reduce", "block2a"),
        ("block_13_depthwise_BN", "block_13"),
        ("expanded_conv_11_squeeze_excite_conv", "expanded_conv_11"),
        ("expanded_conv_project", "expanded_conv"),
        ("conv_dw_13_bn", "conv_13"),
        ("conv_pw_13", "conv_13"),
        ("block1_conv2", "block1"),
        ("block14_sepconv1_bn", "block14"),
        ("block35_10_conv", "block35_10"),
        ("convnext_tiny_stage_2_block_8_depthwise_conv", "convnext_tiny_stage_2_block_8"),
        ("features_3_1_block_2_fc1", "features_3_1"),
        ("features_0_1", "features_0"),
        ("stem_conv", "stem_conv"),
    ],
)
def test_a_layer_belongs_to_its_block(layer, block):
    assert block_name(layer) == block


@pytest.mark.parametrize(
    ("network", "published", "names"),
    # Tan and Le 2019, table 1: 16 blocks; Sandler et al. 2018, table 2: 17; Howard et al. 2017, table 1: 13;
    # Howard et al. 2019, table 1: 15. Beside them stem and top.
    [
        ("EfficientNetB0", 16, r"block\d"),
        ("MobileNetV2", 17, r"block_\d|expanded_conv"),
        ("MobileNet", 13, r"conv_\d+$"),
        ("MobileNetV3Large", 15, "expanded_conv"),
    ],
)
def test_a_published_network_has_its_published_number_of_blocks(network, published, names):
    model = getattr(keras.applications, network)(include_top=False, weights=None, input_shape=(32, 32, 3))
    blocks = {block_name(layer.name) for layer in model.layers if layer.trainable_variables}
    inner = {name for name in blocks if re.match(names, name)}
    assert len(inner) == published
    assert len(blocks) <= published + 4
