"""Class folders of real PNG and JPEG files: pixels, the canvas, damaged files, and the cache behind it all."""

import os

import numpy as np
import pytest
from PIL import Image

from lowres.errors import DamagedImage, DataError
from lowres.files.sources import decoded_folders
from lowres.files.sources.class_folders import list_class_folders
from lowres.files.sources.decoded_folders import canvas, open_class_folders


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("LOWRES_CACHE", str(tmp_path / "cache"))
    return tmp_path / "pictures"


def noise(seed, width=10, height=8):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def put(root, name, pixels):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(root / name)


def silent(_message):
    pass


def opened(root, canvas_pixels=0, fit="squash", skip_damaged=False, report=silent):
    return open_class_folders(root, canvas_pixels, fit, skip_damaged, report)


def fill(root, names):
    for seed, name in enumerate(names):
        put(root, name, noise(seed))


def test_pixels_labels_ids_and_the_held_out_part(root):
    fill(root, ["train/cat/1.png", "train/dog/1.png", "val/cat/2.png", "test/dog/9.png"])
    images = opened(root).images
    assert images.ids == ("train/cat/1.png", "train/dog/1.png", "val/cat/2.png", "test/dog/9.png")
    np.testing.assert_array_equal(images.pixels, np.stack([noise(seed) for seed in range(4)]))
    assert [images.class_names[label] for label in images.labels] == ["cat", "dog", "cat", "dog"]
    assert images.held_out.tolist() == [False, False, False, True]


def test_many_pictures_keep_their_order_over_threads_and_chunks(root, monkeypatch):
    monkeypatch.setattr(decoded_folders, "_CHUNK_PICTURES", 7)
    names = [f"{'ab'[index % 2]}/{index:03d}.png" for index in range(60)]
    fill(root, names)
    images = opened(root).images
    np.testing.assert_array_equal(images.pixels, np.stack([noise(names.index(name)) for name in images.ids]))


def test_the_second_opening_decodes_nothing(root, monkeypatch):
    fill(root, ["a/1.png", "b/1.png"])
    first = opened(root)
    monkeypatch.setattr(decoded_folders, "decode_picture", lambda *_: pytest.fail("decoded again"))
    again = opened(root)
    assert again.origin.endswith("(decoded before)")
    assert again.images.fingerprint == first.images.fingerprint
    assert again.images.ids == first.images.ids


def test_a_changed_file_is_decoded_anew_and_replaces_the_kept_ones(root, tmp_path):
    fill(root, ["a/1.png", "b/1.png"])
    opened(root)
    put(root, "b/1.png", noise(77))
    np.testing.assert_array_equal(opened(root).images.pixels[1], noise(77))
    assert len(os.listdir(tmp_path / "cache" / "pictures")) == 1


def test_the_canvas_asked_for_is_kept_apart_in_the_cache(root, tmp_path):
    fill(root, ["a/1.png", "b/1.png"])
    assert opened(root, 6).images.pixels.shape == (2, 6, 6, 3)
    assert opened(root, 6, "pad").images.pixels.shape == (2, 6, 6, 3)
    assert opened(root).images.pixels.shape == (2, 8, 10, 3)
    assert len(os.listdir(tmp_path / "cache" / "pictures")) == 3


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(10, 8), (10, 8)], (10, 8)),
        ([(10, 8), (30, 20), (40, 50)], (20, 20)),
        ([(400, 300), (500, 600)], (224, 224)),
        ([(1100, 20), (1100, 20)], (20, 20)),
        ([(1, 1), (2, 1)], (1, 1)),
    ],
)
def test_the_canvas_is_the_common_size_or_the_median_of_the_shorter_sides(sizes, expected, root):
    for place, (width, height) in enumerate(sizes):
        put(root, f"{'ab'[place % 2]}/{place}.png", noise(place, width, height))
    assert canvas(list_class_folders(root), 0, silent) == expected


