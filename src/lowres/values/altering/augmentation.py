"""Training images changed at random: which change an image gets depends on seed, epoch and image alone."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from lowres.errors import DataError
from lowres.values.altering import colours
from lowres.values.altering.policies import random_changes, trivial
from lowres.values.altering.warping import shift, turn_and_zoom, warp
from lowres.values.keyed_random import ImageDraws, keyed_words
from lowres.values.recipes.recipe_sections import Augmentation

Pixels = NDArray[np.uint8]
# So many pixels at once: temporary arrays of a few megabytes stay in the processor's cache (a quarter faster).
_CHUNK_PIXELS = 131_072


class _Purpose(IntEnum):
    """The questions an image draws an answer to. The numbers are part of what a seed means: never reuse one."""

    FLIP = 0
    SHIFT_RIGHT = 1
    SHIFT_DOWN = 2
    TURN = 3
    ZOOM = 4
    BRIGHTNESS = 5
    CONTRAST = 6
    SATURATION = 7
    POLICY = 8  # and 9
    CUTOUT_RIGHT = 10
    CUTOUT_DOWN = 11
    CHANGES = 16  # and all after it


def augment(
    pixels: Pixels, image_numbers: NDArray[np.int64], choices: Augmentation, *, seed: int, epoch: int
) -> Pixels:
    """Return the images changed as `choices` say, uint8 `[n, height, width, 3]`; the input stays as it is.

    image_numbers: int64 `[n]`, whole numbers from 0, each its image's own for good. An image's change is the same
    whatever the other images are and wherever it stands among them. In this order: flip, shift, rotation and zoom in
    one step, brightness, contrast, saturation, policy, cutout. Choices that change nothing give back `pixels`.
    Refused with DataError: pixels of another type or shape, numbers that are negative or not one an image.
    """
    _check(pixels, image_numbers, seed, epoch)
    if choices.changes_nothing or len(pixels) == 0:
        return pixels
    draws = ImageDraws(seed, epoch, np.asarray(image_numbers, dtype=np.int64))
    changed = np.empty(pixels.shape, dtype=np.uint8)
    rows = max(1, _CHUNK_PIXELS // (pixels.shape[1] * pixels.shape[2]))
    for start in range(0, len(pixels), rows):
        chunk = slice(start, start + rows)
        moved = _moved(np.asarray(pixels[chunk]), choices, draws.rows(chunk))
        changed[chunk] = _repainted(moved, choices, draws.rows(chunk))
    return changed


def is_flipped(choices: Augmentation, image_numbers: NDArray[np.int64], *, seed: int, epoch: int) -> NDArray[np.bool_]:
    """Return whether `augment` mirrors each image, bool `[n]`; alternating: Jordan 2024 (airbench), section 3.6."""
    if choices.flip in ("none", "auto"):
        # Whoever knows the images decides what "auto" is; by themselves they are left alone.
        return np.zeros(len(image_numbers), dtype=np.bool_)
    if choices.flip == "random":
        return ImageDraws(seed, epoch, image_numbers).fractions(_Purpose.FLIP) < 0.5
    # Two parts in the key, where every other answer has four: the same in every epoch.
    coins = (keyed_words(seed, image_numbers) & np.uint64(1)).astype(np.int64)
    return np.asarray((coins ^ (epoch & 1)) == 1)


def _moved(pixels: Pixels, choices: Augmentation, draws: ImageDraws) -> Pixels:
    flipped = is_flipped(choices, draws.numbers, seed=draws.seed, epoch=draws.epoch)
    if flipped.any():
        pixels = pixels.copy()
        pixels[flipped] = pixels[flipped, :, ::-1]
    far = max(choices.shift_pixels, round(choices.shift_fraction * max(pixels.shape[1:3])))
    if far:
        right, down = (draws.whole(-far, far, side) for side in (_Purpose.SHIFT_RIGHT, _Purpose.SHIFT_DOWN))
        pixels = shift(pixels, right, down)
    if choices.rotation_fraction or choices.zoom_fraction:
        turns = draws.between(-choices.rotation_fraction, choices.rotation_fraction, _Purpose.TURN)
        zooms = draws.between(1 - choices.zoom_fraction, 1 + choices.zoom_fraction, _Purpose.ZOOM)
        pixels = warp(pixels, turn_and_zoom(turns, zooms))
    return pixels


def _repainted(pixels: Pixels, choices: Augmentation, draws: ImageDraws) -> Pixels:
    for change, strength, purpose in (
        (colours.brighten, choices.brightness, _Purpose.BRIGHTNESS),
        (colours.set_contrast, choices.contrast, _Purpose.CONTRAST),
        (colours.saturate, choices.saturation, _Purpose.SATURATION),
    ):
        if strength:
            pixels = change(pixels, draws.between(1 - strength, 1 + strength, purpose))
    if choices.policy == "trivial":
        pixels = trivial(pixels, draws, _Purpose.POLICY)
    if choices.policy == "random":
        pixels = random_changes(
            pixels, draws, _Purpose.CHANGES, changes=choices.policy_changes, strength=choices.policy_strength
        )
    return _cut_out(pixels, choices.cutout_pixels, draws) if choices.cutout_pixels else pixels


def _cut_out(pixels: Pixels, side: int, draws: ImageDraws) -> Pixels:
    """Paint a square whose middle lies anywhere in the image, so that edges cut it too (DeVries and Taylor 2017)."""
    height, width = pixels.shape[1:3]
    top = draws.whole(0, height - 1, _Purpose.CUTOUT_DOWN)[:, None] - side // 2
    left = draws.whole(0, width - 1, _Purpose.CUTOUT_RIGHT)[:, None] - side // 2
    rows = (np.arange(height) >= top) & (np.arange(height) < top + side)
    columns = (np.arange(width) >= left) & (np.arange(width) < left + side)
    is_cut = (rows[:, :, None] & columns[:, None, :])[..., None]
    return np.where(is_cut, colours.mean_colours(pixels)[:, None, None, :], pixels)


def _check(pixels: Pixels, image_numbers: NDArray[np.int64], seed: int, epoch: int) -> None:
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3:
        raise DataError(
            f"expected uint8 pixels of shape [n, height, width, 3] to augment, got {pixels.dtype} "
            f"{list(pixels.shape)}; try the images as they were read"
        )
    if image_numbers.shape != (len(pixels),) or not np.issubdtype(image_numbers.dtype, np.integer):
        raise DataError(
            f"expected one whole number an image ({len(pixels)}) to augment by, got {image_numbers.dtype} "
            f"{list(image_numbers.shape)}; try the rows of the images among all images"
        )
    if min(int(image_numbers.min(initial=0)), seed, epoch) < 0:
        raise DataError(
            f"expected image numbers, seed and epoch from 0 to augment by, got {image_numbers.min(initial=0)}, "
            f"{seed} and {epoch}; try counting from 0"
        )
