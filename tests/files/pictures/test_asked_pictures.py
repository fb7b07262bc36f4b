"""Pictures are found as they were named, in order and one by one; what is not there is told and nothing is refused."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lowres.errors import DataError
from lowres.files.pictures.asked_pictures import asked_pictures, given_pictures, refuse_addresses

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 4, 6, 3), np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory, with pictures at three depths, hidden ones, and a file that is none."""
    monkeypatch.chdir(tmp_path)
    for name in ("b.png", "a.png", "deep/d.JPG", "deep/er/c.webp", ".hidden.png", ".git/e.png", "deep/notes.txt"):
        Path("in", name).parent.mkdir(parents=True, exist_ok=True)
        Path("in", name).write_bytes(b"")
    return tmp_path


def ids(*words, listed=()):
    return [one.id for one in asked_pictures(words, listed)]


def problems(*words, listed=()):
    return [one.problem for one in asked_pictures(words, listed)]


def test_a_folder_means_every_picture_below_it_sorted(folder):
    assert ids("in") == ["in/a.png", "in/b.png", "in/deep/d.JPG", "in/deep/er/c.webp"]
    assert set(problems("in")) == {""}


def test_words_keep_their_order_and_files_are_tried_whatever_they_are_called(folder):
    assert ids("in/deep/notes.txt", "in/b.png", "in/a.png", "in/b.png") == [
        "in/deep/notes.txt", "in/b.png", "in/a.png", "in/b.png",
    ]  # fmt: skip


def test_a_pattern_means_the_files_it_matches_sorted(folder):
    assert ids("in/*.png") == ["in/a.png", "in/b.png"]
    assert ids("in/**/*.[jJw]*") == ["in/deep/d.JPG", "in/deep/er/c.webp"]
    assert problems("in/*.bmp") == ["a pattern that no file matches"]
    # A file whose name looks like a pattern is that file.
    Path("in/[x].png").write_bytes(b"")
    assert ids("in/[x].png") == ["in/[x].png"]


def test_a_dash_means_the_list(folder):
    lines = ["in/b.png\n", "\n", "in/deep\r\n", " \n", "http://x/y.png\n", "-\n"]
    assert ids("in/a.png", "-", listed=lines) == [
        "in/a.png", "in/b.png", "in/deep/d.JPG", "in/deep/er/c.webp", "http://x/y.png", "-",
    ]  # fmt: skip
    assert problems("-", listed=lines)[-2:] == [
        "an address, and lowres fetches no pictures; save it first and name the file", "nothing is there",
    ]  # fmt: skip


def test_what_is_not_there_is_told(folder):
    os.mkfifo("pipe")
    Path("empty").mkdir()
    Path("gone").symlink_to("nowhere")
    told = problems("typo.png", "pipe", "empty", "gone", "x" * 5000, "a\0b")
    assert told[:2] == ["nothing is there", "no regular file"]
    assert told[2].startswith("a folder without pictures (.bmp, ")
    assert told[3:] == ["no regular file", "nothing is there", "nothing is there"]


def test_a_name_that_is_no_utf_8_can_be_written(folder):
    name = os.fsdecode(b"in/\xff.png")
    Path(name).write_bytes(b"")
    (one,) = asked_pictures([name])
    assert one.id == "in/\\udcff.png"
    assert one.content == Path(name)


def test_nothing_is_looked_for_before_its_turn(folder):
    def lines():
        yield "in/a.png\n"
        raise AssertionError("a line was read before it was asked for")

    assert next(asked_pictures(["-"], lines())).id == "in/a.png"


def test_an_npz_gives_its_images_and_then_what_was_wrong_with_it(folder):
    np.savez("two.npz", images=PIXELS)
    first, second = asked_pictures(["two.npz"])
    assert (first.id, second.id) == ("image/00000", "image/00001")
    np.testing.assert_array_equal(second.content, PIXELS[1])
    np.savez("bad.npz", images=PIXELS / 255)
    assert ids("bad.npz", "in/a.png") == ["bad.npz", "in/a.png"]
    assert "expected uint8 pixels from 0 to 255 in images of bad.npz, got float64" in problems("bad.npz")[0]


@pytest.mark.parametrize("address", ["https://example.org/a.png", "S3://bucket/x", "file:///tmp/a.png"])
def test_addresses_are_refused(address):
    with pytest.raises(DataError, match=rf"got {address}, an address, and lowres fetches no pictures; save it first"):
        refuse_addresses(["a.png", address])
    refuse_addresses(["a.png", "C:/x.png", "a:b.png", "-"])


def test_a_program_gives_paths_pil_images_and_arrays(folder):
    Image.fromarray(PIXELS[0]).save("in/a.png")
    with Image.open("in/a.png") as image:
        mixed = [Path("in/a.png"), "in/deep", image, PIXELS[1], PIXELS, image]
        found = list(given_pictures(iter(mixed)))
    assert [one.id for one in found] == [
        "in/a.png", "in/deep/d.JPG", "in/deep/er/c.webp", "3", "4", "5", "6", "7",
    ]  # fmt: skip
    for one, expected in zip(found[3:], [PIXELS[0], PIXELS[1], *PIXELS, PIXELS[0]], strict=True):
        np.testing.assert_array_equal(one.content, expected)


def test_one_thing_alone_is_one_thing(folder):
    assert [one.id for one in given_pictures("in/a.png")] == ["in/a.png"]
    assert [one.id for one in given_pictures(Path("in/a.png"))] == ["in/a.png"]
    assert [one.content.shape for one in given_pictures(PIXELS[0])] == [(4, 6, 3)]
    assert [one.content.shape for one in given_pictures(PIXELS)] == [(4, 6, 3)] * 2
    assert len(list(given_pictures(Image.fromarray(PIXELS[0])))) == 1


def test_a_pil_image_is_turned_upright_and_laid_over_white():
    image = Image.new("RGBA", (2, 1), (10, 20, 30, 0))
    image.getexif()[0x0112] = 6
    (one,) = given_pictures(image)
    np.testing.assert_array_equal(one.content, np.full((2, 1, 3), 255))
    (bad,) = given_pictures(Image.new("F", (2, 1)))
    assert bad.problem.startswith("its pixels are floating-point numbers")


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.float32([[[[0, 0, 0]]], [[[1, 1, 1]]]]), "expected uint8 pixels from 0 to 255 in the images, got float32 "
         "0 to 1; the network scales inside: store the pictures as they are, or multiply fractions by 255 and round"),
        (np.float64([[[-1, 0, 1]]]), "in image 0, got float64 -1 to 1; the network scales inside"),
        (PIXELS.astype(int) + 200, r"expected values from 0 to 255 in the images, got \d+ to \d+; rescale"),
        (PIXELS.transpose(0, 3, 1, 2), "expected channels last in the images"),
        (np.zeros((3, 4, 5, 4), np.uint8), r"in the images, got \[3, 4, 5, 4\]; reshape it"),
        ([3], "expected a path, a PIL image, or uint8 pixels .* as image 0, got int"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_named(image, message):
    with pytest.raises(DataError, match=message):
        list(given_pictures(image))
