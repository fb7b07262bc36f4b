"""Policies: each picture is changed in ways drawn from one list; TrivialAugment and RandAugment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lowres.values.altering import colours
from lowres.values.altering.warping import turn_and_zoom, warp
from lowres.values.keyed_random import ImageDraws

Pixels = NDArray[np.uint8]
# Strengths lie in [-1, 1]; an operation that knows no direction takes their size.
Strengths = NDArray[np.float64]
Operation = Callable[[Pixels, Strengths], Pixels]

_FARTHEST_TURN = 30 / 360
_FARTHEST_SHEAR = 0.3
_FARTHEST_SHIFT = 10 / 32
_LARGEST_CHANGE = 0.9
_FEWEST_BITS = 4


def trivial(pixels: Pixels, draws: ImageDraws, purpose: int) -> Pixels:
    """Return the pictures, each changed by one of `OPERATIONS` (TrivialAugment, Mueller and Hutter 2021).

    pixels: uint8 `[n, height, width, 3]`. The strengths are those of the paper's "RA" space; shifts are a fraction of
    the side, and what comes in from outside is the mirror image instead of black. Answers to `purpose` and to the
    number after it are used.
    """
    return _changed(pixels, draws.whole(0, len(OPERATIONS) - 1, purpose), draws.between(-1.0, 1.0, purpose + 1))


def random_changes(pixels: Pixels, draws: ImageDraws, purpose: int, *, changes: int, strength: float) -> Pixels:
    """Return the pictures, each changed so many times by one of `OPERATIONS` (RandAugment, Cubuk et al. 2020).

    pixels: uint8 `[n, height, width, 3]`. strength: of every change, from 0 to 1; the paper's magnitude by 30. Which
    way a change goes is drawn, as `trivial` draws it. Answers to two numbers a change are used, from `purpose` on.
    """
    for number in range(changes):
        which = draws.whole(0, len(OPERATIONS) - 1, purpose + 2 * number)
        is_other_way = draws.fractions(purpose + 2 * number + 1) < 0.5
        pixels = _changed(pixels, which, np.where(is_other_way, -strength, strength))
    return pixels


def _changed(pixels: Pixels, which: NDArray[np.int64], strengths: Strengths) -> Pixels:
    changed = pixels.copy()
    for number, operation in enumerate(OPERATIONS.values()):
        rows = np.flatnonzero(which == number)
        if rows.size:
            changed[rows] = operation(pixels[rows], strengths[rows])
    return changed


def _warped(pixels: Pixels, strengths: Strengths, row: int, column: int, farthest: float) -> Pixels:
    matrices = np.tile(np.eye(2, 3), (len(pixels), 1, 1))
    matrices[:, row, column] += strengths * farthest
    return warp(pixels, matrices)


def _turned(pixels: Pixels, strengths: Strengths) -> Pixels:
    return warp(pixels, turn_and_zoom(strengths * _FARTHEST_TURN, np.ones(len(pixels))))


def _factors(strengths: Strengths) -> Strengths:
    return 1.0 + strengths * _LARGEST_CHANGE


def _bits(strengths: Strengths) -> NDArray[np.int64]:
    fewer = np.floor(np.abs(strengths) * (8 - _FEWEST_BITS + 1)).astype(np.int64)
    return np.asarray(8 - np.minimum(fewer, 8 - _FEWEST_BITS))


def _thresholds(strengths: Strengths) -> NDArray[np.int64]:
    return np.asarray(np.rint(256 * (1 - np.abs(strengths)))).astype(np.int64)


OPERATIONS: dict[str, Operation] = {
    "identity": lambda pixels, strengths: pixels,
    "shear x": lambda pixels, strengths: _warped(pixels, strengths, 0, 1, _FARTHEST_SHEAR),
    "shear y": lambda pixels, strengths: _warped(pixels, strengths, 1, 0, _FARTHEST_SHEAR),
    "shift x": lambda pixels, strengths: _warped(pixels, strengths, 0, 2, _FARTHEST_SHIFT * pixels.shape[2]),
    "shift y": lambda pixels, strengths: _warped(pixels, strengths, 1, 2, _FARTHEST_SHIFT * pixels.shape[1]),
    "rotate": _turned,
    "brightness": lambda pixels, strengths: colours.brighten(pixels, _factors(strengths)),
    "contrast": lambda pixels, strengths: colours.set_contrast(pixels, _factors(strengths)),
    "saturation": lambda pixels, strengths: colours.saturate(pixels, _factors(strengths)),
    "sharpness": lambda pixels, strengths: colours.sharpen(pixels, _factors(strengths)),
    "posterize": lambda pixels, strengths: colours.posterize(pixels, _bits(strengths)),
    "solarize": lambda pixels, strengths: colours.solarize(pixels, _thresholds(strengths)),
    "autocontrast": lambda pixels, strengths: colours.stretch_contrast(pixels),
    "equalize": lambda pixels, strengths: colours.equalize(pixels),
}
