"""split.csv: which image is in which part, for people and other programs to read."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from lowres.errors import StudyDamaged
from lowres.files.atomic import atomic_write_text
from lowres.values.labelled_images import LabelledImages
from lowres.values.split import PARTS, Split

COLUMNS = ("id", "part", "label")


def write_split(path: Path, split: Split, images: LabelledImages) -> None:
    """Write one row an image that has a part, in the images' order: its id, its part, the name of its class."""
    parts = {int(row): name for name in PARTS for row in split.part(name)}
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows((images.ids[row], parts[row], images.class_names[images.labels[row]]) for row in sorted(parts))
    atomic_write_text(path, text.getvalue())


def read_split(path: Path, images: LabelledImages) -> Split:
    """Read the split back for the images it was made from.

    Refused with StudyDamaged: other columns, an id the images do not have, a label they contradict, an unknown part.
    """
    row_of = {name: row for row, name in enumerate(images.ids)}
    parts: dict[str, list[int]] = {name: [] for name in PARTS}
    with path.open(newline="", encoding="utf-8") as handle:
        table = csv.reader(handle)
        if next(table, None) != list(COLUMNS):
            raise StudyDamaged(f"expected the columns {', '.join(COLUMNS)} in {path}; delete it to have it made again")
        for line in table:
            _place(line, row_of, images, parts, path)
    numbers = {name: np.array(rows, dtype=np.int64) for name, rows in parts.items()}
    return Split(**numbers, fingerprint=images.fingerprint)


def _place(
    line: list[str], row_of: dict[str, int], images: LabelledImages, parts: dict[str, list[int]], path: Path
) -> None:
    row = row_of.get(line[0]) if len(line) == len(COLUMNS) else None
    if row is None or line[1] not in parts or line[2] != images.class_names[images.labels[row]]:
        raise StudyDamaged(
            f"expected an id of the images, a part and the image's own label in every row of {path}, got {line}; "
            "delete it to have it made again"
        )
    parts[line[1]].append(row)
