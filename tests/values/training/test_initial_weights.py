"""Drawn kernels have the deviation the papers state, and belong to seed and name."""

import numpy as np
import pytest
from scipy import stats

from lowres.values.training.initial_weights import begun_as_identity, drawn_kernel

SHAPE = (3, 3, 40, 60)


@pytest.mark.parametrize(("initial", "deviation"), [("he-fan-in", (2 / 360) ** 0.5), ("he-fan-out", (2 / 540) ** 0.5)])
def test_normal_kernels_have_the_variance_of_he(initial, deviation):
    kernel = drawn_kernel(SHAPE, initial, seed=0, name="conv1")
    assert stats.kstest(kernel.ravel(), stats.norm(0, deviation).cdf).pvalue > 0.001
    assert kernel.dtype == np.float32


def test_uniform_kernels_fill_their_bounds():
    kernel = drawn_kernel(SHAPE, "uniform", seed=0, name="conv1")
    assert stats.kstest(kernel.ravel(), stats.uniform(-(360**-0.5), 2 * 360**-0.5).cdf).pvalue > 0.001


def test_seed_and_name_decide():
    first = drawn_kernel(SHAPE, "uniform", seed=1, name="a")
    np.testing.assert_array_equal(first, drawn_kernel(SHAPE, "uniform", seed=1, name="a"))
    for seed, name in ((2, "a"), (1, "b")):
        other = drawn_kernel(SHAPE, "uniform", seed=seed, name=name)
        assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.03


def test_the_identity_lies_in_the_middle_of_the_first_filters():
    begun = begun_as_identity(drawn_kernel((3, 3, 2, 5), "uniform", seed=0, name="a"))
    for filter_ in range(2):
        expected = np.zeros((3, 3, 2))
        expected[1, 1, filter_] = 1
        np.testing.assert_array_equal(begun[..., filter_], expected)
    assert (begun[..., 2:] != 0).all()
