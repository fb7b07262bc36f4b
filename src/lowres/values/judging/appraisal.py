"""Everything that answers are worth, given what there is: labels alone, probabilities, a validation part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.judging.answers import Answers, answers_of
from lowres.values.judging.calibration import Binning, ReliabilityTable, fit_temperature, reliability_table
from lowres.values.judging.classification import Classification, classify
from lowres.values.judging.conformal import METHODS, ConformalSets, conformal_sets
from lowres.values.judging.evaluation import evaluate
from lowres.values.judging.selective import (
    ReviewOutcome,
    ReviewThreshold,
    RiskCoverage,
    choose_review_threshold,
    review_outcome,
    risk_coverage,
)
from lowres.values.judging.validation_choices import ValidationChoice, confidence_choices
from lowres.values.predictions import Predictions

BINNINGS: tuple[Binning, ...] = ("equal_width", "equal_mass")
EXAMPLES, EXAMPLE_PAIRS = 5, 20
NO_PROBABILITIES = "hard labels state no probability; give probabilities or logits"
NO_VALIDATION = (
    "no validation predictions were given, and what is chosen by the judged images is worth nothing on them; "
    "give others with --validation"
)
_OF_PROBABILITIES = ("top_k", "nll", "brier", "ece", "ece_equal_mass", "reliability", "risk_coverage")
_OF_VALIDATION = ("temperature", "nll_after_temperature", "ece_after_temperature", "ece_equal_mass_after_temperature")
_OF_CHOICE = ("review", "conformal")


@dataclass(frozen=True)
class AppraisalChoices:
    """What is asked for: an accuracy, the error left without review, the coverage of sets; all fractions."""

    target_accuracy: float | None = None
    review_error: float = 0.01
    set_coverage: float = 0.95


@dataclass(frozen=True)
class ConfusionExamples:
    """The ids of at most `EXAMPLES` images of the class `true` that were called `predicted`, the surest first."""

    true: str
    predicted: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Review:
    """The human-review threshold that validation chose, and what it came to on the judged images (None without one)."""

    chosen: ReviewThreshold
    outcome: ReviewOutcome | None


@dataclass(frozen=True, eq=False)
class Appraisal:
    """All figures of a set of answers; what there is no ground for is empty here, and `absent` says why.

    confidence: highest probability of an image, after the temperature where there is one. reliability: both binnings,
    without and with temperature. choices: what the validation part chose for these figures; empty without one.
    """

    classification: Classification
    examples: tuple[ConfusionExamples, ...]
    reliability: tuple[ReliabilityTable, ...]
    risk_coverage: RiskCoverage | None
    review: Review | None
    conformal: tuple[ConformalSets, ...]
    absent: dict[str, str]
    choices: tuple[ValidationChoice, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what `evaluation.json` holds; absent figures have no key, but a reason under `absent`."""
        data = self.classification.to_json() | {
            **_errors_of_equal_mass(self.reliability),
            "confusion_examples": [asdict(row) for row in self.examples],
            "reliability": [asdict(table) for table in self.reliability],
            "risk_coverage": asdict(self.risk_coverage) if self.risk_coverage else None,
            "review": asdict(self.review) if self.review else None,
            "conformal": [asdict(sets) for sets in self.conformal],
            "validation_choices": [asdict(choice) for choice in self.choices],
        }
        kept: dict[str, Any] = {key: _plain(value) for key, value in data.items() if key not in self.absent}
        return kept | {"absent": dict(self.absent)}


def appraise(
    judged: Predictions | Answers,
    validation: Predictions | None,
    choices: AppraisalChoices,
    training_class_counts: NDArray[np.int64] | None = None,
) -> Appraisal:
    """Return all figures of the judged images; whatever is chosen is chosen on the validation predictions.

    Without them there is no temperature, no review threshold and no conformal set; without probabilities there is
    nothing of calibration either. The threshold's bound and the sets' coverage are those of a validation part that
    chose nothing else; one that chose a head or an epoch as well is a little too hopeful.
    Refused with PredictionsError: images that are in both parts; classes that differ.
    """
    if isinstance(judged, Answers):
        return _of_answers(judged, choices, training_class_counts)
    if validation is not None:
        refuse_shared_images(validation.ids, judged.ids)
    temperature = fit_temperature(validation).temperature if validation else 1.0
    evaluation = evaluate(
        judged,
        temperature=temperature,
        training_class_counts=training_class_counts,
        target=choices.target_accuracy,
    )
    confidence = judged.probabilities(temperature).max(axis=1)
    temperatures = (1.0, temperature) if validation else (1.0,)
    review = _review(judged, confidence, validation, temperature, choices.review_error) if validation else None
    sets = _conformal(judged, validation, choices.set_coverage)
    return Appraisal(
        classification=evaluation,
        examples=confusion_examples(answers_of(judged), confidence, evaluation),
        reliability=tuple(reliability_table(judged, kind, each) for each in temperatures for kind in BINNINGS),
        risk_coverage=risk_coverage(confidence, judged.is_right),
        review=review,
        conformal=sets,
        absent={} if validation else dict.fromkeys((*_OF_VALIDATION, *_OF_CHOICE), NO_VALIDATION),
        choices=confidence_choices(temperature, review, sets) if validation else (),
    )


