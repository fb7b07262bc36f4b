"""How much a disk holds and a folder takes, against what the system's own tools say."""

import os

from lowres.files.disk_room import bytes_in, free_bytes


def test_a_folder_takes_what_its_files_take(tmp_path):
    assert bytes_in(tmp_path / "none") == 0
    (tmp_path / "inner").mkdir()
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "inner" / "b").write_bytes(b"123")
    assert bytes_in(tmp_path) == 8


def test_room_is_that_of_the_disk_on_which_a_folder_would_lie(tmp_path):
    disk = os.statvfs(tmp_path)
    found = free_bytes(tmp_path / "not" / "there" / "yet")
    # Others write meanwhile.
    assert abs(found - disk.f_bavail * disk.f_frsize) < 2**30
