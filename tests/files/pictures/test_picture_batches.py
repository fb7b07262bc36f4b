"""Pictures are decoded as a study's own were, bad ones keep their place and say why, and none is read too early."""

import struct
import zlib
from itertools import count

import numpy as np
import pytest
from PIL import Image

from lowres.files.pictures.asked_pictures import AskedPicture, asked_pictures
from lowres.files.pictures.picture_batches import picture_batches
from lowres.files.sources.decoded_folders import open_class_folders


def bomb() -> bytes:
    """A PNG of 60 bytes whose header promises 400 million pixels."""
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    lengths = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(lengths)


@pytest.fixture
def damaged(tmp_path):
    """Good pictures among bad ones, in the order of their names."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)
    for name in ("a.png", "e.png"):
        Image.fromarray(pixels).save(tmp_path / name)
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "b.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "c.png").write_text("this is text")
    (tmp_path / "d.png").write_bytes(bomb())
    (tmp_path / "f.png").write_bytes(b"")
    return tmp_path


def test_bad_files_keep_their_place_and_say_why(damaged):
    (batch,) = picture_batches(asked_pictures([str(damaged)]), (6, 8), "squash", 32)
    assert [id[-5:] for id in batch.ids] == ["a.png", "b.png", "c.png", "d.png", "e.png", "f.png"]
    reasons = ["", "truncated", "cannot identify image file", "could be decompression bomb", "", "cannot identify"]
    for problem, reason in zip(batch.problems, reasons, strict=True):
        assert reason in problem
        assert bool(problem) == bool(reason)
    assert batch.pixels.shape == (2, 8, 6, 3)


def test_batches_are_full_and_in_order_whatever_is_in_them(damaged):
    batches = list(picture_batches(asked_pictures([str(damaged)] * 2), (6, 8), "squash", 4))
    assert [len(batch.ids) for batch in batches] == [4, 4, 4]
    assert [len(batch.pixels) for batch in batches] == [1, 2, 1]
    (nothing,) = picture_batches(asked_pictures([str(damaged / "c.png"), "nowhere"]), (6, 8), "squash", 4)
    assert nothing.pixels.shape == (0, 8, 6, 3)
    assert nothing.problems[1] == "nothing is there"
    assert list(picture_batches((), (6, 8), "squash", 4)) == []


@pytest.mark.parametrize("fit", ["squash", "crop", "pad"])
def test_a_large_photograph_becomes_what_training_made_of_it(fit, tmp_path, monkeypatch):
    monkeypatch.setenv("LOWRES_CACHE", str(tmp_path / "cache"))
    photo = np.indices((300, 400)).sum(0).astype(np.uint8)[..., None] + np.uint8([0, 60, 120])
    for name in ("one", "other"):
        (tmp_path / "in" / name).mkdir(parents=True)
        Image.fromarray(photo).resize((4000, 3000)).save(tmp_path / "in" / name / "x.jpg")
    study = open_class_folders(tmp_path / "in", 32, fit, False, lambda text: None).images
    (batch,) = picture_batches(asked_pictures([str(tmp_path / "in")]), (32, 32), fit, 32)
    np.testing.assert_array_equal(batch.pixels, study.pixels)


def test_arrays_of_the_canvas_pass_untouched_and_others_are_brought_to_it():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 6, 3), np.uint8)
    asked = [AskedPicture("0", pixels[0]), AskedPicture("1", np.kron(pixels[1], np.ones((4, 4, 1), np.uint8)))]
    (batch,) = picture_batches(asked, (6, 8), "squash", 32)
    np.testing.assert_array_equal(batch.pixels[0], pixels[0])
    expected = Image.fromarray(asked[1].content).resize((6, 8), Image.Resampling.BICUBIC, reducing_gap=3.0)
    np.testing.assert_array_equal(batch.pixels[1], np.asarray(expected))


def test_the_first_batch_comes_before_the_second_is_asked_for():
    taken = []
    pixels = np.zeros((8, 6, 3), np.uint8)

    def endless():
        for number in count():
            taken.append(number)
            yield AskedPicture(str(number), pixels)

    batches = picture_batches(endless(), (6, 8), "squash", 4)
    assert next(batches).ids == ("0", "1", "2", "3")
    assert len(taken) == 4
    batches.close()
