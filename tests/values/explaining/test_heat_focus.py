"""The focus of heat maps is what hand-made maps say it is."""

import numpy as np
import pytest
from scipy.stats import norm, sem

from lowres.values.explaining.heat_focus import heat_focus


def maps(*rows):
    return np.array(rows, dtype=np.float32)


EVEN = np.ones((4, 4))
MIDDLE = np.pad(np.ones((2, 2)), 1)
CORNER = np.zeros((4, 4))
CORNER[0, 0] = 3


def test_even_heat_is_the_measure_of_both():
    focus = heat_focus(maps(EVEN, 7 * EVEN))
    assert focus.centre_share == pytest.approx(0.5)
    assert focus.half_area == pytest.approx(0.5)
    assert not focus.leans_to_centre
    assert not focus.leans_to_rim


def test_heat_in_the_middle_leans_to_the_centre_and_heat_in_a_corner_to_the_rim():
    middle, corner = heat_focus(maps(MIDDLE, MIDDLE)), heat_focus(maps(CORNER, CORNER))
    # The middle 2 x 2 of 4 x 4 fields lies whole in the central square, half of it is 2 of 16 fields.
    assert middle.centre_share == pytest.approx(1)
    assert middle.half_area == pytest.approx(2 / 16)
    assert middle.leans_to_centre
    # The central square begins at 4 (1 - sqrt 1/2) / 2 = 0.586 fields, so it holds 0.414 squared of the corner field.
    assert corner.centre_share == pytest.approx((2**0.5 - 1) ** 2)
    assert corner.half_area == pytest.approx(0.5 / 16)
    assert corner.leans_to_rim


def test_negative_heat_does_not_count_and_empty_maps_are_told_apart():
    mixed = np.where(MIDDLE > 0, 1, -5)
    focus = heat_focus(maps(mixed, mixed, -EVEN))
    assert focus.centre_share == pytest.approx(1)
    assert (focus.n, focus.empty) == (2, 1)


def test_the_interval_is_that_of_a_mean():
    random = np.random.default_rng(0).gamma(1, size=(40, 6, 6)).astype(np.float32)
    focus = heat_focus(random)
    each = [heat_focus(np.stack([one, one])).centre_share for one in random]
    assert focus.centre_share == pytest.approx(np.mean(each))
    expected = norm.interval(0.95, np.mean(each), sem(each))
    assert focus.centre_interval == pytest.approx(expected, abs=1e-6)


def test_of_one_map_nothing_is_said():
    assert heat_focus(maps(EVEN)) is None
    assert heat_focus(maps(-EVEN, EVEN)) is None
