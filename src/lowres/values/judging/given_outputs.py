"""Any model's outputs made fit to be judged: ids, labels and classes brought together, and each fault named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.findings import Finding
from lowres.values.judging.answers import Answers
from lowres.values.judging.given_labels import as_names, class_numbers, joint_names, names_of_columns, plain_column
from lowres.values.judging.output_kinds import SMALLEST_PROBABILITY, Kind, kind_and_scores, logits_of, sums_to_one
from lowres.values.predictions import Predictions

_SHOWN = 5


@dataclass(frozen=True, eq=False)
class GivenOutputs:
    """What a file holds, before anybody judged whether it is sound.

    where: the file, for messages. outputs: `[n, classes]` or `[n]`, None in a file of labels. labels: `[n]`, numbers or
    names. ids: one an image, None where rows have no name. named: what the outputs are called. notes: what was done.
    """

    where: str
    outputs: NDArray[Any] | None
    labels: NDArray[Any] | None
    ids: tuple[str, ...] | None
    class_names: tuple[str, ...] | None
    named: Kind | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Judgeable:
    """Outputs that can be judged, what kind they were given as, whether rows had ids, and what is worth knowing."""

    judged: Predictions | Answers
    kind: Kind
    has_ids: bool
    findings: tuple[Finding, ...]


def with_labels(given: GivenOutputs, labels: GivenOutputs, also_known: Sequence[str] = ()) -> GivenOutputs:
    """Return the outputs with the true labels of another file, by id, or by row where neither has ids.

    also_known: ids that may be labelled without being judged here (those of validation).
    Refused with PredictionsError: outputs without a label, labels without an output, other numbers of rows.
    """
    if labels.labels is None:
        raise PredictionsError(f"expected true labels in {labels.where}, got none; call the column or array 'label'")
    if given.ids is None or labels.ids is None:
        return _by_row(given, labels, labels.labels)
    _refuse_bad_ids(labels.ids, labels.where)
    _refuse_bad_ids(given.ids, given.where)
    row_of = {name: row for row, name in enumerate(labels.ids)}
    unlabelled = [name for name in given.ids if name not in row_of]
    unanswered = sorted(row_of.keys() - set(given.ids) - set(also_known))
    if unlabelled or unanswered:
        faults = [f"{len(unlabelled)} outputs without a label ({_some(unlabelled)})"] if unlabelled else []
        faults += [f"{len(unanswered)} labels without an output ({_some(unanswered)})"] if unanswered else []
        raise PredictionsError(
            f"expected the ids of {given.where} and {labels.where} to be the same, got {' and '.join(faults)}; judge "
            "every image that has a label, and no other"
        )
    chosen = plain_column(labels.labels, "labels", labels.where)[[row_of[name] for name in given.ids]]
    return replace(given, labels=chosen, class_names=given.class_names or labels.class_names)


def judgeable(given: GivenOutputs, told: Kind | None = None) -> Judgeable:
    """Return the outputs as what is judged: Predictions where there are scores, Answers where there are labels only.

    told: their kind, where looking cannot tell. Refused with PredictionsError, each with its own sentence: no labels,
    missing or double ids, numbers of rows or classes that differ, labels outside the classes, images of one class
    only, and what `kind_and_scores` refuses. A class without an image is a finding.
    """
    if given.outputs is None:
        raise PredictionsError(f"expected a model's outputs in {given.where}, got labels alone")
    kind, scores = kind_and_scores(given.outputs, told, given.named, given.where)
    labels = _labels(given, len(scores))
    ids = given.ids or tuple(f"row {row}" for row in range(len(scores)))
    if len(ids) != len(scores):
        raise PredictionsError(f"expected one id a row in {given.where}, got {len(ids)} ids and {len(scores)} rows")
    _refuse_bad_ids(ids, given.where)
    findings = [Finding("file", "WARN", note) for note in given.notes]
    judged: Predictions | Answers
    if kind == "labels":
        predicted = plain_column(scores, "outputs", given.where)
        names = given.class_names or joint_names(predicted, labels, given.where)
        if given.class_names is None:
            predicted, labels = as_names(predicted), as_names(labels)
        numbers = class_numbers(labels, names, "labels", given.where)
        judged = Answers(ids, numbers, class_numbers(predicted, names, "outputs", given.where), names)
    else:
        names, notes = names_of_columns(given.class_names, labels, scores.shape[1], given.where)
        findings += [Finding("class names", "WARN", note) for note in notes]
        numbers = class_numbers(labels, names, "labels", given.where)
        judged = Predictions(ids, numbers, logits_of(scores, kind), names)
        findings += _doubts(scores, numbers, kind)
    findings += _class_findings(numbers, names, given.where)
    return Judgeable(judged, kind, given.ids is not None, tuple(findings))


def _labels(given: GivenOutputs, rows: int) -> NDArray[Any]:
    if given.labels is None:
        raise PredictionsError(
            f"expected true labels beside the outputs in {given.where}, got none; call their column or array 'label', "
            "or give a file of them with --labels"
        )
    labels = plain_column(given.labels, "labels", given.where)
    if len(labels) != rows:
        raise PredictionsError(f"expected one label an output in {given.where}, got {len(labels)} for {rows} rows")
    return labels


def _by_row(given: GivenOutputs, labels: GivenOutputs, column: NDArray[Any]) -> GivenOutputs:
    rows = 0 if given.outputs is None else len(given.outputs)
    if len(column) != rows:
        raise PredictionsError(
            f"expected as many labels in {labels.where} as rows in {given.where}, got {len(column)} and {rows}; give "
            "both an id column if rows are missing"
        )
    note = f"labels of {labels.where} were paired with outputs row by row, since not both have ids"
    return replace(
        given,
        labels=column,
        ids=given.ids or labels.ids,
        class_names=given.class_names or labels.class_names,
        notes=(*given.notes, note),
    )


def _refuse_bad_ids(ids: Sequence[str], where: str) -> None:
    missing = sum(not name.strip() or name == "nan" for name in ids)
    if missing:
        raise PredictionsError(f"expected an id in every row of {where}, got none in {missing} of {len(ids)}; add them")
    if len(set(ids)) < len(ids):
        names, counts = np.unique(np.array(ids), return_counts=True)
        double = names[counts > 1].tolist()
        raise PredictionsError(
            f"expected every id once in {where}, got {len(double)} more than once ({_some(double)}); an image counts "
            "once, so keep one row of each"
        )


def _class_findings(numbers: NDArray[np.int64], names: tuple[str, ...], where: str) -> list[Finding]:
    counts = np.bincount(numbers, minlength=len(names))
    if (counts > 0).sum() == 1:
        raise PredictionsError(
            f"expected images of at least two classes in {where}, got {len(numbers)}, all of "
            f"{names[counts.argmax()]!r}; whether classes are told apart cannot be seen on one"
        )
    empty = [names[index] for index in np.flatnonzero(counts == 0)]
    if not empty:
        return []
    measured = f"no image of {len(empty)} of {len(names)} classes ({_some(empty)})"
    return [Finding("empty classes", "WARN", measured, "their recall is unknown; balanced accuracy leaves them out")]


def _doubts(scores: NDArray[np.float64], numbers: NDArray[np.int64], kind: Kind) -> list[Finding]:
    """What makes figures of probability doubtful: a softmax too many, and truths that were called impossible."""
    if kind == "logits":
        measured = "these logits sum to one in every row, as probabilities do"
        repair = "a softmax of a softmax is far too unsure; leave --kind out if they are probabilities"
        return [Finding("softmax", "WARN", measured, repair)] if sums_to_one(scores).all() else []
    count = int((scores[np.arange(len(numbers)), numbers] < SMALLEST_PROBABILITY).sum())
    measured = f"{count} true classes were given the probability 0"
    repair = "each counts as 87 nats, the most a float32 can say; give logits for the true NLL"
    return [Finding("impossible truths", "WARN", measured, repair)] if count else []


def _some(names: Sequence[Any]) -> str:
    return ", ".join(map(str, names[:_SHOWN])) + (" ..." if len(names) > _SHOWN else "")
