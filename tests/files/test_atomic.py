"""A file is there whole or not at all: after a failure, on a full disk (a real one of 1 MiB), after kill -9."""

import errno
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from lowres.errors import DataError, DiskFull, NotWritable
from lowres.files.atomic import (
    atomic_path,
    atomic_write_bytes,
    atomic_write_json,
    atomic_write_text,
    explained_write_errors,
    remove_abandoned,
    scratch_folder,
)

MEBIBYTE = 2**20


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.name == "posix" and os.geteuid() == 0 and os.path.exists("/proc/mounts")
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if not mounted or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk can only be mounted by root; test_any_way_of_running_full covers the rest")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_there(tmp_path):
    atomic_write_bytes(tmp_path / "new" / "folder" / "a.bin", b"\0\1")
    atomic_write_text(tmp_path / "a.txt", "é\n")
    atomic_write_json(tmp_path / "a.json", {"b": [1, 2.5, None]})
    assert (tmp_path / "new" / "folder" / "a.bin").read_bytes() == b"\0\1"
    assert (tmp_path / "a.txt").read_bytes() == b"\xc3\xa9\n"
    assert json.loads((tmp_path / "a.json").read_text()) == {"b": [1, 2.5, None]}
    assert names(tmp_path) == ["a.json", "a.txt", "new"]


def test_json_refuses_what_json_cannot_say(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        atomic_write_json(tmp_path / "a.json", {"b": float("nan")})
    assert names(tmp_path) == []


def test_permissions_are_those_of_an_ordinary_file(tmp_path):
    atomic_write_text(tmp_path / "a", "")
    (tmp_path / "b").write_text("")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_the_temporary_name_keeps_the_suffix_and_does_not_exist_yet(tmp_path):
    with atomic_path(tmp_path / "model.keras") as part:
        assert part.suffix == ".keras"
        assert part.parent == tmp_path
        assert not part.exists()
        part.write_text("x")
        assert not (tmp_path / "model.keras").exists()


def test_a_failure_keeps_the_old_file_and_leaves_nothing_else(tmp_path):
    (tmp_path / "a").write_text("old")

    def fail():
        with atomic_path(tmp_path / "a") as part:
            part.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_a_full_disk_says_so_and_keeps_the_old_file(small_disk):
    atomic_write_text(small_disk / "a", "old")
    with pytest.raises(DiskFull, match=r"expected room for .*/a, got a full disk \(\d+ MiB free\).*free some space"):
        atomic_write_bytes(small_disk / "a", b"x" * 2 * MEBIBYTE)
    assert (small_disk / "a").read_text() == "old"
    assert names(small_disk) == ["a"]


def test_a_full_disk_is_recognised_under_numpy_too(small_disk):
    def save():
        with atomic_path(small_disk / "a.npy") as part:
            np.save(part, np.zeros(2 * MEBIBYTE, np.uint8))

    with pytest.raises(DiskFull, match=r"a\.npy"):
        save()
    assert names(small_disk) == []


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        OSError("4194304 requested and 1003520 written"),
        OSError("Can't write data (file write failed: errno = 28, error message = 'No space left on device')"),
    ],
)
def test_any_way_of_running_full(error, tmp_path):
    with pytest.raises(DiskFull, match="got a full disk"), explained_write_errors(tmp_path / "a"):
        raise error


@pytest.mark.parametrize(("number", "words"), [(errno.EACCES, "Permission denied"), (errno.EROFS, "Read-only file")])
def test_a_closed_folder_says_what_to_do(number, words, tmp_path, monkeypatch):
    def closed(*_, **__):
        raise OSError(number, os.strerror(number), str(tmp_path / "a"))

    monkeypatch.setattr("pathlib.Path.open", closed)
    with pytest.raises(NotWritable, match=f"expected to write .*/a, got '{words}.*change its permissions"):
        atomic_write_text(tmp_path / "a", "x")


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(NotWritable, match=r"expected to write .*a/b, got '(Not a directory|File exists)'"):
        atomic_write_text(tmp_path / "a" / "b", "x")


def test_other_errors_pass_unchanged(tmp_path):
    with pytest.raises(DataError, match="as it was"), explained_write_errors(tmp_path):
        raise DataError("as it was")
    with pytest.raises(OSError, match="Input/output error"), explained_write_errors(tmp_path):
        raise OSError(errno.EIO, "Input/output error")


def test_kill_leaves_no_file_under_the_real_name_and_the_next_write_clears_up(tmp_path):
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom lowres.files.atomic import atomic_path\n"
        "with atomic_path(Path(sys.argv[1])) as part:\n"
        "    part.write_text('half')\n    print('written', flush=True)\n    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "a")], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "written\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".part-")
    atomic_write_text(tmp_path / "a", "x")
    assert left.exists(), "a minute's grace, for processes that only look dead from here"
    os.utime(left, (time.time() - 61, time.time() - 61))
    atomic_write_text(tmp_path / "a", "x")
    assert names(tmp_path) == ["a"]


def test_the_parts_of_the_living_and_of_other_files_stay(tmp_path):
    dead = subprocess.Popen(["true"])
    dead.wait()
    hour, week = time.time() - 3600, time.time() - 7 * 86400
    ages = {f".part-{os.getpid()}-00000000-a": hour, f".part-{dead.pid}-00000000-b": hour, ".part-x-a": week}
    ages[f".part-{os.getpid()}-33333333-a"] = time.time() - 23 * 3600
    ages |= {f".part-{os.getpid()}-11111111-a": week, f".part-{dead.pid}-22222222-a": hour}
    for name, age in ages.items():
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (age, age))
    remove_abandoned(tmp_path, "a")
    assert names(tmp_path) == sorted(list(ages)[:4])


def test_a_scratch_folder_is_empty_and_gone_afterwards(tmp_path):
    with scratch_folder(tmp_path / "cache", "cifar10") as folder:
        assert names(folder) == []
        (folder / "file").write_text("x")
        assert folder.parent == tmp_path / "cache"
    assert names(tmp_path / "cache") == []
    with scratch_folder(tmp_path / "cache", "cifar10") as another:
        assert another != folder


@pytest.fixture
def synced(monkeypatch):
    """What was flushed to the disk, in order; `number` makes flushing a folder fail."""
    flushed, failure = [], []

    def fsync(descriptor):
        target = os.readlink(f"/proc/self/fd/{descriptor}")
        flushed.append(target)
        if failure and os.path.isdir(target):
            raise OSError(failure[0], os.strerror(failure[0]))

    monkeypatch.setattr(os, "fsync", fsync)
    return flushed, failure


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the flushed file is told by /proc, which Linux has")
def test_the_file_is_flushed_before_its_folder(synced, tmp_path):
    atomic_write_text(tmp_path / "a", "x")
    assert os.path.basename(synced[0][0]).startswith(".part-")
    assert synced[0][1:] == [str(tmp_path)]


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the flushed file is told by /proc, which Linux has")
def test_a_folder_that_cannot_be_flushed_does_not_matter_and_a_broken_disk_does(synced, tmp_path):
    synced[1].append(errno.EINVAL)
    atomic_write_text(tmp_path / "a", "x")
    assert (tmp_path / "a").read_text() == "x"
    synced[1][0] = errno.EIO
    with pytest.raises(OSError, match="Input/output error"):
        atomic_write_text(tmp_path / "a", "y")
