"""A study's data as the library returns it: the images, and the parts they are split into."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lowres.values.findings import Finding
from lowres.values.labelled_images import LabelledImages
from lowres.values.recipes.recipe import Recipe
from lowres.values.recipes.recipe_sections import Augmentation
from lowres.values.split import PARTS, Split

if TYPE_CHECKING:
    from lowres.faces.figures import Drawing

_MEBIBYTE = 2**20
_FLOAT_BYTES = 4


@dataclass(frozen=True, eq=False)
class Images:
    """The labelled images of a study. origin: the place that served them. findings: of the data checks."""

    labelled: LabelledImages
    origin: str
    findings: tuple[Finding, ...]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.labelled)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """RGB from 0 to 255, `[n, height, width, 3]`, read-only."""
        return self.labelled.pixels

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class of each, `[n]`, an index into `class_names`."""
        return self.labelled.labels

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes, in the order of the labels."""
        return self.labelled.class_names

    def __repr__(self) -> str:
        """Say how many there are of what size."""
        one = self.labelled
        kind = f"{one.width}x{one.height} pixels in {len(one.class_names)} classes"
        return f"{len(one):,} images of {kind}, {self.origin}"

    def _repr_html_(self) -> str:
        from lowres.faces.inline_html import block, facts, findings

        one = self.labelled
        low, high = int(one.class_counts.min()), int(one.class_counts.max())
        rows = (
            ("images", f"{len(one):,}"),
            ("size", f"{one.width} x {one.height} pixels, 3 channels, {one.pixels.dtype}"),
            ("classes", f"{len(one.class_names)}: {', '.join(one.class_names)}"),
            ("images a class", f"{low:,}" if low == high else f"{low:,} to {high:,}"),
            ("from", self.origin),
        )
        return block("Images", facts(rows), findings(self.findings))


@dataclass(frozen=True, eq=False)
class Parts:
    """Which images train, which choose and which judge: indices into the images, int64 `[n_part]` each.

    augmentation: how training changes images, as far as that is decided.
    """

    images: LabelledImages
    split: Split
    recipe: Recipe
    augmentation: Augmentation

    @property
    def train(self) -> NDArray[np.int64]:
        """The images that train."""
        return self.split.train

    @property
    def validation(self) -> NDArray[np.int64]:
        """The images that choose: heads, epochs, the temperature, thresholds."""
        return self.split.validation

    @property
    def test(self) -> NDArray[np.int64]:
        """The images that judge, read once everything is chosen."""
        return self.split.test

    def mebibytes(self, part: str, bytes_a_value: int = _FLOAT_BYTES) -> float:
        """Return the memory that the pixels of a part take, in MiB; as float32 where nothing else is said."""
        one = self.images
        return len(self.split.part(part)) * one.height * one.width * 3 * bytes_a_value / _MEBIBYTE

    @cached_property
    def figures(self) -> dict[str, Drawing]:
        """By name: `class_counts`, `sample_grid`."""
        from lowres.faces.report.study_figures import data_figures

        return {one.name: one for one in data_figures(self.images, self.split, self.recipe.seed)}

    @cached_property
    def augmented(self) -> Drawing | None:
        """Training images as training sees them; None where it sees them as they are."""
        from lowres.faces.report.study_figures import augmentation_figures

        found = augmentation_figures(self.images, self.split, self.recipe, self.augmentation)
        return found[0] if found else None

    def __repr__(self) -> str:
        """Say how many images each part has."""
        return ", ".join(f"{len(self.split.part(part)):,} {part}" for part in PARTS)

    def _repr_html_(self) -> str:
        from lowres.faces.inline_html import block, table
        from lowres.faces.report.study_figures import counts_by_part

        counts = counts_by_part(self.images, self.split)
        rows = [
            (name, *(f"{int(counts[part][number]):,}" for part in PARTS))
            for number, name in enumerate(self.images.class_names)
        ]
        rows.append(("together", *(f"{int(counts[part].sum()):,}" for part in PARTS)))
        rows.append(("as uint8", *(f"{self.mebibytes(part, 1):.1f} MiB" for part in PARTS)))
        rows.append(("as float32", *(f"{self.mebibytes(part):.1f} MiB" for part in PARTS)))
        return block("Parts", table(("class", *PARTS), rows))
