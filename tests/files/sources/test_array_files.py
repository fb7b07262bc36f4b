""".npz files in each layout that is read, and each fault with the array that has it."""

import numpy as np
import pytest

from lowres.errors import DataError
from lowres.files.sources.array_files import open_array_file

COUNT = 6
LABELS = np.array([0, 1, 2, 0, 1, 2])


@pytest.fixture
def colours():
    return np.random.default_rng(0).integers(0, 256, (COUNT, 5, 4, 3), np.uint8)


@pytest.fixture
def save(tmp_path):
    def save_arrays(**arrays):
        np.savez(tmp_path / "set.npz", **arrays)
        return tmp_path / "set.npz"

    return save_arrays


@pytest.mark.parametrize(("images", "labels"), [("images", "labels"), ("x", "y"), ("pixels", "targets")])
def test_images_and_labels(images, labels, colours, save):
    opened = open_array_file(save(**{images: colours, labels: LABELS}))
    np.testing.assert_array_equal(opened.pixels, colours)
    assert opened.labels.tolist() == LABELS.tolist()
    assert opened.class_names == ("0", "1", "2")
    assert opened.ids[:2] == ("image/00000", "image/00001")
    assert opened.held_out is None
    assert opened.groups is None


@pytest.mark.parametrize("shape", [(COUNT, 5, 4), (COUNT, 5, 4, 1)])
def test_grey_images_get_three_equal_channels(shape, colours, save):
    grey = colours[..., 0].reshape(shape)
    opened = open_array_file(save(images=grey, labels=LABELS))
    np.testing.assert_array_equal(opened.pixels, np.stack([colours[..., 0]] * 3, axis=3))


@pytest.mark.parametrize(
    "keys",
    [("x_train", "y_train", "x_test", "y_test"), ("train_images", "train_labels", "test_images", "test_labels")],
)
def test_a_test_part_is_held_out(keys, colours, save):
    arrays = dict(zip(keys, (colours[:4], LABELS[:4], colours[4:], LABELS[4:]), strict=True))
    opened = open_array_file(save(**arrays))
    np.testing.assert_array_equal(opened.pixels, colours)
    assert opened.held_out.tolist() == [False] * 4 + [True] * 2
    assert opened.ids[3:5] == ("train/00003", "test/00000")


def test_a_validation_part_is_pooled_as_in_medmnist(colours, save):
    column = LABELS[:, None].astype(np.uint8)
    opened = open_array_file(
        save(
            train_images=colours[:2], train_labels=column[:2], val_images=colours[2:4], val_labels=column[2:4],
            test_images=colours[4:], test_labels=column[4:],
        )
    )  # fmt: skip
    assert opened.labels.tolist() == LABELS.tolist()
    assert opened.ids[2] == "validation/00000"
    assert opened.held_out.tolist() == [False] * 4 + [True] * 2


@pytest.mark.parametrize(
    ("labels", "expected", "class_names"),
    [
        (LABELS[:, None], [0, 1, 2, 0, 1, 2], ("0", "1", "2")),
        (LABELS.astype(np.float64), [0, 1, 2, 0, 1, 2], ("0", "1", "2")),
        (LABELS * 10 - 5, [0, 1, 2, 0, 1, 2], ("-5", "5", "15")),
        (LABELS == 1, [0, 1, 0, 0, 1, 0], ("0", "1")),
        (np.array(["b", "a", "c"] * 2), [1, 0, 2, 1, 0, 2], ("a", "b", "c")),
        (np.array([b"b", b"a", b"c"] * 2), [1, 0, 2, 1, 0, 2], ("a", "b", "c")),
    ],
)
def test_labels_in_each_form(labels, expected, class_names, colours, save):
    opened = open_array_file(save(images=colours, labels=labels))
    assert opened.labels.tolist() == expected
    assert opened.class_names == class_names


@pytest.mark.parametrize("labels", [LABELS, np.array(["x", "y", "z"] * 2)])
def test_class_names_ids_and_groups_are_taken_over(labels, colours, save):
    opened = open_array_file(
        save(images=colours, labels=labels, class_names=np.array(["x", "y", "z", "w"]), ids=np.arange(COUNT) + 7,
             groups=np.array(["p", "p", "q", "q", "r", "r"]))
    )  # fmt: skip
    assert opened.class_names == ("x", "y", "z", "w")
    assert opened.labels.tolist() == LABELS.tolist()
    assert opened.ids == ("7", "8", "9", "10", "11", "12")
    assert opened.groups.tolist() == [0, 0, 1, 1, 2, 2]


