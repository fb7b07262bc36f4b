"""Labelled images are read-only, refuse what later stages could not trust, and are known by their content."""

import numpy as np
import pytest

from lowres.errors import DataError
from lowres.values.labelled_images import LabelledImages

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 0])
NAMES = ("ant", "bee", "cat")
IDS = tuple("abcdef")
HELD_OUT = np.array([False] * 4 + [True] * 2)
GROUPS = np.array([1, 1, 2, 3, 4, 5])


def build(**changed):
    return LabelledImages(**({"pixels": PIXELS, "labels": LABELS, "class_names": NAMES, "ids": IDS} | changed))


def test_measures():
    images = build()
    assert (len(images), images.height, images.width) == (6, 4, 5)
    assert images.class_counts.tolist() == [3, 2, 1]


def test_labels_of_any_whole_number_type_become_int64():
    assert build(labels=LABELS.astype(np.uint8)).labels.dtype == np.int64


def test_arrays_are_read_only_and_the_givers_are_not():
    mine = LABELS.copy()
    images = build(labels=mine, held_out=HELD_OUT, groups=GROUPS)
    for array in (images.pixels, images.labels, images.held_out, images.groups):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    mine[0] = 1


def test_same_content_same_fingerprint():
    assert build().fingerprint == build(pixels=PIXELS.copy(), labels=LABELS.astype(np.int32)).fingerprint


@pytest.mark.parametrize(
    "changed",
    [
        {"pixels": PIXELS ^ (np.arange(PIXELS.size).reshape(PIXELS.shape) == PIXELS.size - 1)},
        {"pixels": PIXELS.reshape(6, 5, 4, 3)},
        {"labels": np.array([0, 1, 2, 0, 1, 1])},
        {"class_names": ("ant", "bee", "dog")},
        {"ids": tuple("abcdeg")},
        {"held_out": HELD_OUT},
        {"groups": GROUPS},
    ],
)
def test_other_content_other_fingerprint(changed):
    assert build(**changed).fingerprint != build().fingerprint


def test_chunks_of_the_fingerprint_reach_the_last_image(monkeypatch):
    monkeypatch.setattr("lowres.values.labelled_images._HASH_CHUNK_IMAGES", 4)
    changed = PIXELS.copy()
    changed[5, 3, 4, 2] ^= 1
    assert build(pixels=changed).fingerprint != build().fingerprint


def test_a_stored_fingerprint_is_believed():
    assert build(fingerprint="stored").fingerprint == "stored"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pixels": PIXELS / 255}, r"expected uint8 pixels from 0 to 255, got float64; .*multiply by 255"),
        ({"pixels": PIXELS[..., 0]}, r"expected pixels of shape \[n, height, width, 3\], got \[6, 4, 5\]"),
        ({"pixels": PIXELS[..., :1]}, r"expected pixels of shape .*, got \[6, 4, 5, 1\]"),
        ({"labels": LABELS / 1}, r"expected whole-number labels of shape \[n\], got float64 \[6\]"),
        ({"labels": np.eye(6, dtype=int)}, r"expected whole-number labels of shape \[n\], got int64 \[6, 6\]"),
        ({"labels": LABELS[:5]}, r"expected one label an image, got 6 images and 5 labels"),
        ({"pixels": PIXELS[:0], "labels": LABELS[:0], "ids": ()}, r"expected at least one image, got none"),
        ({"class_names": ("ant",)}, r"expected at least two classes, got 1: \['ant'\]; add another class"),
        ({"class_names": ("ant", "bee", "ant")}, r"expected class names that differ, got \['ant', 'bee', 'ant'\]"),
        ({"class_names": ("ant", "bee")}, r"expected labels from 0 to 1 \(2 class names\), got 0 to 2"),
        ({"labels": LABELS - 1}, r"expected labels from 0 to 2 .*, got -1 to 1"),
        ({"ids": tuple("aacdef")}, r"expected 6 ids that differ, got 5"),
        ({"ids": tuple("abcdefg")}, r"expected 6 ids that differ, got 7"),
        ({"held_out": HELD_OUT[:5]}, r"expected one value of held_out an image \(6\), got \[5\]"),
        ({"groups": GROUPS[:, None]}, r"expected one value of groups an image \(6\), got \[6, 1\]"),
        ({"held_out": HELD_OUT.astype(int)}, r"expected held_out as bool, got int64"),
        ({"groups": GROUPS / 1}, r"expected groups as whole numbers, got float64"),
    ],
)
def test_refuses(changed, message):
    with pytest.raises(DataError, match=message):
        build(**changed)
