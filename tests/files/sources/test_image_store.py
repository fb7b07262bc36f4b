"""Kept images come back equal and memory-mapped; anything changed behind the store's back is noticed."""

import json
import os

import numpy as np
import pytest

from lowres.files.sources.image_store import LABELS, META, PIXELS, keep_images, load_pixels, open_images, pixel_file
from lowres.values.labelled_images import LabelledImages

COUNT = 30


@pytest.fixture
def images():
    random = np.random.default_rng(0)
    return LabelledImages(
        pixels=random.integers(0, 256, (COUNT, 4, 6, 3), np.uint8),
        labels=np.arange(COUNT) % 3,
        class_names=("á", "b", "c"),
        ids=tuple(f"{index}.png" for index in range(COUNT)),
        held_out=np.arange(COUNT) >= 20,
    )


@pytest.fixture
def folder(tmp_path, images):
    with pixel_file(tmp_path / PIXELS, 4, 6) as append:
        append(images.pixels[:7])
        append(images.pixels[7:])
    keep_images(tmp_path, images, "key", "origin", ("damaged.png: cut",))
    return tmp_path


def test_they_come_back_equal_and_memory_mapped(folder, images):
    kept = open_images(folder, "key")
    assert kept.origin == "origin"
    assert kept.skipped == ("damaged.png: cut",)
    assert isinstance(kept.images.pixels.base, np.memmap) or isinstance(kept.images.pixels, np.memmap)
    assert not kept.images.pixels.flags.writeable
    np.testing.assert_array_equal(kept.images.pixels, images.pixels)
    np.testing.assert_array_equal(kept.images.labels, images.labels)
    np.testing.assert_array_equal(kept.images.held_out, images.held_out)
    assert kept.images.ids == images.ids
    assert kept.images.class_names == images.class_names
    assert kept.images.fingerprint == images.fingerprint


def test_the_pixel_file_is_one_that_numpy_reads(folder, images):
    np.testing.assert_array_equal(np.load(folder / PIXELS), images.pixels)


def test_a_failure_while_writing_pixels_leaves_nothing(tmp_path, images):
    def fail():
        with pixel_file(tmp_path / PIXELS, 4, 6) as append:
            append(images.pixels)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_the_growing_header_keeps_its_length(tmp_path):
    with pixel_file(tmp_path / PIXELS, 1, 1) as append:
        append(np.zeros((123_456, 1, 1, 3), np.uint8))
    assert load_pixels(tmp_path / PIXELS).shape == (123_456, 1, 1, 3)


def test_without_a_held_out_part(tmp_path):
    images = LabelledImages(np.zeros((2, 4, 6, 3), np.uint8), np.array([0, 1]), ("a", "b"), ("0", "1"))
    with pixel_file(tmp_path / PIXELS, 4, 6) as append:
        append(images.pixels)
    keep_images(tmp_path, images, "key", "origin")
    assert open_images(tmp_path, "key").images.held_out is None


def test_another_key_or_an_empty_folder_holds_nothing(folder, tmp_path):
    assert open_images(folder, "other key") is None
    assert open_images(tmp_path / "nowhere", "key") is None


def cut(path):
    path.write_bytes(path.read_bytes()[:-5])


def flip(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", [PIXELS, LABELS, META])
@pytest.mark.parametrize("harm", [cut, flip, os.unlink])
def test_a_harmed_file_is_noticed(name, harm, folder):
    harm(folder / name)
    assert open_images(folder, "key") is None


def test_a_changed_word_in_the_description_is_noticed(folder):
    document = json.loads((folder / META).read_text())
    document["meta"]["class_names"][0] = "z"
    (folder / META).write_text(json.dumps(document))
    assert open_images(folder, "key") is None


def test_a_copied_cache_is_hashed_and_believed(folder, images):
    os.utime(folder / PIXELS, (1, 1))
    assert open_images(folder, "key").images.fingerprint == images.fingerprint


def test_an_unchanged_cache_is_not_hashed_again(folder, monkeypatch):
    monkeypatch.setattr("lowres.values.labelled_images._fingerprint", lambda _: pytest.fail("hashed again"))
    assert open_images(folder, "key") is not None
