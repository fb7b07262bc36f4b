"""Pictures are found by name and by folder, in order, and come squashed to one size."""

import numpy as np
import pytest
from PIL import Image

from lowres.errors import DamagedImage, DataError
from lowres.files.pictures.given_pictures import find_pictures, read_pictures


@pytest.fixture
def folder(tmp_path):
    """Two pictures below a folder and one beside it, and a file that is none."""
    (tmp_path / "below" / "deep").mkdir(parents=True)
    for name, colour in (("below/b.png", (10, 20, 30)), ("below/deep/a.JPG", (90, 90, 90)), ("one.png", (1, 2, 3))):
        Image.new("RGB", (6, 4), colour).save(tmp_path / name)
    (tmp_path / "below" / "notes.txt").write_text("no picture")
    return tmp_path


def test_folders_give_all_that_lies_below_and_files_themselves(folder):
    found = find_pictures([folder / "one.png", folder / "below"])
    assert [path.relative_to(folder).as_posix() for path in found] == ["one.png", "below/b.png", "below/deep/a.JPG"]


def test_they_come_as_pixels_of_one_size(folder):
    pixels = read_pictures(find_pictures([folder / "one.png", folder / "below"]), 5, 8)
    assert (pixels.shape, pixels.dtype) == ((3, 5, 8, 3), np.uint8)
    assert [one[2, 2].tolist() for one in pixels] == [[1, 2, 3], [10, 20, 30], [90, 90, 90]]


def test_what_is_no_picture_is_refused(folder, tmp_path):
    with pytest.raises(DataError, match=r"a folder of pictures at .*nowhere, got nothing there"):
        find_pictures([folder / "nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"expected pictures \(.bmp, .*\), got none; name some"):
        find_pictures([tmp_path / "empty"])
    with pytest.raises(DamagedImage, match=r"a readable picture in .*notes.txt, got: .*; leave it out"):
        read_pictures([folder / "below" / "notes.txt"], 5, 8)
