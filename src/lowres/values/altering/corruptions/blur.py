"""Blur: out of focus, through glass, by a moving camera, and zooming in."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Image = NDArray[np.float64]
_ZOOM_STEP = 0.01
# Of a turn each way from level, as in the original.
_MOTION_DEGREES = 45


def defocus(image: Image, strength: tuple[float, float], scale: float, _random: np.random.Generator) -> Image:
    """Average over a disk of radius `strength[0]`, its edge smoothed by a Gaussian of deviation `strength[1]`."""
    radius, deviation = strength[0] * scale, strength[1] * scale
    reach = max(1, math.ceil(radius + 2 * deviation))
    line = np.arange(-reach, reach + 1)
    disk = (line[:, None] ** 2 + line**2 <= radius**2).astype(np.float64)
    disk = ndimage.gaussian_filter(disk / disk.sum(), deviation, truncate=2.0, mode="constant")
    return np.asarray(ndimage.convolve(image, (disk / disk.sum())[..., None], mode="mirror"))


def glass(image: Image, strength: tuple[float, int], scale: float, random: np.random.Generator) -> Image:
    """Take each pixel from one nearby, `strength[1]` times over, between two Gaussian blurs of `strength[0]`.

    The paper's text has pixels exchanged, but the published pictures have them copied (by NumPy's views an exchange
    became a copy), and it is the pictures that networks are judged on.
    """
    deviation, far = strength[0] * scale, max(1, round(scale))
    smooth = _smooth(image, deviation)
    rows, columns = np.mgrid[far : image.shape[0] - far, far : image.shape[1] - far]
    for _ in range(strength[1]):
        down, right = random.integers(-far, far, (2, *rows.shape))
        copied = smooth.copy()
        copied[rows, columns] = smooth[rows + down, columns + right]
        smooth = copied
    return _smooth(smooth, deviation)


def motion(image: Image, strength: tuple[float, float], scale: float, random: np.random.Generator) -> Image:
    """Smear along a line at a random angle: weights fall off as a Gaussian of deviation `strength[1]`."""
    angle = math.radians(random.uniform(-_MOTION_DEGREES, _MOTION_DEGREES))
    return smear(image, strength[0] * scale, strength[1] * scale, angle)


def zoom(image: Image, strength: float, _scale: float, _random: np.random.Generator) -> Image:
    """Average the picture with itself magnified from 1 to `strength` times, in steps of 0.01."""
    factors = np.arange(1, strength + _ZOOM_STEP / 2, _ZOOM_STEP)
    return np.asarray(np.mean([image, *(magnified(image, factor) for factor in factors)], axis=0))


def smear(image: Image, radius: float, deviation: float, angle: float) -> Image:
    """Return the mean of the picture moved by 0 to `2 * radius` pixels along an angle, the nearest weighing most.

    angle: in radians, from level. deviation: of the Gaussian by which weights fall off, in pixels.
    """
    steps = np.arange(0, 2 * math.ceil(radius) + 1)
    weights = np.exp(-(steps**2) / (2 * deviation**2))
    weights /= weights.sum()
    moved = np.zeros_like(image)
    for step, weight in zip(steps.tolist(), weights.tolist(), strict=True):
        if weight > 1e-4:
            by = (step * math.sin(angle), step * math.cos(angle), 0)[: image.ndim]
            moved += weight * ndimage.shift(image, by, order=1, mode="nearest")
    return moved


def magnified(image: Image, factor: float) -> Image:
    """Return the middle of the picture magnified `factor` times, of the same size."""
    middle = (np.array(image.shape[:2]) - 1) / 2
    matrix = np.array([1 / factor, 1 / factor, 1.0][: image.ndim])
    offset = np.array([*(middle - middle / factor), 0.0][: image.ndim])
    return np.asarray(ndimage.affine_transform(image, matrix, offset, order=1, mode="nearest"))


def _smooth(image: Image, deviation: float) -> Image:
    return np.asarray(ndimage.gaussian_filter(image, (deviation, deviation, 0)))
