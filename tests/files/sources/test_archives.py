"""Chosen members of tar archives and folders; archives made by Python's own tarfile and cut or spoilt by hand."""

import io
import tarfile

import pytest

from lowres.errors import SourceUnavailable, VerificationError
from lowres.files.sources import archives
from lowres.files.sources.archives import read_members

CONTENT = {"package/a.bin": b"a" * 100_000, "package/deep/b.bin": b"b", "package/c.txt": b"c"}


def tarball(path, content=CONTENT, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def is_bin(name):
    return name.endswith(".bin")


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_wanted_members_of_an_archive(mode, tmp_path):
    assert read_members(tarball(tmp_path / "x", mode=mode), is_bin) == {"a.bin": b"a" * 100_000, "b.bin": b"b"}


def test_wanted_files_of_a_folder(tmp_path):
    for name, data in CONTENT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    assert read_members(tmp_path, is_bin) == {"a.bin": b"a" * 100_000, "b.bin": b"b"}


def test_the_first_of_two_members_with_one_name_counts(tmp_path):
    path = tarball(tmp_path / "x", {"z/a.bin": b"first", "y/a.bin": b"second"})
    assert read_members(path, is_bin) == {"a.bin": b"first"}


def test_links_are_not_followed(tmp_path):
    with tarfile.open(tmp_path / "x", "w") as archive:
        link = tarfile.TarInfo("a.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert read_members(tmp_path / "x", is_bin) == {}


@pytest.mark.parametrize("kept", [0, 10, 150])
def test_a_cut_archive_is_refused(kept, tmp_path):
    path = tarball(tmp_path / "x")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(VerificationError, match=r"expected a tar archive in .*x, got a file that.*fetch it again"):
        read_members(path, is_bin)


def test_text_is_refused(tmp_path):
    (tmp_path / "x.tgz").write_text("<html>Sign in to this network</html>" * 100)
    with pytest.raises(VerificationError, match="expected a tar archive"):
        read_members(tmp_path / "x.tgz", is_bin)


def test_nothing_there(tmp_path):
    with pytest.raises(SourceUnavailable, match=r"expected a file or folder at .*x, got nothing there"):
        read_members(tmp_path / "x", is_bin)


def test_an_immense_member_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_LARGEST_MEMBER_BYTES", 99_999)
    with pytest.raises(VerificationError, match=r"expected a\.bin in .* below 256 MiB, got 100,000 bytes"):
        read_members(tarball(tmp_path / "x"), is_bin)
