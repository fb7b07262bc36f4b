"""Images of an .npz come one by one as NumPy reads them whole, and a large file is never in memory."""

import tracemalloc
import zipfile

import numpy as np
import pytest

from lowres.errors import DataError
from lowres.files.pictures.array_stream import array_pictures
from lowres.files.sources.array_files import open_array_file

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 3), np.uint8)


@pytest.fixture
def save(tmp_path):
    """Write arrays as .npz, return the path."""

    def write(name="x.npz", pack=np.savez, **arrays):
        pack(tmp_path / name, **arrays)
        return tmp_path / name

    return write


@pytest.mark.parametrize("pack", [np.savez, np.savez_compressed])
def test_rows_are_numpys(save, pack):
    found = list(array_pictures(save(pack=pack, images=PIXELS)))
    assert [id for id, _ in found] == [f"image/{row:05d}" for row in range(5)]
    np.testing.assert_array_equal([pixels for _, pixels in found], PIXELS)


@pytest.mark.parametrize(
    "arrays",
    [
        {"x": PIXELS, "y": np.arange(5) % 2},
        {"images": PIXELS[..., 0], "labels": np.arange(5) % 2, "ids": np.array(list("abcde"))},
        {"x_train": PIXELS, "y_train": np.arange(5) % 2, "x_test": PIXELS[:2], "y_test": np.arange(2)},
        {"pixels": PIXELS.astype(np.int32), "targets": np.arange(5) % 2},
    ],
)
def test_they_are_called_and_look_as_in_a_study_of_the_file(save, arrays):
    path = save(**arrays)
    whole = open_array_file(path)
    found = list(array_pictures(path))
    assert tuple(id for id, _ in found) == whole.ids
    np.testing.assert_array_equal([pixels for _, pixels in found], whole.pixels)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"pictures": PIXELS}, r"expected an array of images \(images, x, pixels, x_train, .* got pictures; rename it"),
        ({"images": PIXELS / 255}, "expected uint8 pixels from 0 to 255 in images of .*got float64"),
        ({"images": np.asfortranarray(PIXELS)}, "row by row in images of .* column by column; write numpy.ascont"),
        ({"images": np.zeros((2, 4, 4, 5), np.uint8)}, r"got \[1, 4, 4, 5\]; reshape it"),
        ({"images": np.array([None, {}], object)}, r"expected images row by row in images of .*, got object \[2\]"),
        ({"images": np.uint8(3)}, r"got \[1\]; reshape it"),
    ],
)
def test_what_holds_no_pixels_is_refused(save, arrays, message):
    with pytest.raises(DataError, match=message):
        list(array_pictures(save(**arrays)))


def test_a_file_that_is_none_or_ends_early_is_refused(save, tmp_path):
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(DataError, match="got one that does not read .*not a zip file"):
        list(array_pictures(tmp_path / "text.npz"))
    path = save(images=PIXELS)
    with zipfile.ZipFile(path) as archive:
        content = archive.read("images.npy")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", content[:-80])
    # 72 bytes an image, so the last two are gone and three are whole.
    rows = array_pictures(path)
    np.testing.assert_array_equal([next(rows)[1] for _ in range(3)], PIXELS[:3])
    with pytest.raises(DataError, match=r"images of .* ends early\); write it again"):
        next(rows)


def test_a_header_that_promises_more_than_memory_is_refused(save):
    path = save(images=PIXELS)
    header = np.lib.format.header_data_from_array_1_0(PIXELS) | {"shape": (1, 10**6, 10**6, 3)}
    with zipfile.ZipFile(path, "w") as archive, archive.open("images.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(DataError, match=r"expected images row by row .* got uint8 \[1, 1000000, 1000000, 3\]"):
        list(array_pictures(path))


def test_a_large_file_is_never_in_memory(save):
    large = np.zeros((4000, 64, 64, 3), np.uint8)
    path = save(pack=np.savez_compressed, images=large)
    tracemalloc.start()
    try:
        count = sum(1 for _ in array_pictures(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 4000
    assert peak < large.nbytes / 20
