"""What an image becomes depends on seed, epoch and image alone, and on each choice as it says."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from lowres.errors import DataError
from lowres.values.altering.augmentation import augment, is_flipped
from lowres.values.altering.policies import random_changes
from lowres.values.altering.warping import shift
from lowres.values.keyed_random import ImageDraws
from lowres.values.recipes.recipe_sections import Augmentation

EVERYTHING = Augmentation(
    flip="alternating",
    shift_pixels=4,
    rotation_fraction=0.1,
    zoom_fraction=0.1,
    cutout_pixels=6,
    brightness=0.2,
    contrast=0.3,
    saturation=0.4,
    policy="trivial",
)


def pictures(n=40, height=20, width=24, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, height, width, 3), dtype=np.uint8)


@settings(deadline=None, max_examples=25, database=None)
@given(st.permutations(range(24)), st.integers(1, 24), st.integers(0, 2**32 - 1), st.integers(0, 500), st.booleans())
def test_an_image_is_changed_alike_in_any_company(order, cut, seed, epoch, is_random):
    choices = EVERYTHING.model_copy(update={"flip": "random", "policy": "random"}) if is_random else EVERYTHING
    images, numbers = pictures(24), np.arange(24) * 7 + 3
    whole = augment(images, numbers, choices, seed=seed, epoch=epoch)
    for rows in (np.array(order[:cut]), np.array(order[cut:], dtype=int)):
        part = augment(images[rows], numbers[rows], choices, seed=seed, epoch=epoch)
        np.testing.assert_array_equal(part, whole[rows])


def test_chunks_join_without_a_seam():
    # 600 images of 32 x 32 are several chunks; each alone is one.
    images = pictures(600, 32, 32)
    whole = augment(images, np.arange(600), EVERYTHING, seed=1, epoch=2)
    for row in (0, 127, 128, 129, 599):
        alone = augment(images[row : row + 1], np.array([row]), EVERYTHING, seed=1, epoch=2)
        np.testing.assert_array_equal(alone[0], whole[row])


@pytest.mark.parametrize("other", [{"seed": 2, "epoch": 1}, {"seed": 1, "epoch": 2}])
def test_another_seed_or_epoch_changes_otherwise(other):
    images, numbers = pictures(), np.arange(40)
    first = augment(images, numbers, EVERYTHING, seed=1, epoch=1)
    assert (augment(images, numbers, EVERYTHING, **other) != first).any(axis=(1, 2, 3)).all()


def test_one_picture_as_many_images_becomes_many():
    images = np.repeat(pictures(1), 30, axis=0)
    changed = augment(images, np.arange(30), EVERYTHING, seed=0, epoch=0)
    assert len({picture.tobytes() for picture in changed}) == 30


def test_input_stays_and_defaults_change_nothing():
    images = pictures()
    images.flags.writeable = False
    np.testing.assert_array_equal(augment(images, np.arange(40), Augmentation(), seed=0, epoch=0), images)
    assert augment(images, np.arange(40), Augmentation(policy_changes=5), seed=0, epoch=0) is images
    assert augment(images, np.arange(40), EVERYTHING, seed=0, epoch=0).flags.writeable
    np.testing.assert_array_equal(images, pictures())


@pytest.mark.parametrize("size", [(0, 8, 8), (1, 1, 1), (3, 1, 9), (2, 65, 5)])
def test_any_size(size):
    images = pictures(*size)
    assert augment(images, np.arange(size[0]), EVERYTHING, seed=0, epoch=0).shape == images.shape


def test_random_flips_are_half_of_all_and_exact():
    images, choices = pictures(400), Augmentation(flip="random")
    flags = is_flipped(choices, np.arange(400), seed=5, epoch=3)
    assert 160 < flags.sum() < 240
    changed = augment(images, np.arange(400), choices, seed=5, epoch=3)
    np.testing.assert_array_equal(changed[flags], images[flags][:, :, ::-1])
    np.testing.assert_array_equal(changed[~flags], images[~flags])


def test_alternating_flips_alternate():
    numbers, choices = np.arange(400), Augmentation(flip="alternating")
    epochs = [is_flipped(choices, numbers, seed=5, epoch=epoch) for epoch in range(4)]
    assert 160 < epochs[0].sum() < 240
    for first, second in zip(epochs, epochs[1:], strict=False):
        np.testing.assert_array_equal(first, ~second)


def test_shifts_reach_every_place_and_none_beyond():
    images, choices = np.repeat(pictures(1, 9, 9), 500, axis=0), Augmentation(shift_pixels=1)
    changed = {picture.tobytes() for picture in augment(images, np.arange(500), choices, seed=0, epoch=0)}
    places = [(right, down) for right in (-1, 0, 1) for down in (-1, 0, 1)]
    expected = {shift(images[:1], np.array([right]), np.array([down])).tobytes() for right, down in places}
    assert changed == expected


def test_rotation_and_zoom_stay_in_their_bounds():
    # A bright dot ten pixels right of the middle tells angle and zoom by where it is found again.
    images = np.zeros((300, 41, 41, 3), dtype=np.uint8)
    images[:, 19:22, 29:32] = 255
    changed = augment(images, np.arange(300), Augmentation(rotation_fraction=0.1, zoom_fraction=0.2), seed=0, epoch=0)
    place = np.array([ndimage.center_of_mass(picture[..., 0].astype(float)) for picture in changed]) - 20
    degrees = np.degrees(np.arctan2(-place[:, 0], place[:, 1]))
    zooms = 10 / np.hypot(*place.T)
    assert (np.abs(degrees) < 36.5).all()
    assert degrees.min() < -32
    assert degrees.max() > 32
    assert (np.abs(zooms - 1) < 0.21).all()
    assert zooms.min() < 0.84
    assert zooms.max() > 1.16


def test_cutout_paints_one_square_with_the_mean():
    images = pictures(200, 15, 17)
    changed = augment(images, np.arange(200), Augmentation(cutout_pixels=5), seed=0, epoch=0)
    areas = set()
    for before, after in zip(images, changed, strict=True):
        rows, columns = np.nonzero((before != after).any(axis=2))
        box = after[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].reshape(-1, 3)
        assert np.ptp(box, axis=0).max() == 0
        assert np.abs(box[0] - before.reshape(-1, 3).mean(axis=0)).max() <= 0.51
        assert np.ptp(rows) < 5
        assert np.ptp(columns) < 5
        areas.add(len(box))
    assert max(areas) == 25
    assert min(areas) < 12


def test_colour_changes_are_drawn_apart_and_in_their_bounds():
    grey = np.full((500, 4, 4, 3), 100, dtype=np.uint8)
    brighter = augment(grey, np.arange(500), Augmentation(brightness=0.2), seed=0, epoch=0)
    assert brighter.min() in (80, 81)
    assert brighter.max() in (119, 120)
    # A grey picture of one value has nothing that contrast or saturation could change.
    for name in ("contrast", "saturation"):
        same = augment(grey, np.arange(500), Augmentation(**{name: 0.9}), seed=0, epoch=0)
        np.testing.assert_array_equal(same, grey)
        assert (augment(pictures(), np.arange(40), Augmentation(**{name: 0.9}), seed=0, epoch=0) != pictures()).any()


def test_pictures_go_fast():
    # 5,000 a second are promised with flip and shift, 1,500 with rotation and zoom; a busy machine gets a third.
    images = pictures(1500, 32, 32)
    for choices, a_second in (
        (Augmentation(flip="alternating", shift_pixels=4), 5000),
        (Augmentation(flip="random", rotation_fraction=0.1, zoom_fraction=0.1), 1500),
    ):
        started = time.process_time()
        augment(images, np.arange(1500), choices, seed=0, epoch=0)
        assert 1500 / (time.process_time() - started) > a_second / 3


@pytest.mark.parametrize(
    ("pixels", "numbers", "more", "message"),
    [
        (np.zeros((2, 4, 4, 3)), np.arange(2), {}, r"expected uint8 pixels .* got float64 \[2, 4, 4, 3\]"),
        (np.zeros((2, 4, 4), np.uint8), np.arange(2), {}, r"expected uint8 pixels .* got uint8 \[2, 4, 4\]"),
        (pictures(2), np.arange(3), {}, r"expected one whole number an image \(2\) .* got int64 \[3\]"),
        (pictures(2), np.array([0.0, 1.0]), {}, r"expected one whole number an image .* got float64 \[2\]"),
        (pictures(2), np.array([0, -1]), {}, r"expected image numbers, seed and epoch from 0 .* got -1, 0 and 0"),
        (pictures(2), np.arange(2), {"epoch": -1}, r"expected image numbers, seed and epoch from 0 .* got 0, 0 and -1"),
    ],
)
def test_refusals(pixels, numbers, more, message):
    with pytest.raises(DataError, match=message):
        augment(pixels, numbers, EVERYTHING, **({"seed": 0, "epoch": 0} | more))


def test_a_shift_by_a_fraction_is_one_by_that_many_pixels():
    pixels = np.random.default_rng(1).integers(0, 256, (6, 20, 10, 3)).astype(np.uint8)
    numbers = np.arange(6)
    by_pixels = augment(pixels, numbers, Augmentation(shift_pixels=3), seed=2, epoch=1)
    np.testing.assert_array_equal(
        augment(pixels, numbers, Augmentation(shift_fraction=0.15), seed=2, epoch=1), by_pixels
    )
    np.testing.assert_array_equal(
        augment(pixels, numbers, Augmentation(shift_fraction=0.05, shift_pixels=3), seed=2, epoch=1), by_pixels
    )
    np.testing.assert_array_equal(augment(pixels, numbers, Augmentation(shift_fraction=0.02), seed=2, epoch=1), pixels)


def test_images_nobody_decided_about_are_not_mirrored():
    pixels = np.random.default_rng(1).integers(0, 256, (6, 20, 10, 3)).astype(np.uint8)
    np.testing.assert_array_equal(augment(pixels, np.arange(6), Augmentation(flip="auto"), seed=2, epoch=1), pixels)


def test_random_changes_are_as_many_and_as_strong_as_chosen():
    images, draws = pictures(), ImageDraws(1, 2, np.arange(40))
    choices = Augmentation(policy="random", policy_changes=3, policy_strength=0.7)
    expected = random_changes(images, draws, 16, changes=3, strength=0.7)
    np.testing.assert_array_equal(augment(images, np.arange(40), choices, seed=1, epoch=2), expected)
