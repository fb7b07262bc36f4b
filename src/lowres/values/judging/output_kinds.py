"""What numbers a model gave out: logits, probabilities or hard labels, found by looking and never guessed."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError

Kind = Literal["logits", "probabilities", "labels"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Three decimals of ten classes add up to as much.
SUM_TOLERANCE = 0.005
# The logarithm of nothing is no number; as a float32 probability this is the smallest there is.
SMALLEST_PROBABILITY = float(np.finfo(np.float32).tiny)


def kind_and_scores(outputs: NDArray[Any], told: Kind | None, named: Kind | None, where: str) -> tuple[Kind, Any]:
    """Return the kind of the outputs, and them as one column of labels `[n]` or float64 `[n, classes >= 2]`.

    told: what the user says they are; named: what their array or columns are called. One column of fractions is the
    probability of the second of two classes; rows with a single 1 among zeros are labels.
    Refused with PredictionsError: NaN, rows that contradict their name or sum to no one, and whatever could be two
    things; the message says what to say.
    """
    column = outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs
    if column.ndim not in (1, 2) or 0 in column.shape:
        raise PredictionsError(f"expected outputs [n] or [n, classes] in {where}, got shape {list(outputs.shape)}")
    if column.dtype.kind in "US":
        return _labels(column, told, where)
    if column.dtype.kind not in "iufb":
        raise PredictionsError(f"expected numbers or names as outputs in {where}, got {column.dtype}")
    _refuse_unfinished(column, where)
    if column.ndim == 1:
        return _one_column(column, told or named, where)
    scores = column.astype(np.float64)
    kind = told or _kind_of_matrix(scores, named, where)
    if kind == "labels":
        return _labels(_hot_column(scores, where), told, where)
    if kind == "probabilities":
        _refuse_improbable(scores, where)
    return kind, scores


def logits_of(scores: NDArray[np.float64], kind: Kind) -> NDArray[np.float64]:
    """Return logits whose softmax is the probabilities given, or the logits themselves."""
    return np.log(np.maximum(scores, SMALLEST_PROBABILITY)) if kind == "probabilities" else scores


def sums_to_one(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each row could be probabilities: from 0 to 1, and together 1 within `SUM_TOLERANCE`."""
    inside = ((scores >= 0) & (scores <= 1 + SUM_TOLERANCE)).all(axis=1)
    return np.asarray(inside & (np.abs(scores.sum(axis=1) - 1) <= SUM_TOLERANCE))


def is_one_hot(scores: NDArray[Any]) -> bool:
    """Whether every row is a single 1 among zeros."""
    return bool((((scores == 0) | (scores == 1)).all(axis=1) & (scores.sum(axis=1) == 1)).all())


def _one_column(column: NDArray[Any], said: Kind | None, where: str) -> tuple[Kind, Any]:
    is_whole = column.dtype.kind in "iub" or bool((column == np.rint(column)).all())
    if said in (None, "labels") and is_whole:
        return "labels", column
    values = column.astype(np.float64)
    if said in (None, "probabilities") and values.min() >= 0 and values.max() <= 1:
        return "probabilities", np.stack([1 - values, values], axis=1)
    if said == "logits":
        return "logits", np.stack([np.zeros_like(values), values], axis=1)
    raise PredictionsError(
        f"expected one column of labels, or of probabilities of the second of two classes, in {where}, got numbers "
        f"from {values.min():g} to {values.max():g}; say --kind logits if they are the logit of the second class, or "
        "give one column a class"
    )


def _kind_of_matrix(scores: NDArray[np.float64], named: Kind | None, where: str) -> Kind:
    n, add_up = len(scores), sums_to_one(scores)
    if add_up.all():
        if named == "logits":
            raise PredictionsError(
                f"expected logits in {where}, as they are named, got rows that sum to one as probabilities do; a "
                "softmax of these would be one too many: say --kind probabilities, or --kind logits if they are"
            )
        return "labels" if is_one_hot(scores) else "probabilities"
    if named:
        return named
    if scores.min() < 0:
        return "logits"
    if scores.max() > 1 and np.allclose(scores.sum(axis=1), 100, atol=100 * SUM_TOLERANCE):
        raise PredictionsError(f"expected probabilities from 0 to 1 in {where}, got percentages; divide them by 100")
    if add_up.mean() > 0.5:
        _refuse_improbable(scores, where)
    low, high = scores.sum(axis=1).min(), scores.sum(axis=1).max()
    raise PredictionsError(
        f"expected logits, or probabilities that sum to one, in {where}, got {n} rows of numbers from "
        f"{scores.min():g} to {scores.max():g} that sum to {low:g} up to {high:g}, which could be either; say --kind "
        "logits if a softmax makes them probabilities, else divide each row by its sum"
    )


def _labels(column: NDArray[Any], told: Kind | None, where: str) -> tuple[Kind, Any]:
    if told not in (None, "labels") or column.ndim != 1:
        raise PredictionsError(
            f"expected {told if told not in (None, 'labels') else 'one column of labels'} in {where}, got "
            f"{'names' if column.dtype.kind in 'US' else 'labels'} of shape {list(column.shape)}"
        )
    return "labels", column


def _hot_column(scores: NDArray[np.float64], where: str) -> NDArray[np.int64]:
    if not is_one_hot(scores):
        raise PredictionsError(
            f"expected hard labels in {where}, got {scores.shape[1]} columns that are no single 1 among zeros; give "
            "one column of labels, or leave --kind out"
        )
    return np.asarray(scores.argmax(axis=1), dtype=np.int64)


def _refuse_unfinished(column: NDArray[Any], where: str) -> None:
    bad = ~np.isfinite(column.astype(np.float64)).reshape(len(column), -1).all(axis=1)
    if bad.any():
        raise PredictionsError(
            f"expected finite numbers in {where}, got NaN or infinity in {bad.sum()} of {len(column)} rows, the first "
            f"in row {int(bad.argmax())}; find out what the model was given there"
        )


def _refuse_improbable(scores: NDArray[np.float64], where: str) -> None:
    bad = ~sums_to_one(scores)
    if bad.any():
        row = int(bad.argmax())
        raise PredictionsError(
            f"expected probabilities from 0 to 1 whose rows sum to one in {where}, got {bad.sum()} of {len(scores)} "
            f"rows that do not; row {row} has {scores[row].min():g} to {scores[row].max():g} and sums to "
            f"{scores[row].sum():g}; say --kind logits if they are logits, else mend these rows"
        )
