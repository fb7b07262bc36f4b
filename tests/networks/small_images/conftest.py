"""Each network built once, and pixels to show it."""

from functools import cache

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from lowres.networks.backbones.trunk import build_trunk


@pytest.fixture(scope="session")
def trunk_of():
    """Build the trunk of that name for images of so many pixels, or return the one there is; to be left as it is."""

    @cache
    def build(name: str, side: int = 32) -> keras.Model:
        return build_trunk(name, (side, side, 3), side)

    return build


@pytest.fixture
def pixels_of():
    """Draw uint8 pictures `[images, side, side, 3]`."""

    def draw(side: int, images: int = 2) -> NDArray[np.uint8]:
        return np.random.default_rng(side).integers(0, 256, (images, side, side, 3), dtype=np.uint8)

    return draw
