"""What is said of one picture: its class with a calibrated probability, and whether a person should look at it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.predictions import softmax

SURE_SUM = 1 + 1e-9


class ClassProbability(NamedTuple):
    """A class and the calibrated probability that it is the true one."""

    class_name: str
    probability: float


@dataclass(frozen=True)
class Prediction:
    """What a study's network says of one picture.

    id: path, or the id in its file, or its place among arrays. top: the likeliest classes, likeliest first, the answer
    among them. entropy: of all classes' probabilities, in nats (0: sure, ln of their number: no idea). needs_review:
    whether the probability is below the confidence from which the study vouches for answers; None where it named none.
    possible: the classes that hold the true one as often as the study's sets promise; None where it has no sets.
    Refused with PredictionsError: probabilities outside 0 to 1 or not falling, an entropy below 0.
    """

    id: str
    top: tuple[ClassProbability, ...]
    entropy: float
    needs_review: bool | None = None
    possible: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse what no softmax gives."""
        shares = [share for _, share in self.top]
        if not shares or not all(0 <= share <= SURE_SUM for share in shares) or sum(shares) > SURE_SUM:
            raise PredictionsError(f"expected probabilities from 0 to 1 for {self.id}, got {shares}")
        if shares != sorted(shares, reverse=True):
            raise PredictionsError(f"expected the likeliest class of {self.id} first, got probabilities {shares}")
        if not self.entropy >= 0:
            raise PredictionsError(f"expected an entropy of 0 nats or more for {self.id}, got {self.entropy}")

    @property
    def class_name(self) -> str:
        """The likeliest class."""
        return self.top[0].class_name

    @property
    def probability(self) -> float:
        """The calibrated probability of the likeliest class."""
        return self.top[0].probability

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain data; what the study has no ground for has no key."""
        row: dict[str, Any] = {
            "id": self.id,
            "predicted": self.class_name,
            "probability": self.probability,
            "top": [{"class": name, "probability": share} for name, share in self.top],
            "entropy_nats": self.entropy,
        }
        row |= {} if self.needs_review is None else {"needs_review": self.needs_review}
        return row | ({} if self.possible is None else {"possible": list(self.possible)})


@dataclass(frozen=True)
class UnreadPicture:
    """A picture that could not be read, and why."""

    id: str
    problem: str

    def __post_init__(self) -> None:
        """Refuse a picture without a reason."""
        if not self.problem:
            raise PredictionsError(f"expected a reason why {self.id} was not read, got none")

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return {"id": self.id, "problem": self.problem}


Row = Prediction | UnreadPicture


@dataclass(frozen=True)
class AnswerRules:
    """How logits become answers: everything in it was chosen on validation images.

    temperature: divides the logits. review_threshold: answers of less confidence want a person; None where the study
    names none, infinity where no confidence is enough. set_quantile, set_coverage: a class is possible while 1 - its
    uncalibrated probability is at most the quantile (LAC, `values.conformal`), and the promise made with it; None
    without sets. asked_error: fraction of the answers kept that may be wrong; None without a threshold.
    Refused with PredictionsError: a temperature or a threshold that is none.
    """

    temperature: float = 1.0
    review_threshold: float | None = None
    asked_error: float | None = None
    set_quantile: float | None = None
    set_coverage: float | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that no evaluation comes to."""
        if not 0 < self.temperature < math.inf:
            raise PredictionsError(f"expected a temperature above 0, got {self.temperature}; evaluate the study again")
        for name in ("review_threshold", "set_quantile"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise PredictionsError(f"expected a {name} of 0 or more, got {value}; evaluate the study again")


def rules_of(evaluation: Mapping[str, Any]) -> AnswerRules:
    """Return the rules that `evaluation.json` holds; refused with PredictionsError: one without a temperature."""
    try:
        chosen = (evaluation.get("review") or {}).get("chosen")
        sets = next((one for one in evaluation.get("conformal") or () if one["method"] == "LAC"), None)
        threshold = None if chosen is None else chosen["threshold"]
        return AnswerRules(
            temperature=float(evaluation["temperature"]),
            review_threshold=math.inf if chosen is not None and threshold is None else threshold,
            asked_error=None if chosen is None else chosen["asked_error"],
            set_quantile=None if sets is None else sets["quantile"],
            set_coverage=None if sets is None or sets["quantile"] is None else sets["asked_coverage"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PredictionsError(
            f"expected a temperature, a review threshold and sets in evaluation.json, got one that lacks {error}; "
            "evaluate the study again"
        ) from error


def prediction_rows(
    ids: Sequence[str],
    logits: NDArray[np.floating[Any]],
    class_names: Sequence[str],
    rules: AnswerRules,
    top: int,
) -> tuple[Prediction, ...]:
    """Return one row an image of `[n, classes]` logits, with its `top` likeliest classes (all where there are fewer).

    Of equally likely classes the first comes first. Refused with PredictionsError: shapes that do not fit together,
    logits that are not finite, no class asked for.
    """
    if logits.shape != (len(ids), len(class_names)) or top < 1:
        raise PredictionsError(
            f"expected logits of shape [{len(ids)}, {len(class_names)}] and at least one class a row, got "
            f"{list(logits.shape)} and {top}"
        )
    if not np.isfinite(logits).all():
        raise PredictionsError("expected finite logits, got NaN or infinity; the network is damaged, train it again")
    shares = softmax(logits, rules.temperature)
    ranked = np.argsort(-shares, axis=1, kind="stable")[:, :top]
    entropies = _entropies(shares)
    possible = _possible(logits, class_names, rules.set_quantile)
    return tuple(
        Prediction(
            id,
            tuple(ClassProbability(class_names[place], float(row[place])) for place in places),
            float(entropy),
            _needs_review(float(row[places[0]]), rules.review_threshold),
            allowed,
        )
        for id, row, places, entropy, allowed in zip(ids, shares, ranked, entropies, possible, strict=True)
    )


def _entropies(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shannon entropy a row in nats; a class of probability 0 adds nothing."""
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(np.maximum(-(shares * logs).sum(axis=1), 0.0))


def _needs_review(confidence: float, threshold: float | None) -> bool | None:
    return None if threshold is None else confidence < threshold


def _possible(
    logits: NDArray[np.floating[Any]], class_names: Sequence[str], quantile: float | None
) -> list[tuple[str, ...]] | list[None]:
    if quantile is None:
        return [None] * len(logits)
    # The scores of values.conformal are those of probabilities without a temperature.
    is_in = 1 - softmax(logits, 1.0) <= quantile
    return [tuple(name for name, has in zip(class_names, row, strict=True) if has) for row in is_in]
