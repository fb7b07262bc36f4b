"""How good the predictions are: every published number of a study, from labels and logits alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.values.judging.answers import answers_of
from lowres.values.judging.calibration import BINNING_WORDS, expected_calibration_error, negative_log_likelihood
from lowres.values.judging.classification import Classification as Classification
from lowres.values.judging.classification import ClassScore as ClassScore
from lowres.values.judging.classification import classify
from lowres.values.predictions import Predictions

TOP_K = (2, 3, 5)


@dataclass(frozen=True, eq=False)
class Evaluation(Classification):
    """What `n` predictions with logits are worth: their classification, and what their probabilities are worth.

    top_k: fraction whose true class is among the k highest logits. nll in nats an image; brier from 0 to 2.
    temperature: fitted on validation.
    """

    top_k: dict[int, float]
    nll: float
    brier: float
    ece: float
    ece_binning: str
    temperature: float
    nll_after_temperature: float
    ece_after_temperature: float

    def to_json(self) -> dict[str, Any]:
        """Return what `evaluation.json` holds of it: plain numbers, text, lists and tables."""
        return super().to_json() | {"top_k": {str(k): value for k, value in self.top_k.items()}}

    @classmethod
    def _values(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        values = super()._values(data)
        return values | {"top_k": {int(k): value for k, value in values["top_k"].items()}}


def evaluate(
    predictions: Predictions,
    *,
    temperature: float = 1.0,
    training_class_counts: NDArray[np.int64] | None = None,
    target: float | None = None,
) -> Evaluation:
    """Return the evaluation of the predictions, every row scored once.

    temperature: fitted on validation. training_class_counts: images per class in the training part, `[classes]`;
    without it the majority baseline names the commonest class judged here. target: the accuracy asked for.
    Refused with PredictionsError: a target outside (0, 1], counts of another number of classes.
    """
    answers = answers_of(predictions)
    classification = classify(answers, training_class_counts=training_class_counts, target=target)
    probabilities, tempered = predictions.probabilities(), predictions.probabilities(temperature)
    return Evaluation(
        **{field.name: getattr(classification, field.name) for field in fields(classification)},
        top_k=_top_k(predictions),
        nll=negative_log_likelihood(predictions),
        brier=_brier(probabilities, predictions.labels),
        ece=expected_calibration_error(probabilities, predictions.labels),
        ece_binning=BINNING_WORDS["equal_width"],
        temperature=temperature,
        nll_after_temperature=negative_log_likelihood(predictions, temperature),
        ece_after_temperature=expected_calibration_error(tempered, predictions.labels),
    )


def _top_k(predictions: Predictions) -> dict[int, float]:
    logits, labels = predictions.logits, predictions.labels[:, None]
    of_truth = np.take_along_axis(logits, labels, axis=1)
    # Equal logits rank by class number, as argmax does, or top-1 and the accuracy would part.
    earlier = np.arange(logits.shape[1]) < labels
    rank = ((logits > of_truth) | ((logits == of_truth) & earlier)).sum(axis=1)
    return {k: float((rank < k).mean()) for k in TOP_K if k < logits.shape[1]}


def _brier(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    truth = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())
