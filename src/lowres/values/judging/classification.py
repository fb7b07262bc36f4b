"""Which classes are told apart: every figure that needs labels and answers only, and no probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.judging.answers import Answers
from lowres.values.judging.intervals import Interval, wilson_interval


@dataclass(frozen=True)
class ClassScore:
    """One class's precision, recall and F1 as fractions (0 where undefined), on `support` true images of it.

    `predicted` images were called by its name; each interval is a 95 % Wilson interval.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int
    precision_interval: Interval
    recall_interval: Interval


@dataclass(frozen=True)
class ConfusionPair:
    """`count` images of the class `true` were called `predicted`."""

    true: str
    predicted: str
    count: int


@dataclass(frozen=True, eq=False)
class Classification:
    """What `n` answers are worth; all rates are fractions from 0 to 1.

    accuracy_interval: 95 % Wilson. majority_baseline: accuracy of always naming the training part's commonest class;
    chance_baseline: of guessing evenly. gap_to_target: target - accuracy. balanced_accuracy: mean recall of the
    classes that occur. confusion: int64, rows true, columns predicted. confusion_pairs: its mistakes, commonest first.
    Refused with PredictionsError: an accuracy that is not the confusion matrix's, or a sum that is not `n`.
    """

    n: int
    accuracy: float
    accuracy_interval: Interval
    majority_baseline: float
    chance_baseline: float
    target: float | None
    gap_to_target: float | None
    balanced_accuracy: float
    per_class: tuple[ClassScore, ...]
    confusion: NDArray[np.int64]
    confusion_pairs: tuple[ConfusionPair, ...]

    def __post_init__(self) -> None:
        """Refuse a matrix that tells another story than the accuracy."""
        total, hits = int(self.confusion.sum()), int(self.confusion.trace())
        if total != self.n:
            raise PredictionsError(f"expected a confusion matrix of {self.n} images, got one of {total}")
        # From pitfall 12: a matrix made from shuffled rows looks fine until it is held against the accuracy.
        if self.accuracy != hits / self.n:
            raise PredictionsError(
                f"expected the accuracy of the confusion matrix ({hits} / {self.n}), got {self.accuracy}; "
                "evaluate the predictions again"
            )
        matrix = self.confusion.view()
        matrix.flags.writeable = False
        object.__setattr__(self, "confusion", matrix)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names along both sides of the confusion matrix."""
        return tuple(score.name for score in self.per_class)

    def to_json(self) -> dict[str, Any]:
        """Return what `evaluation.json` holds of it: plain numbers, text, lists and tables."""
        data = asdict(self) | {"confusion": self.confusion.tolist()}
        data["accuracy_interval"] = list(self.accuracy_interval)
        data["confusion_pairs"] = list(data["confusion_pairs"])
        data["per_class"] = [
            row | {key: list(row[key]) for key in ("precision_interval", "recall_interval")}
            for row in data["per_class"]
        ]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `to_json` gave; unknown keys are left alone. Refused with PredictionsError: a key missing."""
        return cls(**cls._values(data))

    @classmethod
    def _values(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        values = _known(cls, data, "the evaluation")
        values["accuracy_interval"] = tuple(values["accuracy_interval"])
        values["confusion"] = np.array(values["confusion"], dtype=np.int64)
        values["confusion_pairs"] = tuple(
            ConfusionPair(**_known(ConfusionPair, row, "confusion_pairs")) for row in values["confusion_pairs"]
        )
        values["per_class"] = tuple(_class_score_from_json(row) for row in values["per_class"])
        return values


def classify(
    answers: Answers, *, training_class_counts: NDArray[np.int64] | None = None, target: float | None = None
) -> Classification:
    """Return what the answers are worth, every row scored once.

    training_class_counts: images per class in the training part, `[classes]`; without it the majority baseline names
    the commonest class judged here. target: the accuracy asked for.
    Refused with PredictionsError: a target outside (0, 1], counts of another number of classes.
    """
    if target is not None and not 0 < target <= 1:
        raise PredictionsError(f"expected a target accuracy as a fraction above 0 and at most 1, got {target}")
    confusion, n = confusion_matrix(answers), len(answers)
    per_class = _class_scores(confusion, answers.class_names)
    hits = int(answers.is_right.sum())
    return Classification(
        n=n,
        accuracy=hits / n,
        accuracy_interval=wilson_interval(hits, n),
        majority_baseline=_majority_baseline(confusion, training_class_counts),
        chance_baseline=1 / len(answers.class_names),
        target=target,
        gap_to_target=None if target is None else target - hits / n,
        balanced_accuracy=float(np.mean([score.recall for score in per_class if score.support])),
        per_class=per_class,
        confusion=confusion,
        confusion_pairs=_confusion_pairs(confusion, answers.class_names),
    )


def confusion_matrix(answers: Answers) -> NDArray[np.int64]:
    """Return how often each true class (row) was given each name (column), int64 `[classes, classes]`."""
    classes = len(answers.class_names)
    cells = answers.labels * classes + answers.predicted
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def _class_scores(confusion: NDArray[np.int64], names: tuple[str, ...]) -> tuple[ClassScore, ...]:
    support, predicted = confusion.sum(axis=1).tolist(), confusion.sum(axis=0).tolist()
    return tuple(
        ClassScore(
            name=name,
            precision=hits / max(called, 1),
            recall=hits / max(there, 1),
            f1=2 * hits / max(called + there, 1),
            support=there,
            predicted=called,
            precision_interval=wilson_interval(hits, called),
            recall_interval=wilson_interval(hits, there),
        )
        for name, hits, there, called in zip(names, confusion.diagonal().tolist(), support, predicted, strict=True)
    )


def _confusion_pairs(confusion: NDArray[np.int64], names: tuple[str, ...]) -> tuple[ConfusionPair, ...]:
    mistakes = confusion - np.diag(confusion.diagonal())
    true, predicted = np.nonzero(mistakes)
    counts = mistakes[true, predicted]
    return tuple(
        ConfusionPair(names[true[row]], names[predicted[row]], int(counts[row]))
        for row in np.argsort(-counts, kind="stable")
    )


def _majority_baseline(confusion: NDArray[np.int64], training_class_counts: NDArray[np.int64] | None) -> float:
    support = confusion.sum(axis=1)
    counts = support if training_class_counts is None else np.asarray(training_class_counts)
    if counts.shape != support.shape:
        raise PredictionsError(f"expected training counts of {len(support)} classes, got {list(counts.shape)}")
    return float(support[counts.argmax()] / support.sum())


def _class_score_from_json(row: Mapping[str, Any]) -> ClassScore:
    values = _known(ClassScore, row, "per_class")
    for key in ("precision_interval", "recall_interval"):
        values[key] = tuple(values[key])
    return ClassScore(**values)


def _known(value_type: type, data: Mapping[str, Any], where: str) -> dict[str, Any]:
    names = [field.name for field in fields(value_type)]
    missing = [name for name in names if name not in data]
    if missing:
        raise PredictionsError(f"expected {', '.join(missing)} in {where}, got only {', '.join(data)}; evaluate again")
    return {name: data[name] for name in names}
