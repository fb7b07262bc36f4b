"""Which layers of a trunk make a block, by their names: what trains at one rate, and stops training together."""

from __future__ import annotations

import re

# Blocks whose layers do not share their first two words, of Keras Applications: InceptionResNet's and MobileNetV2's,
# EfficientNet's, VGG's and Xception's, MobileNetV3's, MobileNet's pairs of layers, ConvNeXt's; and torchvision's.
_OTHERS = re.compile(
    r"(?:block_?\d+_\d+(?=_)|block_?\d+[a-z]?(?=_)|expanded_conv(?:_\d+)?(?=_)|conv_[dp]w_(?P<number>\d+)"
    r"|convnext_[a-z]+_stage_\d+_block_\d+|features_\d+_\d+(?=_block))"
)


def block_name(layer_name: str) -> str:
    """Return the name of the block that a layer belongs to; layers that are in none are blocks of their own."""
    match = _OTHERS.match(layer_name)
    if match:
        return f"conv_{match['number']}" if match["number"] else match[0]
    parts = layer_name.split("_")
    return "_".join(parts[:2]) if len(parts) > 2 else layer_name
