"""The spread of features by hand, and the two ways in which images come to look alike."""

import numpy as np
import pytest

from lowres.networks.backbones.input_contracts import MINUS_ONE_TO_ONE
from lowres.networks.backbones.trunk import build_trunk
from lowres.networks.probes.feature_spread import (
    features_of_preprocessed,
    judge_spread,
    relative_spread,
    spread,
)
from lowres.networks.probes.input_range import resized

# Two channels: deviations 1 and 3, mean size 4.
BY_HAND = np.array([[1.0, 9.0], [3.0, 3.0]], np.float32)


def test_the_spread_by_hand():
    assert spread(BY_HAND) == 2
    assert relative_spread(BY_HAND) == 0.5
    assert relative_spread(np.zeros((3, 2), np.float32)) == 0


def test_a_scale_of_all_features_does_not_change_the_relative_one():
    assert relative_spread(1000 * BY_HAND) == pytest.approx(relative_spread(BY_HAND))


def test_features_under_a_fifth_of_the_correct_ones_fail():
    correct = np.random.default_rng(0).normal(1, 1, (32, 8)).astype(np.float32)
    assert judge_spread(0.21 * correct, correct).status == "PASS"
    found = judge_spread(0.19 * correct, correct)
    assert found.status == "FAIL"
    assert "correctly scaled pixels give 0.9" in found.measured
    assert "network.scaling = contract" in found.repair


def test_features_that_hardly_differ_fail_without_anything_to_compare():
    flat = (1 + 0.01 * np.random.default_rng(0).standard_normal((32, 8))).astype(np.float32)
    found = judge_spread(flat)
    assert found.status == "FAIL"
    assert "less than 0.02: all images look alike" in found.measured


def test_features_that_are_no_numbers_fail():
    broken = BY_HAND.copy()
    broken[1, 0] = np.nan
    found = judge_spread(broken)
    assert (found.status, found.measured) == ("FAIL", "NaN or infinity in the features of 1 of 2 images")


def test_pixels_scaled_twice_are_found_against_the_same_backbone_fed_correctly(digits):
    pixels = digits.pixels[:24]
    wrong, right = (
        build_trunk("tiny-conv", (8, 8, 3), 16, "bilinear", scaling=scaling)
        for scaling in ("unit-then-contract", "contract")
    )
    correct = features_of_preprocessed(wrong, resized(MINUS_ONE_TO_ONE.apply(pixels), 16, "bilinear"))
    maps = np.asarray(right.predict_on_batch(pixels))
    np.testing.assert_allclose(correct, maps.mean(axis=(1, 2)), atol=1e-5)
    fed_twice = np.asarray(wrong.predict_on_batch(pixels)).mean(axis=(1, 2))
    assert judge_spread(fed_twice, correct).status == "FAIL"
    assert judge_spread(correct, correct).status == "PASS"
