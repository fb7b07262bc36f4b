"""Noise of a sensor: Gaussian, of few photons, and of dead pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float64]


def gaussian(image: Image, strength: float, _scale: float, random: np.random.Generator) -> Image:
    """Add normal noise of deviation `strength`, as a fraction of white."""
    return image + random.normal(0, strength, image.shape)


def shot(image: Image, strength: float, _scale: float, random: np.random.Generator) -> Image:
    """Count photons, of which white has `strength` on average (Poisson)."""
    return random.poisson(image * strength) / strength


def impulse(image: Image, strength: float, _scale: float, random: np.random.Generator) -> Image:
    """Set a fraction `strength` of all values to black or white, either as likely."""
    drawn = random.random(image.shape)
    return np.where(drawn < strength / 2, 0.0, np.where(drawn < strength, 1.0, image))
