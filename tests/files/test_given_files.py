"""A file fetched by hand is known for what it is by its name and its inside."""

import io
import tarfile
from pathlib import Path

import pytest

from lowres.errors import SourceUnavailable
from lowres.files.given_files import GivenFiles, sort_given_files


def _tarball(path: Path, *names: str) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    return path


@pytest.mark.parametrize("name", ["lite0.pth", "resnet20.th", "resnet50.h5", "resnet50.hdf5", "model.json"])
def test_weights_are_known_by_their_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert sort_given_files([tmp_path / name]) == GivenFiles(weights=tmp_path / name)


def test_an_archive_with_a_model_in_it_is_weights_and_any_other_is_data(tmp_path: Path) -> None:
    weights = _tarball(tmp_path / "one.tgz", "package/model/model.json", "package/model/shard1.bin")
    data = _tarball(tmp_path / "two.tgz", "package/cifar/data_batch_1.bin")
    assert sort_given_files([weights, data]) == GivenFiles(data, weights)


def test_folders_are_looked_into(tmp_path: Path) -> None:
    (tmp_path / "package" / "model").mkdir(parents=True)
    assert sort_given_files([tmp_path / "package"]) == GivenFiles(data=tmp_path / "package")
    (tmp_path / "package" / "model" / "model.json").touch()
    assert sort_given_files([tmp_path / "package"]) == GivenFiles(weights=tmp_path / "package")


def test_what_cannot_be_read_is_left_to_whoever_reads_data(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("not found")
    assert sort_given_files([tmp_path / "page.html"]) == GivenFiles(data=tmp_path / "page.html")


def test_nothing_given_is_nothing() -> None:
    assert sort_given_files([]) == GivenFiles()


def test_a_path_where_nothing_is_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"after --from, got .*none\.tgz, where nothing is"):
        sort_given_files([tmp_path / "none.tgz"])
