"""Every known mistake of scaling is named by the figures it leaves behind, and the contract's own figures pass."""

import keras
import numpy as np
import pytest

from lowres.networks.backbones.input_contracts import BGR_MINUS_MEAN, IMAGENET_STANDARDISED, MINUS_ONE_TO_ONE, RAW
from lowres.networks.backbones.trunk import build_trunk
from lowres.networks.probes.input_range import preprocessed, probe_input_range, resized
from networks.probes.small_network import small_trunk

COLOURS = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)


def scaling(scale, offset=0.0, flipped=False):
    """A scaling layer of our own making, in the place of the contract's."""

    def apply(pixels):
        if flipped:
            pixels = keras.ops.flip(pixels, axis=-1)
        return keras.layers.Rescaling(scale, offset, dtype="float32", name="scaling")(pixels)

    return small_trunk(apply)


def looked_at(trunk, contract=MINUS_ONE_TO_ONE, pixels=COLOURS):
    return probe_input_range(trunk, contract, pixels, "bilinear")


MEAN, DEVIATION = np.array(IMAGENET_STANDARDISED.mean), np.array(IMAGENET_STANDARDISED.deviation)
BGR_MEAN = np.array(BGR_MINUS_MEAN.mean)
PLANTED = [
    ("twice", MINUS_ONE_TO_ONE, (1 / 255 / 127.5, -1), "scaled twice (to 0-1 first, then as if they were 0-255)"),
    ("twice, BGR", BGR_MINUS_MEAN, (1 / 255, -BGR_MEAN, True), "scaled twice (to 0-1 first"),
    ("twice, standardised", IMAGENET_STANDARDISED, (1 / 255 / DEVIATION, -MEAN / DEVIATION), "(to 0-1 first"),
    ("twice by the contract", MINUS_ONE_TO_ONE, (1 / 127.5**2, -1 / 127.5 - 1), "scaled twice (by the contract both"),
    ("not at all", MINUS_ONE_TO_ONE, (1.0, 0.0), "not scaled at all (0 to 255)"),
    ("not at all, BGR", BGR_MINUS_MEAN, (1.0, 0.0), "not scaled at all (0 to 255)"),
    ("red and blue swapped", BGR_MINUS_MEAN, (1.0, -BGR_MEAN), "wrong order (red and blue swapped)"),
    ("swapped afterwards", BGR_MINUS_MEAN, (1.0, -BGR_MEAN[::-1]), "wrong order (swapped after scaling)"),
    ("to 0-1", MINUS_ONE_TO_ONE, (1 / 255, 0.0), "scaled to 0-1 only"),
    ("to 0-1, raw", RAW, (1 / 255, 0.0), "scaled to 0-1"),
    ("to -1 to 1", BGR_MINUS_MEAN, (1 / 127.5, -1), "scaled to -1 to 1"),
    ("standardised", MINUS_ONE_TO_ONE, (1 / DEVIATION, -MEAN / DEVIATION), "standardised by ImageNet"),
    ("something else", MINUS_ONE_TO_ONE, (1 / 100, -0.3), "fed other numbers than it was trained on"),
]


@pytest.mark.parametrize(("contract", "layer", "words"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED])
def test_a_planted_scaling_is_named(contract, layer, words):
    found = looked_at(scaling(*layer), contract)
    assert found.status == "FAIL"
    assert words in found.measured
    assert "network.scaling = contract" in found.repair


def test_both_figures_are_told():
    found = looked_at(scaling(1 / 255), pixels=np.full((2, 8, 8, 3), 51, np.uint8))
    assert found.measured.startswith("pixels are scaled to 0-1 only: 0.2 to 0.2 (mean 0.2 0.2 0.2, deviation")
    assert "the contract is -0.6 to -0.6 (mean -0.6 -0.6 -0.6, deviation" in found.measured


@pytest.mark.parametrize("contract", [MINUS_ONE_TO_ONE, RAW, BGR_MINUS_MEAN, IMAGENET_STANDARDISED])
def test_what_the_contract_says_passes(contract):
    scale = 1 / np.array(contract.deviation)
    trunk = scaling(scale, -np.array(contract.mean) * scale, flipped=contract.layout == "bgr")
    found = looked_at(trunk, contract)
    assert found.status == "PASS"
    assert contract.words in found.measured


@pytest.mark.parametrize(
    ("side", "interpolation"), [(8, "bilinear"), (16, "bicubic"), (32, "bilinear"), (4, "bicubic")]
)
def test_a_trunk_as_lowres_builds_it_passes_at_every_size(side, interpolation):
    trunk = build_trunk("tiny-conv", (8, 8, 3), side, interpolation)
    assert probe_input_range(trunk, MINUS_ONE_TO_ONE, COLOURS, interpolation).status == "PASS"


def test_the_described_mistake_is_found_in_a_trunk_as_lowres_builds_it():
    trunk = build_trunk("tiny-conv", (8, 8, 3), 16, "bilinear", scaling="unit-then-contract")
    found = looked_at(trunk)
    assert found.status == "FAIL"
    assert "scaled twice" in found.measured
    low, high = (float(word) for word in found.measured.split("): ")[1].split(" (")[0].split(" to "))
    assert (low, high) == pytest.approx((-1, 1 / 127.5 - 1), abs=1e-3)


def test_grey_images_do_not_accuse_the_order_of_channels():
    grey = np.repeat(COLOURS[..., :1], 3, axis=3)
    assert looked_at(scaling(1 / 127.5, -1, flipped=True), pixels=grey).status == "PASS"


def test_resizing_is_pillows():
    from PIL import Image

    image = COLOURS[0, :, :, 0].astype(np.float32)
    found = resized(image[None, :, :, None], 20, "bilinear")[0, :, :, 0]
    expected = np.asarray(Image.fromarray(image).resize((20, 20), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_the_backbone_begins_behind_the_resizing():
    assert preprocessed(small_trunk(), COLOURS).shape == (6, 16, 16, 3)
