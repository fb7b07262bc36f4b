"""split.csv reads back as the split that was written, and contradicts no image unnoticed."""

import csv
from pathlib import Path

import numpy as np
import pytest

from lowres.errors import StudyDamaged
from lowres.files.study.split_file import read_split, write_split
from lowres.values.labelled_images import LabelledImages
from lowres.values.split import PARTS, Split


@pytest.fixture
def images() -> LabelledImages:
    pixels = np.arange(8 * 4 * 4 * 3).reshape(8, 4, 4, 3).astype(np.uint8)
    labels = np.array([0, 1] * 4)
    ids = tuple(f'folder, "{number}"/ä.png' for number in range(8))
    return LabelledImages(pixels, labels, ("cat, grey", "dog"), ids)


@pytest.fixture
def split(images: LabelledImages) -> Split:
    return Split(np.array([0, 1, 5]), np.array([3, 2]), np.array([6, 7]), images.fingerprint)


def test_it_reads_back_equal(tmp_path: Path, images: LabelledImages, split: Split) -> None:
    write_split(tmp_path / "split.csv", split, images)
    again = read_split(tmp_path / "split.csv", images)
    assert again.fingerprint == split.fingerprint
    for part in PARTS:
        np.testing.assert_array_equal(again.part(part), split.part(part))


def test_other_programs_read_it(tmp_path: Path, images: LabelledImages, split: Split) -> None:
    write_split(tmp_path / "split.csv", split, images)
    with (tmp_path / "split.csv").open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert rows[0] == {"id": images.ids[0], "part": "train", "label": "cat, grey"}
    assert [row["part"] for row in rows] == ["train", "train", "validation", "validation", "train", "test", "test"]


@pytest.mark.parametrize(
    "line",
    ["unknown,train,dog", '"folder, ""4""/ä.png",train,dog', '"folder, ""4""/ä.png",rehearsal,"cat, grey"', "one", ""],
)
def test_a_row_that_fits_no_image_is_refused(tmp_path: Path, images: LabelledImages, split: Split, line: str) -> None:
    path = tmp_path / "split.csv"
    write_split(path, split, images)
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(StudyDamaged, match=r"the image's own label in every row of .*split\.csv, got .*delete it"):
        read_split(path, images)


def test_other_columns_are_refused(tmp_path: Path, images: LabelledImages) -> None:
    (tmp_path / "split.csv").write_text("name,subset\n")
    with pytest.raises(StudyDamaged, match=r"the columns id, part, label in .*split\.csv"):
        read_split(tmp_path / "split.csv", images)
