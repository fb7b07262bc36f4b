"""A run state comes back as it was, to its own training only, and a disk that runs full takes none away."""

import errno
from pathlib import Path

import numpy as np
import pytest

from lowres.errors import DiskFull
from lowres.files.checkpoints import read_checkpoint, write_checkpoint

ARRAYS = {"trained/0000": np.arange(6, dtype=np.float32).reshape(2, 3), "seed/0000": np.array([1, 2], np.uint32)}
FACTS = {"epoch": 3, "losses": [2.5, 0.1], "best": {"best": None}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "fine-tuning" / "last.npz"
    write_checkpoint(path, "key", ARRAYS, FACTS)
    return path


def test_comes_back_as_it_was(path):
    arrays, facts = read_checkpoint(path, "key")
    assert facts == FACTS
    assert set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype


def test_a_training_with_other_inputs_gets_nothing(path):
    assert read_checkpoint(path, "another") is None


def test_nothing_there_is_nothing(tmp_path):
    assert read_checkpoint(tmp_path / "none.npz", "key") is None


@pytest.mark.parametrize("kept_bytes", [0, 10, 300])
def test_a_file_cut_short_is_nothing(path, kept_bytes):
    path.write_bytes(path.read_bytes()[:kept_bytes])
    assert read_checkpoint(path, "key") is None


def test_a_damaged_array_is_nothing(path):
    content = bytearray(path.read_bytes())
    at = content.find(ARRAYS["trained/0000"].tobytes())
    content[at + 5] ^= 0xFF
    path.write_bytes(content)
    assert read_checkpoint(path, "key") is None


def test_a_full_disk_leaves_the_one_before(path, monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(DiskFull, match=r"expected room for .*last\.npz, got a full disk"):
        write_checkpoint(path, "key", {"trained/0000": np.zeros(3)}, {"epoch": 4})
    monkeypatch.undo()
    arrays, facts = read_checkpoint(path, "key")
    assert facts["epoch"] == 3
    np.testing.assert_array_equal(arrays["trained/0000"], ARRAYS["trained/0000"])
    assert [entry.name for entry in path.parent.iterdir()] == ["last.npz"]
