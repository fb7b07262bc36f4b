"""Layouts of class folders made of empty files: what is listed, left out, and refused with words that help."""

import os

import pytest

from lowres.errors import DataError
from lowres.files.sources.class_folders import list_class_folders


@pytest.fixture
def make(tmp_path):
    def make_files(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(b"x")
        return tmp_path

    return make_files


def found(listing):
    return [(picture.relative, picture.class_name, picture.is_held_out) for picture in listing.pictures]


def test_a_folder_a_class(make):
    listing = list_class_folders(make("cat/2.PNG", "cat/deep/er/1.jpeg", "dog/1.webp", "dog/0.tiff"))
    assert found(listing) == [
        ("cat/2.PNG", "cat", False),
        ("cat/deep/er/1.jpeg", "cat", False),
        ("dog/0.tiff", "dog", False),
        ("dog/1.webp", "dog", False),
    ]
    assert listing.class_names == ("cat", "dog")
    assert listing.notes == ()


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "Val"])
def test_train_and_validation_are_pooled_and_test_is_held_out_and_last(validation, make):
    listing = list_class_folders(make("test/a/1.png", "train/a/1.png", "train/b/1.png", f"{validation}/b/9.png"))
    assert {(relative, held_out) for relative, _, held_out in found(listing)} == {
        ("train/a/1.png", False),
        ("train/b/1.png", False),
        (f"{validation}/b/9.png", False),
        ("test/a/1.png", True),
    }
    assert listing.pictures[-1].is_held_out
    assert listing.class_names == ("a", "b")


def test_a_train_folder_alone_is_stepped_into(make):
    assert found(list_class_folders(make("train/a/1.png", "train/b/1.png")))[0] == ("train/a/1.png", "a", False)


def test_classes_may_be_called_train_and_test(make):
    assert list_class_folders(make("train/1.png", "car/1.png")).class_names == ("car", "train")
    assert list_class_folders(make("test/1.png")).class_names == ("car", "test", "train")


def test_hidden_files_are_ignored_and_others_counted(make):
    root = make("a/1.png", "b/1.png", "a/.hidden.png", ".git/x.png", "__MACOSX/a/1.png", "a/._1.png", "b/Thumbs.db")
    assert list_class_folders(root).notes == ()
    listing = list_class_folders(make("a/notes.txt", "a/more.txt", "b/README", "b/raw.heic", "c/list.csv", "top.csv"))
    assert listing.notes == (
        "the folder c holds no picture",
        "5 other files (2 .txt, 1 .csv, 1 .heic, 1 without suffix)",
    )
    assert listing.class_names == ("a", "b")


def test_links(make, tmp_path):
    root = make("real/1.png", "a/1.png")
    (root / "b").symlink_to(root / "real", target_is_directory=True)
    (root / "a" / "again").symlink_to(root, target_is_directory=True)
    (root / "a" / "2.png").symlink_to(root / "real" / "1.png")
    (root / "a" / "3.png").symlink_to(root / "nowhere")
    listing = list_class_folders(root)
    assert [picture.relative for picture in listing.pictures] == ["a/1.png", "a/2.png", "b/1.png", "real/1.png"]
    assert listing.notes == ("2 other files (2 links that lead to no file)",)


def test_test_pictures_without_classes_cannot_test(make):
    listing = list_class_folders(make("train/a/1.png", "train/b/1.png", "test/1.png", "test/2.png"))
    assert listing.notes == ("the folder test holds 2 pictures without classes, so it cannot test",)
    assert not any(picture.is_held_out for picture in listing.pictures)


def test_the_key_changes_with_any_file(make):
    root = make("a/1.png", "b/1.png")
    keys = [list_class_folders(root).key]
    assert list_class_folders(root).key == keys[0]
    (root / "a" / "1.png").write_bytes(b"xy")
    keys.append(list_class_folders(root).key)
    os.utime(root / "a" / "1.png", ns=(1, 1))
    keys.append(list_class_folders(root).key)
    (root / "b" / "1.png").rename(root / "b" / "2.png")
    keys.append(list_class_folders(root).key)
    make("b/3.png")
    keys.append(list_class_folders(root).key)
    assert len(set(keys)) == len(keys)


def test_names_that_are_no_text_are_keyed_too(make):
    root = make("a/1.png", "b/1.png")
    before = list_class_folders(root).key
    try:
        with open(os.fsencode(root) + b"/a/\xff.png", "wb"):
            pass
    except OSError:
        pytest.skip("this file system takes only text as names; nothing to key then")
    assert list_class_folders(root).key != before


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "expected pictures .* got none; the layout read is PATH/<class>"),
        (["a/x.txt", "b/y.txt"], "expected pictures .*, got none"),
        (["1.png", "2.png"], r"expected one folder a class in .*, got 2 pictures directly in it \([12]\.png, \.\.\.\)"),
        (["a/1.png", "1.png"], "got 1 pictures directly in it .* and 1 folders; move each picture into the folder"),
        (["train/1.png", "test/1.png"], r"expected one folder a class in .*train, got 1 pictures directly"),
        (["a/1.png"], r"expected at least two class folders in .*, got one \(a, 1 pictures\)"),
        (
            ["set/a/1.png", "set/b/1.png"],
            r"got one \(set, 2 pictures\).*set holds folders itself \(a, b\): try",
        ),
        (["train/a/1.png", "train/b/1.png", "test/c/1.png"], r"got \['c'\] in test only; add pictures of it to train"),
    ],
)
def test_other_layouts_are_refused_with_what_was_found(files, message, make):
    with pytest.raises(DataError, match=message):
        list_class_folders(make(*files))


def test_a_missing_path_and_a_file_are_told_apart(make):
    root = make("a.txt")
    with pytest.raises(DataError, match=r"expected a folder at .*nowhere, got nothing; check the path"):
        list_class_folders(root / "nowhere")
    with pytest.raises(DataError, match=r"expected a folder at .*a\.txt, got a file"):
        list_class_folders(root / "a.txt")


def test_a_closed_folder_is_named(make, monkeypatch):
    root = make("a/1.png", "b/1.png")

    def closed(_folder):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(DataError, match="expected to read .*, got 'Permission denied'; change its permissions"):
        list_class_folders(root)