def test_a_common_size_that_would_fill_the_disk_is_brought_down(root, monkeypatch):
    monkeypatch.setattr(decoded_folders, "_LARGEST_COMMON_BYTES", 2 * 10 * 8 * 3 - 1)
    fill(root, ["a/1.png", "b/1.png"])
    told = []
    assert canvas(list_class_folders(root), 0, told.append) == (8, 8)
    assert told[-1] == "2 pictures of 1 sizes, such as 10 x 8, brought to 8 x 8 pixels"


def test_pictures_on_their_side_count_as_seen(root):
    exif = Image.Exif()
    exif[0x0112] = 6
    fill(root, ["a/1.png"])
    (root / "b").mkdir()
    Image.fromarray(noise(1, 8, 10)).save(root / "b" / "1.png", exif=exif)
    assert opened(root).images.pixels.shape == (2, 8, 10, 3)


@pytest.fixture
def damaged(root):
    fill(root, ["a/1.png", "a/2.png", "b/1.png", "b/2.png"])
    (root / "a" / "text.png").write_text("not a picture")
    whole = root / "b" / "2.png"
    whole.write_bytes(whole.read_bytes()[:150])
    return root


def test_all_damaged_files_are_named_and_nothing_is_kept(damaged, tmp_path):
    message = (
        r"(?s)expected readable pictures in .*pictures, got 2 damaged:\n  a/text\.png: cannot identify image file.*\n"
        r"  b/2\.png: .*\nreplace or remove them, or leave them out with --skip-damaged"
    )
    with pytest.raises(DamagedImage, match=message):
        opened(damaged)
    assert [path.name for path in (tmp_path / "cache").rglob("*.npy")] == []


def test_only_the_first_ten_damaged_are_named_and_all_counted(root):
    fill(root, ["a/1.png", "b/1.png"])
    for index in range(13):
        (root / "a" / f"{index:02d}x.png").write_text("no")
    with pytest.raises(DamagedImage, match=r"(?s)got 13 damaged.*09x\.png: .*\n  \.\.\. and 3 more"):
        opened(root)


def test_damaged_files_are_skipped_when_asked_and_listed(damaged):
    stored = opened(damaged, skip_damaged=True)
    assert stored.images.ids == ("a/1.png", "a/2.png", "b/1.png")
    assert [line.split(":")[0] for line in stored.skipped] == ["a/text.png", "b/2.png"]
    np.testing.assert_array_equal(stored.images.pixels[2], noise(2))
    assert opened(damaged, skip_damaged=True).skipped == stored.skipped


def test_a_set_kept_with_gaps_is_not_served_where_gaps_are_refused(damaged):
    opened(damaged, skip_damaged=True)
    with pytest.raises(DamagedImage, match="got 2 damaged"):
        opened(damaged)


def test_nothing_but_damaged_files(root):
    for name in ("a/1.png", "b/1.png"):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("no")
    with pytest.raises(DataError, match=r"expected at least one readable picture in .*, got 2 damaged"):
        opened(root, skip_damaged=True)


def test_what_was_left_out_and_how_far_it_is_are_told(root):
    fill(root, ["a/1.png", "b/1.png"])
    (root / "a" / "x.txt").write_text("")
    told = []
    opened(root, report=told.append)
    assert told == [
        "left out: 1 other files (1 .txt)",
        "reading sizes: 2 of 2 pictures",
        "decoding: 2 of 2 pictures",
    ]


def test_names_that_are_no_text_become_ids_that_tables_can_hold(root):
    fill(root, ["a/1.png", "b/1.png"])
    try:
        os.rename(os.fsencode(root) + b"/b/1.png", os.fsencode(root) + b"/b/\xff.png")
    except OSError:
        pytest.skip("this file system takes only text as names")
    images = opened(root).images
    assert images.ids[1] == r"b/\udcff.png"
    assert images.ids[1].encode()
