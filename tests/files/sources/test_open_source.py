"""The one door: names, folders and arrays come in alike; quick keys change when, and only when, a source may have."""

import os
import time

import numpy as np
import pytest
from PIL import Image

from lowres.errors import DataError
from lowres.files.sources import open_source as sources
from lowres.files.sources.open_source import BUILT_IN, open_source, quick_key


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LOWRES_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    for name in ("a/1.png", "a/2.png", "b/1.png"):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (6, 6), "red").save(tmp_path / "set" / name)
    return tmp_path / "set"


@pytest.fixture
def arrays(tmp_path):
    np.savez(tmp_path / "set.npz", images=np.zeros((4, 5, 5), np.uint8), labels=[0, 1, 0, 1])
    return tmp_path / "set.npz"


def test_digits():
    source = open_source("digits")
    assert (len(source.images), source.origin, source.customary_pool, source.skipped) == (
        1797,
        "scikit-learn",
        None,
        (),
    )


def test_a_folder_and_its_damaged_files(folder):
    (folder / "b" / "2.png").write_text("no picture")
    source = open_source(str(folder), skip_damaged=True)
    assert source.images.pixels.shape == (3, 6, 6, 3)
    assert source.origin == str(folder)
    assert len(source.skipped) == 1
    assert source.quick_key == quick_key(str(folder), 0, "squash", skip_damaged=True)


def test_arrays(arrays):
    assert open_source(str(arrays)).images.pixels.shape == (4, 5, 5, 3)


def test_cifar10_has_its_customary_pool(monkeypatch):
    from lowres.files.sources import cifar10
    from lowres.files.sources.image_store import StoredImages

    asked = []
    stored = StoredImages(open_source("digits").images, "a place")
    monkeypatch.setattr(cifar10, "open_cifar10", lambda *arguments: asked.append(arguments) or stored)
    source = open_source("cifar10", from_file="file", report=print)
    assert asked == [("file", print)]
    assert (source.customary_pool, source.origin) == (10_000, "a place")


def test_a_canvas_is_heeded_by_every_source(arrays, folder):
    plain = open_source("digits").images
    resized = open_source("digits", canvas_pixels=20, fit="pad").images
    assert resized.pixels.shape == (1797, 20, 20, 3)
    assert resized.fingerprint != plain.fingerprint
    assert resized.ids == plain.ids
    by_hand = Image.fromarray(plain.pixels[5]).resize((20, 20), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(resized.pixels[5], np.asarray(by_hand))
    assert open_source(str(arrays), canvas_pixels=7).images.width == 7
    assert open_source(str(folder), canvas_pixels=7).images.width == 7
    assert open_source("digits", canvas_pixels=8).images.fingerprint == plain.fingerprint


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "cifar-10",
            r"expected cifar10, digits, a folder .*got 'cifar-10', which is not .*; did you mean cifar10\?",
        ),
        ("digit", r"did you mean digits\?"),
        ("/nowhere/at/all", "got '/nowhere/at/all', which is not there; check the path"),
        ("nowhere.npz", r"or an \.npz file; got 'nowhere\.npz', which is not there"),
    ],
)
@pytest.mark.parametrize("use", [open_source, lambda name: quick_key(name, 0, "squash")])
def test_unknown_sources_are_refused_with_a_hint(use, name, message):
    with pytest.raises(DataError, match=message):
        use(name)


def test_an_archive_is_refused(tmp_path):
    (tmp_path / "set.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"got the file .*set\.zip; unpack an archive first, and pass its folder"):
        open_source(str(tmp_path / "set.zip"))


def test_home_is_spelt_out(arrays, monkeypatch):
    monkeypatch.setenv("HOME", str(arrays.parent))
    assert len(open_source("~/set.npz").images) == 4


def test_quick_keys_differ_by_source_and_choices(folder, arrays):
    names = [*BUILT_IN, str(folder), str(arrays)]
    choices = [(0, "squash"), (8, "squash"), (8, "crop")]
    keys = {quick_key(name, *choice) for name in names for choice in choices}
    keys |= {quick_key(name, 0, "squash", skip_damaged=True) for name in names}
    assert len(keys) == 16
    assert keys == {quick_key(name, *choice) for name in names for choice in choices} | {
        quick_key(name, 0, "squash", skip_damaged=True) for name in names
    }


def test_quick_keys_change_with_the_files(folder, arrays):
    before = quick_key(str(folder), 0, "squash"), quick_key(str(arrays), 0, "squash")
    os.utime(folder / "a" / "1.png", (1, 1))
    os.utime(arrays, (1, 1))
    after = quick_key(str(folder), 0, "squash"), quick_key(str(arrays), 0, "squash")
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_quick_keys_move_with_the_data(folder):
    before = quick_key(str(folder), 0, "squash")
    folder.rename(folder.parent / "moved")
    assert quick_key(str(folder.parent / "moved"), 0, "squash") == before


def test_a_quick_key_opens_no_file(folder, monkeypatch):
    monkeypatch.setattr("builtins.open", lambda *_, **__: pytest.fail("opened a file"))
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("opened a picture"))
    assert quick_key(str(folder), 0, "squash")


@pytest.mark.parametrize("built_in", BUILT_IN)
def test_the_quick_key_of_a_built_in_is_instant(built_in):
    begun = time.perf_counter()
    quick_key(built_in, 0, "squash")
    assert time.perf_counter() - begun < 0.05


def test_every_built_in_has_a_key():
    assert set(sources._BUILT_IN_KEYS) == set(BUILT_IN)
