"""What is drawn belongs to the image, severities grow, and every corruption changes pictures of any size."""

import numpy as np
import pytest

from lowres.errors import DataError
from lowres.values.altering.corruptions import CORRUPTIONS, SEVERITIES, corrupt

NAMES = [corruption.name for corruption in CORRUPTIONS]


@pytest.fixture(scope="module")
def pictures():
    """Eight pictures of 32 pixels with large patches, edges and a fine grain."""
    random = np.random.default_rng(2)
    coarse = random.integers(40, 216, (8, 4, 4, 3)).astype(np.uint8)
    patches = coarse.repeat(8, axis=1).repeat(8, axis=2)
    return (patches + random.integers(-20, 21, patches.shape)).astype(np.uint8)


def spoil(pictures, name, severity=3, seed=0, numbers=None):
    numbers = np.arange(len(pictures)) if numbers is None else numbers
    return corrupt(pictures, name, severity, seed=seed, numbers=numbers)


def test_there_are_the_fifteen_of_the_paper_in_its_four_groups():
    assert len(set(NAMES)) == 15
    assert [[c.group for c in CORRUPTIONS].count(group) for group in ("noise", "blur", "weather", "digital")] == [
        3,
        4,
        4,
        4,
    ]
    assert {len(corruption.strengths) for corruption in CORRUPTIONS} == {len(SEVERITIES)}


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_spoiled_the_same_whatever_stands_beside_it(pictures, name):
    together = spoil(pictures, name)
    alone = spoil(pictures[5:6], name, numbers=np.array([5]))
    np.testing.assert_array_equal(together[5:6], alone)
    np.testing.assert_array_equal(together, spoil(pictures, name))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {
    "defocus blur", "zoom blur", "brightness", "contrast", "pixelate", "jpeg compression"
}])  # fmt: skip
def test_seed_and_image_decide_what_is_drawn(pictures, name):
    same = pictures[:1].repeat(2, axis=0)
    first, second = spoil(same, name)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, spoil(same, name, seed=1)[0])


@pytest.mark.parametrize("name", [name for name in NAMES if name != "elastic transform"])
def test_the_severest_is_further_from_the_picture_than_the_mildest(pictures, name):
    away = [np.abs(spoil(pictures, name, severity).astype(float) - pictures).mean() for severity in (1, 5)]
    assert 0 < away[0] < away[1]


def test_elastic_trades_the_pull_for_a_finer_wobble(pictures):
    """As published: the severest moves pixels less far than the mildest, but neighbours apart."""
    places = np.tile(np.arange(0, 256, 8, dtype=np.uint8)[:, None, None], (1, 1, 32, 3))
    steps = [np.diff(spoil(places, "elastic transform", severity)[0, 4:-4, 4:-4, 0].astype(float), axis=0).std()
             for severity in (1, 5)]  # fmt: skip
    assert steps[0] < steps[1]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(8, 8), (20, 33), (64, 48)])
def test_pictures_of_any_size_keep_their_shape(name, shape):
    pictures = np.random.default_rng(0).integers(0, 256, (2, *shape, 3)).astype(np.uint8)
    spoiled = spoil(pictures, name, 5)
    assert (spoiled.shape, spoiled.dtype) == (pictures.shape, np.uint8)


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("name", NAMES)
def test_black_and_white_pictures_are_no_trouble(name, level):
    with np.errstate(all="raise"):
        spoil(np.full((1, 32, 32, 3), level, np.uint8), name, 5)


@pytest.mark.parametrize(("name", "severity"), [("rain", 1), ("fog", 0), ("fog", 6)])
def test_what_there_is_not_is_named(pictures, name, severity):
    with pytest.raises(DataError, match=rf"expected one of gaussian noise, .* from 1 to 5, got '{name}' at {severity}"):
        spoil(pictures, name, severity)
