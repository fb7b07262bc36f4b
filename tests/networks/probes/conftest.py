"""The small network, and real digits for it."""

import numpy as np
import pytest

from networks.probes.small_network import small_head, small_trunk


@pytest.fixture
def trunk():
    return small_trunk()


@pytest.fixture
def head():
    return small_head()


@pytest.fixture(scope="session")
def pixels(digits):
    return digits.pixels[:64]


@pytest.fixture(scope="session")
def labels(digits):
    return digits.labels[:64]


@pytest.fixture(scope="session")
def pooled(pixels):
    """Features of the digits by that trunk."""
    return np.asarray(small_trunk().predict_on_batch(pixels)).mean(axis=(1, 2))
