"""Pictures without labels are opened at the size of the labelled ones, and decoded again when a file changes."""

import numpy as np
import pytest
from PIL import Image

from lowres.errors import DamagedImage, DataError
from lowres.files.sources.unlabelled_pictures import list_unlabelled, open_unlabelled


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LOWRES_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def root(tmp_path):
    place = tmp_path / "more"
    for number, name in enumerate(("b.png", "deep/er/a.png", ".hidden.png", ".git/c.png", "notes.txt")):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (6, 4), (number * 10, 0, 0)).save(place / name, format="PNG")
    return place


def opened(root, skip_damaged=False):
    notes = []
    return open_unlabelled(root, (3, 2), "squash", skip_damaged, notes.append), notes


def test_pictures_at_any_depth_in_the_order_of_their_paths(root):
    names, _ = list_unlabelled(root)
    assert names == ("b.png", "deep/er/a.png")
    found, _ = opened(root)
    assert found.pixels.shape == (2, 2, 3, 3)
    assert found.pixels[:, 0, 0, 0].tolist() == [0, 10]


def test_they_are_decoded_once_and_again_when_a_file_changes(root, monkeypatch):
    decoded = []
    real = Image.open
    monkeypatch.setattr(Image, "open", lambda *given, **named: decoded.append(given) or real(*given, **named))
    opened(root)
    first = len(decoded)
    assert first
    opened(root)
    assert len(decoded) == first
    Image.new("RGB", (6, 4), (200, 0, 0)).save(root / "b.png")
    found, _ = opened(root)
    assert len(decoded) > first
    assert found.pixels[0, 0, 0].tolist() == [200, 0, 0]


def test_a_damaged_cache_is_made_again(root, tmp_path):
    opened(root)
    (pixels,) = (tmp_path / "cache").rglob("pixels.npy")
    pixels.write_bytes(b"nothing")
    found, _ = opened(root)
    np.testing.assert_array_equal(found.pixels[:, 0, 0, 0], [0, 10])


def test_damaged_pictures_are_named_or_left_out(root):
    (root / "bad.png").write_bytes(b"no picture")
    with pytest.raises(DamagedImage, match=r"1 damaged:\n  bad.png.*\n.*--skip-damaged"):
        opened(root)
    found, _ = opened(root, skip_damaged=True)
    assert len(found.pixels) == 2
    assert [line.split(":")[0] for line in found.skipped] == ["bad.png"]
    with pytest.raises(DamagedImage):
        opened(root)


def test_no_folder_and_no_picture_are_said(root, tmp_path):
    with pytest.raises(DataError, match="got nothing; check the path"):
        list_unlabelled(tmp_path / "nowhere")
    with pytest.raises(DataError, match="got a file"):
        list_unlabelled(root / "b.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="expected pictures .* got none"):
        list_unlabelled(tmp_path / "empty")
