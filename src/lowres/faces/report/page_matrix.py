"""The confusion matrix as the page has it: a table whose cells open the images that fell into them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lowres.faces.report.cases import Case, CaseBook
from lowres.values.judging.evaluation import Evaluation

# More columns than this are a pattern, not a table: the figure shows them.
MOST_CLASSES = 30
MOST_IN_A_CELL, MOST_ON_THE_DIAGONAL = 12, 8
# A 32-pixel image with its heat map is about 4 kB in the page.
MOST_PICTURES = 700


@dataclass(frozen=True, eq=False)
class Cell:
    """`count` of the `support` images of class `true` were called `predicted`; `cases` are some of them.

    name: its anchor in the page. shade: how strongly it is coloured, 0 to 1: the square root of its share of the row,
    of a mistake against the share of the commonest one, so that a tenth of that is still seen.
    """

    name: str
    true: str
    predicted: str
    count: int
    support: int
    shade: float
    cases: tuple[Case, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether it lies on the diagonal."""
        return self.true == self.predicted

    @property
    def heading(self) -> str:
        """What its images are."""
        return f"{self.true}, and called so" if self.is_right else f"{self.true}, called {self.predicted}"


@dataclass(frozen=True, eq=False)
class PageMatrix:
    """Rows of cells, true classes down and answers across."""

    rows: tuple[tuple[Cell, ...], ...]

    @property
    def galleries(self) -> tuple[Cell, ...]:
        """The cells that hold images: mistakes from the commonest on, then the diagonal."""
        found = [cell for row in self.rows for cell in row if cell.cases]
        return tuple(sorted(found, key=lambda cell: (cell.is_right, 0 if cell.is_right else -cell.count)))


def page_matrix(book: CaseBook, evaluation: Evaluation) -> PageMatrix | None:
    """Return the matrix with as many images a cell as the page has room for; None of more than 30 classes."""
    names = evaluation.class_names
    if len(names) > MOST_CLASSES:
        return None
    counts = evaluation.confusion
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    of_a_mistake = float((shares - np.diag(shares.diagonal())).max()) or 1.0
    most = _most_in_a_cell([pair.count for pair in evaluation.confusion_pairs], len(names))
    rows = []
    for row, true in enumerate(names):
        support = int(counts[row].sum())
        cells = []
        for column, predicted in enumerate(names):
            room = min(MOST_ON_THE_DIAGONAL, most) if row == column else most
            cases = book.of_cell(true, predicted, room)
            shade = math.sqrt(shares[row, column] / (1.0 if row == column else of_a_mistake))
            count = int(counts[row, column])
            cells.append(Cell(f"cell-{row}-{column}", true, predicted, count, support, shade, cases))
        rows.append(tuple(cells))
    return PageMatrix(tuple(rows))


def _most_in_a_cell(mistakes: Sequence[int], classes: int) -> int:
    """The most images a cell may show, so that all cells together show no more than the page can hold."""
    for most in range(MOST_IN_A_CELL, 1, -1):
        right = min(most, MOST_ON_THE_DIAGONAL) * classes
        if sum(min(count, most) for count in mistakes) + right <= MOST_PICTURES:
            return most
    return 1
