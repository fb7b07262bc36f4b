"""What a study trains, as the library returns it: the backbone, and the heads tried on it while it was frozen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from lowres.values.recipes.recipe import Network
from lowres.values.training.head_report import HeadReport


@dataclass(frozen=True, eq=False)
class Backbone:
    """The network below the head. model: a `keras.Model`, uint8 pixels in, feature map out.

    contract: how it scales pixels, in words. origin: where its weights come from, and their licence.
    """

    choices: Network
    model: Any
    contract: str
    origin: str

    @property
    def parameters(self) -> int:
        """How many numbers it holds, BatchNorm statistics among them."""
        return int(self.model.count_params())

    @property
    def feature_shape(self) -> tuple[int, int, int]:
        """Rows, columns and channels of what it gives to the head."""
        rows, columns, channels = self.model.output_shape[1:]
        return int(rows), int(columns), int(channels)

    def __repr__(self) -> str:
        """Its name, size, and what it gives."""
        rows, columns, channels = self.feature_shape
        return f"{self.choices.backbone}: {self.parameters:,} parameters, features {rows}x{columns}x{channels}"

    def _repr_html_(self) -> str:
        from lowres.faces.inline_html import block, facts

        rows, columns, channels = self.feature_shape
        height, width = self.model.input_shape[1:3]
        side, how = self.choices.input_pixels, self.choices.interpolation
        told = (
            ("backbone", self.choices.backbone),
            ("takes", f"uint8 pixels of {width} x {height}, resized inside to {side} x {side} ({how})"),
            ("scales them", self.contract),
            ("gives", f"{rows} x {columns} places of {channels:,} channels"),
            ("parameters", f"{self.parameters:,}, {4 * self.parameters / 2**20:.1f} MiB as float32"),
            ("weights", self.origin),
        )
        return block("Backbone", facts(told))


@dataclass(frozen=True)
class HeadsTried:
    """The frozen phase. report: every head that was fitted, and the one that validation chose. seconds: of it all."""

    report: HeadReport
    classes: int
    seconds: float

    @property
    def validation_accuracy(self) -> float:
        """Of the head that was chosen, a fraction of the validation part."""
        return self.report.chosen.validation_accuracy

    @property
    def chance_loss(self) -> float:
        """The loss of one who knows nothing: ln of the number of classes, in nats."""
        return math.log(self.classes)

    def __repr__(self) -> str:
        """The head that was chosen."""
        n = self.report.validation_images
        return f"{self.report.chosen.name}: validation accuracy {self.validation_accuracy:.2%} (n = {n:,})"

    def _repr_html_(self) -> str:
        from lowres.faces.inline_html import block, sentence, table

        rows = [
            (
                one.name,
                f"{one.validation_accuracy:.2%}",
                f"{one.validation_nll:.4f}",
                f"{one.seconds:.1f}",
                "chosen" if one == self.report.chosen else "",
            )
            for one in self.report.candidates
        ]
        said = (
            f"Judged on {self.report.validation_images:,} validation images. Chance is {1 / self.classes:.1%} and a "
            f"loss of ln {self.classes} = {self.chance_loss:.3f}. With its features it took {self.seconds / 60:.1f} "
            "minutes."
        )
        columns = ("head", "validation accuracy", "validation loss", "seconds", "")
        return block("Frozen phase", table(columns, rows), sentence(said))
