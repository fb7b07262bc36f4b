"""Pictures decoded on the way to a network: batches in order, bad files among them told apart, nothing kept."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lowres.files.pictures.asked_pictures import AskedPicture
from lowres.files.pictures.picture_file import (
    UNREADABLE,
    Fit,
    Size,
    decode_picture,
    picture_size,
    quiet_pillow,
    to_canvas,
    why_unreadable,
)


@dataclass(frozen=True, eq=False)
class PictureBatch:
    """Some pictures in the order they were asked for.

    ids, problems: one a picture; a problem is empty where it was read. pixels: of those that were, uint8
    `[k, height, width, 3]`. sizes: width and height that each of those came in, `[k, 2]`.
    """

    ids: tuple[str, ...]
    problems: tuple[str, ...]
    pixels: NDArray[np.uint8]
    sizes: NDArray[np.int64]


def picture_batches(asked: Iterable[AskedPicture], size: Size, fit: Fit, batch_images: int) -> Iterator[PictureBatch]:
    """Yield the pictures in batches, brought to `(width, height)` as a study's own pictures are.

    Only one batch is read ahead of whoever takes them. What is no readable picture keeps its place with its problem.
    """
    pending = iter(asked)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        while chunk := tuple(islice(pending, batch_images)):
            # Around the decoding alone: what a caller does between two batches warns as ever.
            with quiet_pillow():
                decoded = list(pool.map(lambda one: _decoded(one, size, fit), chunk))
            problems = tuple(one if isinstance(one, str) else "" for one in decoded)
            rows = [one for one in decoded if not isinstance(one, str)]
            pixels = np.stack([one for one, _ in rows]) if rows else np.empty((0, size[1], size[0], 3), np.uint8)
            sizes = np.array([came_in for _, came_in in rows], np.int64).reshape(-1, 2)
            yield PictureBatch(tuple(one.id for one in chunk), problems, pixels, sizes)


def _decoded(asked: AskedPicture, size: Size, fit: Fit) -> tuple[NDArray[np.uint8], Size] | str:
    """The pixels and the size they came in, or why there are none."""
    if asked.problem or asked.content is None:
        return asked.problem or "nothing to read"
    try:
        if isinstance(asked.content, Path):
            return decode_picture(asked.content, size, fit), picture_size(asked.content)
        image = Image.fromarray(asked.content)
        return to_canvas(image, size, fit), image.size
    except UNREADABLE as error:
        return why_unreadable(error)