def test_whole_numbers_within_a_byte_are_taken(colours, save):
    opened = open_array_file(save(images=colours.astype(np.int64), labels=LABELS))
    np.testing.assert_array_equal(opened.pixels, colours)


IMAGES = np.zeros((COUNT, 5, 4, 3), np.uint8)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": IMAGES / 255, "labels": LABELS}, "expected uint8 pixels from 0 to 255 in images of .*got float64 0 "
         "to 0; the network scales inside: store the pictures as they are, or multiply fractions by 255 and round"),
        ({"images": IMAGES.astype(int) - 1, "labels": LABELS},
         r"expected values from 0 to 255 in images of .*, got -1 to -1; rescale"),
        ({"images": np.where(LABELS[:, None, None], -1, IMAGES[..., 0].astype(int)), "labels": LABELS},
         "got -1 to 0; rescale"),
        ({"images": IMAGES, "labels": LABELS[:5]}, "got 6 images in images and 5 labels in labels; store both in one"),
        ({"images": IMAGES}, r"expected labels \(labels, y, targets\) beside images .*got images uint8 \[6, 5, 4, 3\]"),
        ({"data": IMAGES}, r"expected images \[n, height, width, 3\].*x_test, y_test in .*got data uint8.*under these"),
        ({"x_test": IMAGES, "y_test": LABELS}, "expected images .* got x_test uint8"),
        ({}, "got no array"),
        ({"images": IMAGES.transpose(0, 3, 1, 2), "labels": LABELS}, r"expected channels last.*moveaxis\(images, 1, 3"),
        ({"images": IMAGES.reshape(6, -1), "labels": LABELS}, r"expected \[n, height, width\].*got \[6, 60\]; reshape"),
        ({"images": np.zeros((6, 5, 4, 4), np.uint8), "labels": LABELS}, r"got \[6, 5, 4, 4\]"),
        ({"images": np.zeros((6, 0, 4, 3), np.uint8), "labels": LABELS}, r"got \[6, 0, 4, 3\]"),
        ({"images": IMAGES, "labels": np.eye(6)}, r"labels of .*, got shape \[6, 6\]; one-hot rows become labels with"),
        ({"images": IMAGES, "labels": LABELS + 0.5}, "expected whole numbers or names in labels of .*, got float64"),
        ({"images": IMAGES, "labels": LABELS * np.nan}, "expected whole numbers or names in labels"),
        ({"images": IMAGES, "labels": LABELS, "ids": LABELS[:2]}, "expected 6 ids in .*, one an image, got 2"),
        ({"images": IMAGES, "labels": LABELS, "groups": LABELS[:2]}, "expected 6 groups in .*, one an image, got 2"),
        ({"images": IMAGES, "labels": np.array(list("abcabc")), "class_names": np.array(["a", "b"])},
         r"expected labels out of class_names in .*, got \['c'\] too"),
        ({"images": IMAGES, "labels": LABELS, "class_names": np.array(["a", "b"])}, "expected labels from 0 to 1"),
        ({"images": IMAGES, "labels": LABELS * 0}, "expected at least two classes"),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:, :4], "y_test": LABELS},
         "expected images of one size and labels of one kind in all parts of"),
    ],
)  # fmt: skip
def test_faults_are_named(arrays, message, save):
    with pytest.raises(DataError, match=message):
        open_array_file(save(**arrays))


def test_pickled_arrays_are_never_read(save, tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").mkdir, ())

    path = save(images=IMAGES, labels=np.array([Trap()] * 6, dtype=object))
    with pytest.raises(DataError, match=r"expected an \.npz file of plain arrays in .*without object arrays"):
        open_array_file(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("harm", [lambda data: data[:200], lambda data: b"", lambda data: b"text" * 50])
def test_damaged_files_are_refused(harm, save):
    path = save(images=IMAGES, labels=LABELS)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(DataError, match=r"expected an \.npz file of plain arrays in .*write it again"):
        open_array_file(path)


def test_a_single_array_is_refused(tmp_path):
    with (tmp_path / "set.npz").open("wb") as file:
        np.save(file, IMAGES)
    with pytest.raises(DataError, match="got a single array; use numpy.savez"):
        open_array_file(tmp_path / "set.npz")
