"""What is wrong with a set of images before any network sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from lowres.values.findings import Finding, Status
from lowres.values.labelled_images import LabelledImages
from lowres.values.split import PARTS, Split, exact_copies, joined_groups

FEW_IMAGES = 30
# One image for each part: what `make_split` refuses to go below.
FEWEST_IMAGES = len(PARTS)
UNBALANCED_TIMES = 3.0
CONSTANT_DEVIATION_LEVELS = 2.0
CONSTANT_FAIL_FRACTION = 0.5
CONFLICT_FAIL_FRACTION = 0.01
DIM_LEVELS = 16
ENLARGED_SAMPLE_IMAGES = 256
_CHUNK_VALUES = 16_000_000
_NAMED_CLASSES = 10


def check_images(images: LabelledImages, split: Split | None = None) -> tuple[Finding, ...]:
    """Return one finding for every check of the images, and with a split also one on what its parts share.

    Every image is looked at once; a memory-mapped set never has to fit into memory.
    Refused with SplitError: a split of other images.
    """
    if split is not None:
        split.check(images)
    look = _Look(images)
    findings = (
        _pixel_range(look),
        _near_constant(look),
        _enlarged(look),
        _class_balance(images),
        _small_classes(images),
        _copies(look),
        _conflicting_copies(look),
        _held_out_copies(look),
    )
    return findings if split is None else (*findings, _shared_between_parts(look, split))


@dataclass(frozen=True)
class _Look:
    """What several checks need to know of the images, each worked out at most once."""

    images: LabelledImages

    @cached_property
    def first_copy(self) -> NDArray[np.int64]:
        return exact_copies(self.images.pixels)

    @cached_property
    def is_copy(self) -> NDArray[np.bool_]:
        return np.asarray(self.first_copy != np.arange(len(self.images)))

    @cached_property
    def levels(self) -> tuple[NDArray[np.float64], int]:
        """Each image's standard deviation in grey levels from 0 to 255, and the highest value of all."""
        flat = self.images.pixels.reshape(len(self.images), -1)
        rows = max(1, _CHUNK_VALUES // flat.shape[1])
        chunks = [flat[start : start + rows] for start in range(0, len(flat), rows)]
        deviation = np.concatenate([chunk.std(axis=1, dtype=np.float32) for chunk in chunks])
        return deviation.astype(np.float64), max(int(chunk.max()) for chunk in chunks)

    @cached_property
    def is_near_constant(self) -> NDArray[np.bool_]:
        return np.asarray(self.levels[0] < CONSTANT_DEVIATION_LEVELS)


def _pixel_range(look: _Look) -> Finding:
    highest = look.levels[1]
    measured = f"the brightest value is {highest} of 255"
    if highest <= 1:
        repair = "pixels scaled to [0, 1] were cast to uint8 and are lost; load the pictures again, as 0 to 255"
        return Finding("pixel range", "FAIL", measured, repair)
    if highest <= DIM_LEVELS:
        repair = f"if {highest} stands for white, multiply by {255 / highest:g} and round"
        return Finding("pixel range", "WARN", measured, repair)
    return Finding("pixel range", "PASS", measured)


def _near_constant(look: _Look) -> Finding:
    count, n = int(look.is_near_constant.sum()), len(look.images)
    measured = f"{count} of {n} images are nearly one colour (deviation below {CONSTANT_DEVIATION_LEVELS:g} of 255)"
    if not count:
        return Finding("near-constant images", "PASS", measured)
    first = look.images.ids[int(look.is_near_constant.argmax())]
    status: Status = "FAIL" if count > n * CONSTANT_FAIL_FRACTION else "WARN"
    return Finding("near-constant images", status, measured, f"look at them, from {first!r} on; leave out the blanks")


def _enlarged(look: _Look) -> Finding:
    rows = np.flatnonzero(~look.is_near_constant)[:ENLARGED_SAMPLE_IMAGES]
    pixels = look.images.pixels[rows]
    size = f"{look.images.width} x {look.images.height} pixels"
    times = _enlargement(pixels) if len(rows) else 1
    if times == 1:
        return Finding("image size", "PASS", f"{size} an image")
    measured = f"{size} an image, but each is a {times} times enlarged one (of {len(rows)} looked at)"
    return Finding("image size", "WARN", measured, "use the small originals: the enlarged hold no more and cost more")


def _enlargement(pixels: NDArray[np.uint8]) -> int:
    """The greatest whole number of times by which pixel rows and columns repeat in every image; 1 for none."""
    n, height, width, channels = pixels.shape
    common = int(np.gcd(height, width))
    for times in range(common, 1, -1):
        if common % times == 0:
            blocks = pixels.reshape(n, height // times, times, width // times, times, channels)
            if (blocks == blocks[:, :, :1, :, :1]).all():
                return times
    return 1


def _class_balance(images: LabelledImages) -> Finding:
    counts = images.class_counts
    most, least = int(counts.argmax()), int(counts.argmin())
    names = images.class_names
    measured = f"{names[most]} has {counts[most]} images, {names[least]} {counts[least]}"
    if counts[most] == counts[least]:
        measured = f"every class has {counts[most]} images"
    if counts[most] <= UNBALANCED_TIMES * counts[least]:
        return Finding("class balance", "PASS", measured)
    share = counts[most] / len(images)
    repair = f"judge by balanced accuracy: always saying {names[most]} is right {share:.1%} of the time"
    return Finding("class balance", "WARN", measured, repair)


def _small_classes(images: LabelledImages) -> Finding:
    counts = images.class_counts
    small = np.flatnonzero(counts < FEW_IMAGES)
    if not len(small):
        return Finding("small classes", "PASS", f"the smallest class has {counts.min()} images")
    listed = ", ".join(f"{images.class_names[label]} ({counts[label]})" for label in small[:_NAMED_CLASSES])
    more = f" and {len(small) - _NAMED_CLASSES} more" if len(small) > _NAMED_CLASSES else ""
    measured = f"fewer than {FEW_IMAGES} images in {listed}{more}"
    if counts.min() < FEWEST_IMAGES:
        repair = f"a split needs {FEWEST_IMAGES} images of every class; add some or leave the class out"
        return Finding("small classes", "FAIL", measured, repair)
    return Finding("small classes", "WARN", measured, "add images; a score on so few says little")


def _copies(look: _Look) -> Finding:
    count, n = int(look.is_copy.sum()), len(look.images)
    measured = f"{count} of {n} images are exact copies of another"
    if not count:
        return Finding("exact copies", "PASS", measured)
    row = int(look.is_copy.argmax())
    pair = f"{look.images.ids[row]!r} is {look.images.ids[look.first_copy[row]]!r}"
    return Finding("exact copies", "WARN", measured, f"leave copies out ({pair}); a split keeps them on one side")


def _conflicting_copies(look: _Look) -> Finding:
    labels, first_copy = look.images.labels, look.first_copy
    differs = labels != labels[first_copy]
    count, n = int(np.isin(first_copy, first_copy[differs]).sum()), len(labels)
    measured = f"{count} of {n} images have an exact copy with another label"
    if not count:
        return Finding("conflicting labels", "PASS", measured)
    row = int(differs.argmax())
    first = int(first_copy[row])
    ids, names = look.images.ids, look.images.class_names
    repair = (
        f"{ids[first]!r} is called {names[labels[first]]}, its copy {ids[row]!r} {names[labels[row]]}; "
        "keep the right one of each"
    )
    return Finding("conflicting labels", "FAIL" if count > n * CONFLICT_FAIL_FRACTION else "WARN", measured, repair)


def _held_out_copies(look: _Look) -> Finding:
    held_out = look.images.held_out
    if held_out is None or not held_out.any():
        return Finding("copies of held-out images", "PASS", "the source holds no images out")
    count = int(np.isin(look.first_copy[~held_out], look.first_copy[held_out]).sum())
    measured = f"{count} of {int((~held_out).sum())} other images are exact copies of held-out ones"
    if not count:
        return Finding("copies of held-out images", "PASS", measured)
    repair = "nothing, if lowres makes the split: it leaves them out of training; elsewhere leave them out by hand"
    return Finding("copies of held-out images", "WARN", measured, repair)


def _shared_between_parts(look: _Look, split: Split) -> Finding:
    group_of = joined_groups(look.first_copy, look.images.groups)
    shared = {
        (one, other): int(np.isin(group_of[split.part(one)], group_of[split.part(other)]).sum())
        for one, other in combinations(PARTS, 2)
    }
    found = [f"{count} {one} images in {other}" for (one, other), count in shared.items() if count]
    if not found:
        return Finding("parts of the split", "PASS", "no exact copy and no group lies in two parts")
    measured = f"exact copies or groups lie in two parts: {', '.join(found)}"
    return Finding("parts of the split", "FAIL", measured, "make the split again with `lowres split`")
