"""The test images worth showing: a person sees only these few, so what picks them is a rule, never taste."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.explaining.explanation import Explanation, for_display
from lowres.values.judging.evaluation import Evaluation
from lowres.values.labelled_images import LabelledImages
from lowres.values.predictions import Predictions


@dataclass(frozen=True, eq=False)
class Case:
    """One test image, uint8 `[height, width, 3]`, its true class, the answer given, and how sure it was (a fraction).

    heat: where its heat map is there, `[rows, columns]` from 0 to 1; all zero where no place spoke for the answer.
    """

    id: str
    pixels: NDArray[np.uint8] = field(repr=False)
    true: str
    predicted: str
    confidence: float
    heat: NDArray[np.float32] | None = field(default=None, repr=False)

    @property
    def is_right(self) -> bool:
        """Whether the answer is the true class."""
        return self.true == self.predicted


@dataclass(frozen=True, eq=False)
class Confusion:
    """One direction of a confusion: `count` of the `support` test images of class `true` were called `predicted`.

    cases: some of them, the surest first.
    """

    true: str
    predicted: str
    count: int
    support: int
    cases: tuple[Case, ...]


class CaseBook:
    """The predictions of one test part beside their images; confidences are those after the temperature."""

    def __init__(
        self,
        images: LabelledImages,
        predictions: Predictions,
        temperature: float,
        explanation: Explanation | None = None,
    ) -> None:
        """Find the image of every prediction. Refused with PredictionsError: an id that no image has.

        explanation: whose heat maps its images carry, wherever they are shown.
        """
        self._images = images
        self._predictions = predictions
        self._rows = _rows_of(predictions.ids, images)
        self._confidence = predictions.probabilities(temperature).max(axis=1)
        self._heats: dict[str, NDArray[np.float32]] = {}
        for one in (explanation.mistakes, explanation) if explanation else ():
            if one is not None and len(one):
                self._heats |= dict(zip(one.ids, for_display(one.maps), strict=True))

    def confident_mistakes(self, most: int) -> tuple[Case, ...]:
        """The wrong answers, the surest first."""
        return self._surest(~self._predictions.is_right, most)

    def confusions(self, evaluation: Evaluation, pairs: int, most: int) -> tuple[tuple[Confusion, Confusion], ...]:
        """The pairs of classes most often confused, either way round; in each the commoner direction comes first."""
        counts = {(pair.true, pair.predicted): pair.count for pair in evaluation.confusion_pairs}
        totals = {
            (true, predicted): count + counts.get((predicted, true), 0)
            for (true, predicted), count in counts.items()
            # Of the two directions the first met is the commoner; the other would list the pair again.
            if _is_first_met(counts, true, predicted)
        }
        top = sorted(totals, key=lambda pair: -totals[pair])[:pairs]
        support = {score.name: score.support for score in evaluation.per_class}
        return tuple(
            (self._confusion(one, other, counts, support, most), self._confusion(other, one, counts, support, most))
            for one, other in top
        )

    def of_cell(self, true: str, predicted: str, most: int) -> tuple[Case, ...]:
        """The images of one cell of the confusion matrix: those that have a heat map first, in each the surest."""
        members = np.flatnonzero(self._is_in_cell(true, predicted))
        has_heat = np.array([self._predictions.ids[place] in self._heats for place in members], dtype=bool)
        order = np.lexsort((-self._confidence[members], ~has_heat))[:most]
        return tuple(self._case(int(place)) for place in members[order])

    def explained(self, explanation: Explanation) -> tuple[Case, ...]:
        """The images that have a heat map, right answers first, in the order of the explanation."""
        place_of = {id: place for place, id in enumerate(self._predictions.ids)}
        missing = [id for id in explanation.ids if id not in place_of]
        if missing:
            raise PredictionsError(
                f"expected heat maps of test images, got one of {missing[0]!r}, which has no prediction; explain again"
            )
        heats = for_display(explanation.maps)
        cases = [self._case(place_of[id], heat) for id, heat in zip(explanation.ids, heats, strict=True)]
        return tuple(sorted(cases, key=lambda case: not case.is_right))

    def _confusion(
        self, true: str, predicted: str, counts: Mapping[tuple[str, str], int], support: Mapping[str, int], most: int
    ) -> Confusion:
        cases = self._surest(self._is_in_cell(true, predicted), most)
        return Confusion(true, predicted, counts.get((true, predicted), 0), support[true], cases)

    def _is_in_cell(self, true: str, predicted: str) -> NDArray[np.bool_]:
        names = self._predictions.class_names
        labels, answers = self._predictions.labels, self._predictions.predicted
        return np.asarray((labels == names.index(true)) & (answers == names.index(predicted)))

    def _surest(self, members: NDArray[np.bool_], most: int) -> tuple[Case, ...]:
        places = np.flatnonzero(members)
        order = np.argsort(-self._confidence[places], kind="stable")[:most]
        return tuple(self._case(int(place)) for place in places[order])

    def _case(self, place: int, heat: NDArray[np.float32] | None = None) -> Case:
        names, row = self._predictions.class_names, self._rows[place]
        return Case(
            id=self._predictions.ids[place],
            pixels=np.asarray(self._images.pixels[row]),
            true=names[self._predictions.labels[place]],
            predicted=names[self._predictions.predicted[place]],
            confidence=float(self._confidence[place]),
            heat=self._heats.get(self._predictions.ids[place]) if heat is None else heat,
        )


def sample_rows(labels: NDArray[np.int64], classes: int, each: int, seed: int) -> list[NDArray[np.int64]]:
    """Return for every class up to `each` rows of `labels` that hold it, drawn by lot from the seed, sorted."""
    lot = np.random.default_rng(seed)
    rows = [np.flatnonzero(labels == number) for number in range(classes)]
    return [np.sort(lot.choice(of_class, min(each, len(of_class)), replace=False)) for of_class in rows]


def _is_first_met(counts: Mapping[tuple[str, str], int], true: str, predicted: str) -> bool:
    here, there = counts[(true, predicted)], counts.get((predicted, true), 0)
    return here > there or (here == there and true < predicted)


def _rows_of(ids: tuple[str, ...], images: LabelledImages) -> list[int]:
    row_of = {id: row for row, id in enumerate(images.ids)}
    missing = [id for id in ids if id not in row_of]
    if missing:
        raise PredictionsError(
            f"expected predictions of these images, got one of {missing[0]!r}, which none of the "
            f"{len(images)} images is called; evaluate the study again"
        )
    return [row_of[id] for id in ids]
