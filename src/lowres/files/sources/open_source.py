"""Opens any data source by its name or path; the one door through which images come in."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lowres.errors import DataError
from lowres.files.sources.class_folders import LAYOUT, list_class_folders
from lowres.values.labelled_images import LabelledImages

if TYPE_CHECKING:
    from lowres.files.pictures.picture_file import Fit

BUILT_IN = ("cifar10", "digits")
# Raised by hand whenever what a built-in source hands out changes.
_BUILT_IN_KEYS = {"cifar10": "cifar10/1", "digits": "digits/1"}
_CUSTOMARY_POOLS = {"cifar10": 10_000}
_ARRAYS = ".npz"


@dataclass(frozen=True)
class OpenedSource:
    """Images, and what is known about where they came from.

    origin: which place served them. customary_pool: images that studies of this source draw for training and
    validation, None for all. skipped: damaged files left out. quick_key: changes when the source may have changed.
    """

    images: LabelledImages
    origin: str
    customary_pool: int | None
    skipped: tuple[str, ...]
    quick_key: str


def open_source(
    name_or_path: str,
    *,
    canvas_pixels: int = 0,
    fit: Fit = "squash",
    skip_damaged: bool = False,
    from_file: Path | None = None,
    report: Callable[[str], None] = lambda message: None,
) -> OpenedSource:
    """Return the images of `cifar10`, `digits`, a folder of class folders, or an .npz file.

    canvas_pixels: side of the square all are brought to, 0 keeps a common size; fit: squash, crop or pad.
    from_file: a file fetched by hand, for sources that download. Refused with DataError: nothing readable there.
    """
    key = quick_key(name_or_path, canvas_pixels, fit, skip_damaged)
    origin = name_or_path
    if name_or_path == "cifar10":
        from lowres.files.sources.cifar10 import open_cifar10

        stored = open_cifar10(from_file, report)
        images, origin = stored.images, stored.origin
    elif name_or_path == "digits":
        from lowres.files.sources.digits import open_digits

        images, origin = open_digits(), "scikit-learn"
    elif _is_array_file(name_or_path):
        from lowres.files.sources.array_files import open_array_file

        images = open_array_file(_existing(name_or_path))
    else:
        from lowres.files.sources.decoded_folders import open_class_folders

        stored = open_class_folders(_existing(name_or_path), canvas_pixels, fit, skip_damaged, report)
        return OpenedSource(stored.images, stored.origin, None, stored.skipped, key)
    images = _on_canvas(images, canvas_pixels, fit)
    return OpenedSource(images, origin, _CUSTOMARY_POOLS.get(name_or_path), (), key)


def quick_key(name_or_path: str, canvas_pixels: int, fit: str, skip_damaged: bool = False) -> str:
    """Return a SHA-256 that changes when the source may have changed: names, sizes and times of files, none opened.

    Refused with DataError: no such source, or a folder whose layout cannot be read.
    """
    if name_or_path in BUILT_IN:
        content = _BUILT_IN_KEYS[name_or_path]
    elif _is_array_file(name_or_path):
        path = _existing(name_or_path)
        content = repr((path.name, path.stat().st_size, path.stat().st_mtime_ns))
    else:
        content = list_class_folders(_existing(name_or_path)).key
    return hashlib.sha256(repr((content, canvas_pixels, fit, skip_damaged)).encode()).hexdigest()


def _is_array_file(name_or_path: str) -> bool:
    return name_or_path.lower().endswith(_ARRAYS) and not Path(name_or_path).is_dir()


def _existing(name_or_path: str) -> Path:
    """Return the path, or say what could have been meant instead."""
    path = Path(name_or_path).expanduser()
    kinds = f"{', '.join(BUILT_IN)}, a folder ({LAYOUT}), or an {_ARRAYS} file"
    if not path.exists():
        close = difflib.get_close_matches(name_or_path.lower().replace("-", ""), BUILT_IN, n=1)
        hint = f"did you mean {close[0]}?" if close else "check the path"
        raise DataError(f"expected {kinds}; got {name_or_path!r}, which is not there; {hint}")
    if path.is_file() and path.suffix.lower() != _ARRAYS:
        raise DataError(f"expected {kinds}; got the file {path}; unpack an archive first, and pass its folder")
    return path


def _on_canvas(images: LabelledImages, canvas_pixels: int, fit: Fit) -> LabelledImages:
    if not canvas_pixels or (images.height, images.width) == (canvas_pixels, canvas_pixels):
        return images
    return replace(images, pixels=_resized(images.pixels, canvas_pixels, fit), fingerprint="")


def _resized(pixels: NDArray[np.uint8], canvas_pixels: int, fit: Fit) -> NDArray[np.uint8]:
    from PIL import Image

    from lowres.files.pictures.picture_file import to_canvas

    size = (canvas_pixels, canvas_pixels)
    resized = np.empty((len(pixels), canvas_pixels, canvas_pixels, 3), np.uint8)
    for row, picture in enumerate(pixels):
        resized[row] = to_canvas(Image.fromarray(picture), size, fit)
    return resized
