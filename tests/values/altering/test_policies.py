"""Policies change every picture in the ways it drew; ways are drawn alike, strengths stay in their bounds."""

import numpy as np
import pytest
from scipy import stats

from lowres.values.altering.policies import OPERATIONS, random_changes, trivial
from lowres.values.keyed_random import ImageDraws


def pictures(n, side=16):
    return np.random.default_rng(0).integers(0, 256, (n, side, side, 3), dtype=np.uint8)


def test_each_picture_gets_the_one_operation_it_drew():
    given, draws = pictures(300), ImageDraws(4, 2, np.arange(300))
    changed = trivial(given, draws, 8)
    which, strengths = draws.whole(0, len(OPERATIONS) - 1, 8), draws.between(-1, 1, 9)
    operations = list(OPERATIONS.values())
    for row in range(300):
        one = slice(row, row + 1)
        np.testing.assert_array_equal(changed[row], operations[which[row]](given[one], strengths[one])[0])
    assert stats.chisquare(np.bincount(which, minlength=len(OPERATIONS))).pvalue > 0.01


@pytest.mark.parametrize(
    "name",
    [
        "shear x",
        "shear y",
        "shift x",
        "shift y",
        "rotate",
        "brightness",
        "contrast",
        "saturation",
        "sharpness",
        "solarize",
    ],
)
def test_no_strength_is_no_change(name):
    given = pictures(5)
    np.testing.assert_array_equal(OPERATIONS[name](given, np.zeros(5)), given)


def test_strongest_changes():
    given = pictures(1, 32)
    full = np.array([-1.0])
    # An inverted picture, four bits, a tenth of the brightness, and ten pixels of thirty-two.
    np.testing.assert_array_equal(OPERATIONS["solarize"](given, full), 255 - given)
    np.testing.assert_array_equal(OPERATIONS["posterize"](given, full), given & 0xF0)
    assert np.abs(OPERATIONS["brightness"](given, full) - given * 0.1).max() <= 0.5 + 1e-4
    np.testing.assert_array_equal(OPERATIONS["shift x"](given, full)[:, :, 10:], given[:, :, :-10])
    np.testing.assert_array_equal(OPERATIONS["shift y"](given, full)[:, 10:], given[:, :-10])


def test_posterize_draws_four_to_eight_bits_alike():
    ramp = np.tile(np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1), (1000, 1, 1, 3))
    strengths = np.random.default_rng(0).uniform(-1, 1, 1000)
    levels = [len(np.unique(picture)) for picture in OPERATIONS["posterize"](ramp, strengths)]
    values, counts = np.unique(levels, return_counts=True)
    assert values.tolist() == [16, 32, 64, 128, 256]
    assert stats.chisquare(counts).pvalue > 0.01


def test_random_changes_are_as_many_as_asked_all_of_one_strength():
    given, draws = pictures(300), ImageDraws(4, 2, np.arange(300))
    changed = random_changes(given, draws, 16, changes=3, strength=0.4)
    operations = list(OPERATIONS.values())
    signs = []
    for row in range(300):
        one, draw = given[row : row + 1], ImageDraws(4, 2, np.array([row]))
        for number in (16, 18, 20):
            sign = -1 if draw.fractions(number + 1)[0] < 0.5 else 1
            one = operations[draw.whole(0, len(OPERATIONS) - 1, number)[0]](one, np.array([0.4 * sign]))
            signs.append(sign)
        np.testing.assert_array_equal(changed[row], one[0])
    assert stats.binomtest(signs.count(1), len(signs)).pvalue > 0.01


def test_random_changes_of_no_strength_leave_a_flat_picture_as_it_is():
    flat = np.full((200, 8, 8, 3), 90, np.uint8)
    changed = random_changes(flat, ImageDraws(0, 0, np.arange(200)), 16, changes=2, strength=0.0)
    np.testing.assert_array_equal(changed, flat)
