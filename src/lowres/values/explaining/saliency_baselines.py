"""Maps that know nothing of the network: a heat map that is worth anything is better than each of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lowres.values.explaining.explanation import Maps
from lowres.values.keyed_random import keyed_fractions

BASELINES = ("random", "centre", "edges")
_GREY = (0.299, 0.587, 0.114)
# Of the blob, as a fraction of each side: at the rim it is down to a seventh of its height.
_BLOB_DEVIATION = 0.25


def baseline_maps(pixels: NDArray[np.uint8], map_shape: tuple[int, int], seed: int) -> dict[str, Maps]:
    """Return a map an image by each name of BASELINES.

    pixels: uint8 `[n, height, width, 3]`. map_shape: of the maps they stand beside, so that a random map is as coarse
    as they are; the other two are as fine as the picture, which is to their advantage.
    """
    return {
        "random": random_maps(len(pixels), map_shape, seed),
        "centre": centre_maps(len(pixels), pixels.shape[1:3]),
        "edges": edge_maps(pixels),
    }


def random_maps(n: int, shape: tuple[int, int], seed: int) -> Maps:
    """Return noise, uniform in [0, 1), float32 `[n, *shape]`; the same image of the same seed has the same."""
    images, places = np.arange(n)[:, None], np.arange(shape[0] * shape[1])[None]
    return keyed_fractions(seed, images, places).reshape(n, *shape).astype(np.float32)


def centre_maps(n: int, shape: tuple[int, ...]) -> Maps:
    """Return a Gaussian blob in the middle, its deviation a quarter of each side, float32 `[n, *shape]`."""
    rows, columns = (((np.arange(side) + 0.5) / side - 0.5) / _BLOB_DEVIATION for side in shape)
    blob = np.exp(-(rows[:, None] ** 2 + columns[None] ** 2) / 2)
    return np.repeat(blob[None].astype(np.float32), n, axis=0)


def edge_maps(pixels: NDArray[np.uint8]) -> Maps:
    """Return the length of the Sobel gradient of the grey picture, float32 `[n, height, width]`; borders repeated."""
    grey = pixels @ np.array(_GREY)
    padded = np.pad(grey, ((0, 0), (1, 1), (1, 1)), mode="edge")
    down = padded[:, 2:] - padded[:, :-2]
    across = padded[:, :, 2:] - padded[:, :, :-2]
    down = down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:]
    across = across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:]
    return np.asarray(np.hypot(down, across), dtype=np.float32)
