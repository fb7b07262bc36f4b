"""What files and screens do to a picture: flat contrast, elastic warping, coarse pixels, JPEG."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Image = NDArray[np.float64]
# Length of the wobble, its smoothness, and how far corners are pulled, each in pixels of a picture of 32.
ELASTIC_STRENGTHS = ((0.0, 1.0, 2.56), (1.6, 6.4, 2.24), (2.56, 1.92, 1.92), (3.2, 1.28, 1.6), (3.2, 0.96, 0.96))


def contrast(image: Image, strength: float, _scale: float, _random: np.random.Generator) -> Image:
    """Bring each colour `strength` of the way from its mean to where it was."""
    mean = image.mean(axis=(0, 1))
    return np.asarray((image - mean) * strength + mean)


def elastic(image: Image, strength: tuple[float, float, float], scale: float, random: np.random.Generator) -> Image:
    """Pull three points of the picture aside, and let it wobble."""
    wobble, smoothness, pull = (length * scale for length in strength)
    height, width = image.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    moved = _pulled(np.stack([rows, columns]), (height, width), pull, random)
    for axis in range(2):
        field = ndimage.gaussian_filter(random.uniform(-1, 1, (height, width)), smoothness, mode="reflect", truncate=3)
        moved[axis] += wobble * field
    colours = [ndimage.map_coordinates(image[..., one], moved, order=1, mode="reflect") for one in range(3)]
    return np.stack(colours, axis=-1)


def pixelate(image: Image, strength: float, _scale: float, _random: np.random.Generator) -> Image:
    """Shrink the picture to `strength` of its sides and enlarge it again, both by areas."""
    from PIL.Image import Resampling, fromarray

    height, width = image.shape[:2]
    picture = fromarray(np.rint(image * 255).astype(np.uint8))
    small = picture.resize((max(1, int(width * strength)), max(1, int(height * strength))), Resampling.BOX)
    return np.asarray(small.resize((width, height), Resampling.BOX)) / 255.0


def jpeg(image: Image, strength: int, _scale: float, _random: np.random.Generator) -> Image:
    """Keep the picture as a JPEG of quality `strength`."""
    from PIL.Image import fromarray
    from PIL.Image import open as open_picture

    kept = io.BytesIO()
    fromarray(np.rint(image * 255).astype(np.uint8)).save(kept, "JPEG", quality=strength)
    return np.asarray(open_picture(kept).convert("RGB")) / 255.0


def _pulled(
    places: NDArray[np.float64], size: tuple[int, int], pull: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """Where each place is read from when three points round the middle are pulled aside by up to `pull` pixels."""
    middle = np.array(size, np.float64) // 2
    third = min(size) // 3
    points = np.array([middle + third, middle + (third, -third), middle - third])
    pulled = points + random.uniform(-pull, pull, points.shape)
    # The affine map that takes the pulled points back to where they were.
    matrix = np.linalg.solve(np.hstack([pulled, np.ones((3, 1))]), points)
    flat = np.vstack([places.reshape(2, -1), np.ones((1, places[0].size))])
    found: NDArray[np.float64] = (matrix.T @ flat).reshape(places.shape)
    return found
