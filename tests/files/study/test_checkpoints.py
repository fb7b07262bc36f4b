"""A checkpoint comes back bit by bit or not at all: damaged anywhere, of another training, or on a full disk."""

from __future__ import annotations

import errno
import os
import re

import numpy as np
import pytest

from lowres.errors import DiskFull, StudyDamaged
from lowres.files.study import checkpoints
from lowres.files.study.checkpoints import read_checkpoint, write_checkpoint

ARRAYS = {
    "weights/0000": np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32),
    "seeds/0000": np.array([4, 2**31], np.int64),
}
FACTS = {"epoch": 3, "losses": [0.1, 1 / 3], "rows": [{"loss": 0.2}]}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "checkpoints" / "last.npz"
    write_checkpoint(path, "this training", ARRAYS, FACTS)
    return path


def assert_is_the_first(found):
    arrays, facts = found
    assert facts == FACTS
    assert set(arrays) == set(ARRAYS)
    for name, value in ARRAYS.items():
        assert (arrays[name].dtype, arrays[name].shape) == (value.dtype, value.shape)
        assert arrays[name].tobytes() == value.tobytes()


def test_it_comes_back_bit_by_bit(path):
    assert_is_the_first(read_checkpoint(path, "this training"))


def test_nothing_is_nothing(tmp_path):
    assert read_checkpoint(tmp_path / "none.npz", "this training") is None


def test_another_training_does_not_get_it(path):
    assert read_checkpoint(path, "another training") is None


def test_a_byte_changed_anywhere_is_noticed_or_does_not_matter(path):
    """Every byte in turn: what comes back is what was written, or nothing."""
    whole = path.read_bytes()
    lost = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x21]) + whole[place + 1 :])
        try:
            found = read_checkpoint(path, "this training")
        except StudyDamaged:
            # An array of more bytes than there is memory, says the file.
            found = None
        lost += found is None
        if found is not None:
            assert_is_the_first(found)
    assert lost > len(whole) / 2


def test_a_file_cut_off_anywhere_is_nothing(path):
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert read_checkpoint(path, "this training") is None


def test_a_damaged_one_is_told_of(path):
    said = []
    path.write_bytes(path.read_bytes()[:-40])
    assert read_checkpoint(path, "this training", said.append) is None
    assert len(said) == 1
    assert re.search(r"last\.npz is damaged \(.+\): the training cannot go on from it and begins anew", said[0])


@pytest.mark.parametrize("error", [OSError(errno.EIO, os.strerror(errno.EIO)), MemoryError()])
def test_one_that_cannot_be_read_now_is_not_taken_for_none(path, monkeypatch, error):
    """Or a training would begin anew and write over it."""

    def fails(_):
        raise error

    monkeypatch.setattr(type(path), "read_bytes", fails)
    with pytest.raises(StudyDamaged, match="that can be read, got .*Error.*nothing was changed: see to the disk"):
        read_checkpoint(path, "this training")
    monkeypatch.undo()
    assert_is_the_first(read_checkpoint(path, "this training"))


def test_a_file_of_other_things_is_nothing(path):
    np.savez(path, weights=np.zeros(3))
    assert read_checkpoint(path, "this training") is None
    path.write_text("no archive")
    assert read_checkpoint(path, "this training") is None


def test_a_full_disk_says_so_and_leaves_the_one_before(path, monkeypatch):
    def full(file, *_, **__):
        file.write(b"half of it")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoints.np, "savez", full)
    with pytest.raises(DiskFull, match=r"expected room for .*last\.npz, got a full disk"):
        write_checkpoint(path, "this training", {}, {})
    assert_is_the_first(read_checkpoint(path, "this training"))
    assert [one.name for one in path.parent.iterdir()] == ["last.npz"]


def test_a_failing_disk_leaves_the_one_before(path, monkeypatch):
    """A file system that goes away fails when the bytes are to reach the disk."""

    def lost(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", lost)
    with pytest.raises(OSError, match="Input/output error"):
        write_checkpoint(path, "this training", {}, {})
    monkeypatch.undo()
    assert_is_the_first(read_checkpoint(path, "this training"))


def test_the_next_one_takes_its_place_whole(path):
    write_checkpoint(path, "this training", {"weights/0000": np.ones(2)}, {"epoch": 4})
    arrays, facts = read_checkpoint(path, "this training")
    assert facts == {"epoch": 4}
    np.testing.assert_array_equal(arrays["weights/0000"], [1, 1])