def _of_answers(answers: Answers, choices: AppraisalChoices, counts: NDArray[np.int64] | None) -> Appraisal:
    absent = dict.fromkeys((*_OF_PROBABILITIES, *_OF_VALIDATION, *_OF_CHOICE), NO_PROBABILITIES)
    known = classify(answers, training_class_counts=counts, target=choices.target_accuracy)
    examples = confusion_examples(answers, np.zeros(len(answers)), known)
    return Appraisal(known, examples, (), None, None, (), absent)


def _conformal(judged: Predictions, validation: Predictions | None, coverage: float) -> tuple[ConformalSets, ...]:
    return tuple(conformal_sets(validation, judged, coverage, method) for method in METHODS) if validation else ()


def refuse_shared_images(validation_ids: Sequence[str], judged_ids: Sequence[str]) -> None:
    """Refuse with PredictionsError a validation part that holds judged images: they would choose for themselves."""
    shared = sorted(set(validation_ids) & set(judged_ids))
    if shared:
        raise PredictionsError(
            f"expected validation images apart from the judged ones, got {len(shared)} of {len(judged_ids)} judged "
            f"images in both ({', '.join(shared[:3])}{' ...' if len(shared) > 3 else ''}); what is chosen on images "
            "says nothing of how good it is on them, so give a validation part of its own, or none"
        )


def refuse_shared_rows(validation: Predictions, judged: Predictions) -> None:
    """Refuse with PredictionsError a validation part that holds every judged row, ids aside.

    Outputs of few different values are let pass, since other images may well share them.
    """
    rows = [Counter(row.tobytes() for row in np.column_stack([one.labels, one.logits])) for one in (validation, judged)]
    if len(rows[1]) > len(judged) / 2 and rows[1] <= rows[0]:
        raise PredictionsError(
            f"expected validation images apart from the judged ones, got the labels and outputs of all {len(judged)} "
            "judged rows in both; give a validation part of its own, or none"
        )


def confusion_examples(
    answers: Answers, confidence: NDArray[np.float64], classification: Classification
) -> tuple[ConfusionExamples, ...]:
    """Return examples of the `EXAMPLE_PAIRS` commonest confusions, in the order of `confusion_pairs`."""
    number = {name: index for index, name in enumerate(answers.class_names)}
    rows = []
    for pair in classification.confusion_pairs[:EXAMPLE_PAIRS]:
        is_pair = (answers.labels == number[pair.true]) & (answers.predicted == number[pair.predicted])
        found = np.flatnonzero(is_pair)
        surest = found[np.argsort(-confidence[found], kind="stable")][:EXAMPLES]
        rows.append(ConfusionExamples(pair.true, pair.predicted, tuple(answers.ids[row] for row in surest)))
    return tuple(rows)


def _review(
    judged: Predictions,
    confidence: NDArray[np.float64],
    validation: Predictions,
    temperature: float,
    asked_error: float,
) -> Review:
    before = validation.probabilities(temperature).max(axis=1)
    chosen = choose_review_threshold(before, validation.is_right, asked_error)
    if chosen.threshold is None:
        return Review(chosen, None)
    return Review(chosen, review_outcome(confidence, judged.is_right, chosen.threshold))


def _errors_of_equal_mass(tables: Sequence[ReliabilityTable]) -> dict[str, float | None]:
    # In the order `appraise` makes them: equal width and equal mass, without and then with temperature.
    of_mass = [table.ece for table in tables[1::2]] + [None, None]
    return {"ece_equal_mass": of_mass[0], "ece_equal_mass_after_temperature": of_mass[1]}


def _plain(value: Any) -> Any:
    """Tuples as lists, which is what JSON brings back."""
    if isinstance(value, dict):
        return {key: _plain(row) for key, row in value.items()}
    return [_plain(row) for row in value] if isinstance(value, (list, tuple)) else value
