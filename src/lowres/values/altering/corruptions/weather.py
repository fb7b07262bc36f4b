"""Weather: snow, frost, fog, and too much light."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lowres.values.altering.corruptions.blur import magnified, smear

Image = NDArray[np.float64]
# Mean and deviation of the flakes, how much they are magnified, from which value on there is one, how far and how much
# they are smeared, and how much of the picture's own colour is left.
SNOW_STRENGTHS = (
    (0.1, 0.2, 1.0, 0.6, 8, 3, 0.95),
    (0.1, 0.2, 1.0, 0.5, 10, 4, 0.9),
    (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
    (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
    (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
)
# Weights of red, green and blue in grey (ITU-R 601).
_GREY = np.array([0.299, 0.587, 0.114])
# Frost is white with a little blue in it.
_ICE = np.array([0.92, 0.96, 1.0])


def snow(image: Image, strength: tuple[float, ...], scale: float, random: np.random.Generator) -> Image:
    """Whiten the picture and let smeared flakes fall over it, once as they come and once turned by half."""
    mean, deviation, magnification, threshold, radius, smearing, kept = strength
    flakes = magnified(random.normal(mean, deviation, image.shape[:2]), magnification)
    flakes[flakes < threshold] = 0
    flakes = smear(np.clip(flakes, 0, 1), radius * scale, smearing * scale, math.radians(random.uniform(-135, -45)))
    white = np.maximum(image, (image @ _GREY)[..., None] * 1.5 + 0.5)
    return np.asarray(kept * image + (1 - kept) * white + (flakes + np.rot90(flakes, 2))[..., None])


def frost(image: Image, strength: tuple[float, float], scale: float, random: np.random.Generator) -> Image:
    """Lay ice over the picture: `strength[0]` of the picture and `strength[1]` of the ice."""
    height, width = image.shape[:2]
    ice = plasma(max(height, width), 1.5, random)[:height, :width]
    # Needles: where the cloud is steepest, it freezes first.
    needles = ndimage.gaussian_gradient_magnitude(ice, 0.6 * scale)
    covered = np.clip(ice * 0.6 + 0.8 * needles / max(needles.max(), 1e-9), 0, 1)
    return np.asarray(strength[0] * image + strength[1] * covered[..., None] * _ICE)


def fog(image: Image, strength: tuple[float, float], _scale: float, random: np.random.Generator) -> Image:
    """Add `strength[0]` of a cloud, each finer step `strength[1]` times weaker; darken to what was brightest before."""
    height, width = image.shape[:2]
    cloud = plasma(max(height, width), strength[1], random)[:height, :width]
    brightest = image.max()
    return np.asarray((image + strength[0] * cloud[..., None]) * brightest / (brightest + strength[0]))


def brightness(image: Image, strength: float, _scale: float, _random: np.random.Generator) -> Image:
    """Raise the value (of hue, saturation and value) of each pixel by `strength`."""
    value = image.max(axis=-1, keepdims=True)
    raised = np.clip(value + strength, 0, 1)
    return np.asarray(np.where(value > 0, image * raised / np.where(value > 0, value, 1), raised))


def plasma(pixels: int, decay: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Return a cloud from 0 to 1, `[side, side]`, the side a power of two of at least `pixels`, edges wrapped round.

    The diamond-square fractal: every halving of the step adds noise `decay` times smaller (Fournier, Fussell and
    Carpenter 1982).
    """
    side = 2 ** math.ceil(math.log2(max(2, pixels)))
    cloud = np.zeros((side, side))
    step, wobble = side, 1.0
    while step >= 2:
        half = step // 2
        corners = cloud[::step, ::step]
        square = corners + np.roll(corners, -1, 0) + np.roll(corners, -1, 1) + np.roll(corners, (-1, -1), (0, 1))
        cloud[half::step, half::step] = square / 4 + random.uniform(-wobble, wobble, corners.shape)
        middles = cloud[half::step, half::step]
        above = (middles + np.roll(middles, 1, 0) + corners + np.roll(corners, -1, 1)) / 4
        beside = (middles + np.roll(middles, 1, 1) + corners + np.roll(corners, -1, 0)) / 4
        cloud[::step, half::step] = above + random.uniform(-wobble, wobble, corners.shape)
        cloud[half::step, ::step] = beside + random.uniform(-wobble, wobble, corners.shape)
        step, wobble = half, wobble / decay
    cloud -= cloud.min()
    return np.asarray(cloud / cloud.max())
